"""The vocabulary's data: entries, where names come from, and one hash over all of it."""

from __future__ import annotations

import enum
import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cached_property


class NameSource(enum.IntEnum):
    """Where a name comes from; the values are those of clipomaly_msgs/NameCandidate."""

    NONE = 0
    APPROVED = 1
    DICTIONARY = 2
    TAGGER = 3
    OPERATOR = 4


class VocabularyError(ValueError):
    """A vocabulary is not usable; the text says what was expected and what came."""


@dataclass(frozen=True)
class Entry:
    """One thing that can be named.

    name: lower case, 1 to 64 characters, unique over approved classes and candidates.
    group: row of the hazard policy and of the legend, e.g. "aircraft", "tools", "animals".
    synonyms: further words for the same thing; they are prompts, never published.
    source: where the name comes from.
    obstacle: False for flat or harmless things (pavement, marking, stain).
    report: for approved classes that are hazards wherever they are (person, cone):
        their regions are published although the vocabulary explains them.
    """

    name: str
    group: str
    synonyms: tuple[str, ...] = ()
    source: NameSource = NameSource.DICTIONARY
    obstacle: bool = True
    report: bool = False


@dataclass(frozen=True)
class Vocabulary:
    """Approved classes V, candidate dictionary and prompt templates; immutable.

    templates: each holds "{}" exactly once.
    """

    approved: tuple[Entry, ...]
    candidates: tuple[Entry, ...]
    templates: tuple[str, ...]

    @cached_property
    def hash(self) -> str:
        """Return the SHA-256 over everything that changes a result, 64 hexadecimal digits."""
        text = json.dumps(asdict(self), sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return approved classes first, then candidates: the order of text embeddings."""
        return self.approved + self.candidates
