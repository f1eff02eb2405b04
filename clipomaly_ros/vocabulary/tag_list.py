"""The words an image tagger knows: one a line of a text file."""

from __future__ import annotations

from clipomaly_ros.vocabulary.entries import MAX_ENTRIES, VocabularyError
from clipomaly_ros.vocabulary.names import InvalidNameError, normalise_name


def parse_tags(text: str, where: str) -> tuple[str, ...]:
    """Return the tags of a list, normalised, one for each line, in its order; the same may come twice.

    where: the list's name for messages. Raises VocabularyError for a line that is no name (the number of
    lines is the number of a tagger's outputs, so none is skipped) and for an empty or too long list.
    """
    lines = text.removeprefix("\ufeff").splitlines()
    if not 1 <= len(lines) <= MAX_ENTRIES:
        raise VocabularyError(f"{where}: expected 1 to {MAX_ENTRIES} tags, one a line, got {len(lines)}")
    tags = []
    for number, line in enumerate(lines, start=1):
        try:
            tags.append(normalise_name(line))
        except InvalidNameError as error:
            raise VocabularyError(f"{where}, line {number}: the tag is {error}") from error
    return tuple(tags)
