"""Text from outside before it reaches logs, diagnostics, markers and zones."""

from __future__ import annotations


def plain_text(text: str, limit: int = 2000) -> str:
    """Return a text on one line: unprintable characters become "?", and it is cut to limit characters.

    A name with a line break or a terminal's control codes could forge lines of a log. "?" is no
    longer than what it replaces, so a text that fits its field still does.
    """
    text = text[:limit]
    return text if text.isprintable() else "".join(c if c.isprintable() else "?" for c in text)
