"""The one spelling of a name: normalisation and the rules every name must meet."""

from __future__ import annotations

import unicodedata

MAX_NAME_BYTES = 64
MAX_GROUP_BYTES = 32

# Other (controls, invisible formatting, surrogates, private use, unassigned) and line breaks:
# characters that could hide in a log line or a marker text.
_REFUSED_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


class InvalidNameError(ValueError):
    """A name breaks a rule; the text says which, without the name."""


def normalise_name(text: str, limit: int = MAX_NAME_BYTES) -> str:
    """Return the name stripped, in lower case, NFC, with single spaces.

    limit: largest length in bytes of UTF-8 (bounded ROS strings count bytes).
    Raises InvalidNameError for an empty or too long name and for control characters.
    """
    name = unicodedata.normalize("NFC", unicodedata.normalize("NFC", text).strip().lower())
    for character in name:
        if unicodedata.category(character) in _REFUSED_CATEGORIES:
            raise InvalidNameError(f"control character U+{ord(character):04X}; use printable characters only")
    name = " ".join(name.split())
    if not name:
        raise InvalidNameError("empty; give at least one printable character")
    size = len(name.encode())
    if size > limit:
        raise InvalidNameError(f"{size} bytes long in UTF-8; at most {limit} are allowed")
    return name
