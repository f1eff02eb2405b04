"""The vocabulary's data: entries, where names come from, and one hash over all of it."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from clipomaly_ros.vocabulary.names import MAX_GROUP_BYTES, InvalidNameError, normalise_name

# A label image holds 65535 labels; the rest of the bound keeps one frame's naming cheap.
MAX_ENTRIES = 20_000
MAX_SHOWN = 64  # characters of a refused name in a message


class NameSource(enum.IntEnum):
    """Where a name comes from; the values are those of clipomaly_msgs/NameCandidate."""

    NONE = 0
    APPROVED = 1
    DICTIONARY = 2
    TAGGER = 3
    OPERATOR = 4


class VocabularyError(ValueError):
    """A vocabulary is not usable; the text says what was expected and what came.

    rejected: the names that stood in the way, each with the reason; may be empty.
    """

    def __init__(self, message: str, rejected: Sequence[tuple[str, str]] = ()) -> None:
        super().__init__(message)
        self.rejected: tuple[tuple[str, str], ...] = tuple(rejected)


@dataclass(frozen=True)
class Entry:
    """One thing that can be named.

    name: lower case, 1 to 64 characters, unique over approved classes and candidates.
    group: row of the legend, e.g. "aircraft", "tools", "animals".
    synonyms: further words for the same thing; they are prompts, never published.
    source: where the name comes from.
    obstacle: False for flat or harmless things (pavement, marking, stain).
    report: for approved classes that are hazards wherever they are (person, cone):
        their regions are published although the vocabulary explains them.
    hazard: row of the hazard policy, "" when the group decides.
    countable: False for words that take no article in a prompt (grass, stairs).
    """

    name: str
    group: str
    synonyms: tuple[str, ...] = ()
    source: NameSource = NameSource.DICTIONARY
    obstacle: bool = True
    report: bool = False
    hazard: str = ""
    countable: bool = True


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
        # Not dataclasses.asdict, which takes seconds for a large dictionary: names are added at run time.
        content = {
            "approved": [vars(entry) for entry in self.approved],
            "candidates": [vars(entry) for entry in self.candidates],
            "templates": self.templates,
        }
        text = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def entries(self) -> tuple[Entry, ...]:
        """Return approved classes first, then candidates: the order of text embeddings."""
        return self.approved + self.candidates

    def with_candidates(
        self, names: Sequence[str], groups: Sequence[str] = (), source: NameSource = NameSource.OPERATOR
    ) -> Vocabulary:
        """Return a new vocabulary with these candidates added, all or nothing.

        groups: one for each name, or empty for all "unsorted".
        Raises VocabularyError, its `rejected` saying each name that stood in the way and why.
        """
        if not names:
            raise VocabularyError("no names were given; give at least one")
        if groups and len(groups) != len(names):
            raise VocabularyError(
                f"{len(groups)} groups came with {len(names)} names; give one group for each name, or none"
            )
        if len(self.entries) + len(names) > MAX_ENTRIES:
            raise VocabularyError(
                f"{len(names)} names on top of {len(self.entries)} exceed the limit of {MAX_ENTRIES} entries"
            )
        owners = self.words
        added: list[Entry] = []
        rejected: list[tuple[str, str]] = []
        for name, group in zip(names, groups or ["unsorted"] * len(names), strict=True):
            try:
                normal = normalise_name(name)
                row = _group_name(group)
            except InvalidNameError as error:
                rejected.append((name, str(error)))
                continue
            if normal in owners:
                owner = owners[normal]
                kind = "the same as" if owner.name == normal else "a synonym of"
                where = "approved" if owner.source is NameSource.APPROVED else "candidate"
                rejected.append((name, f"{kind} the {where} entry '{owner.name}'"))
                continue
            entry = Entry(normal, row, source=source)
            owners[normal] = entry
            added.append(entry)
        if rejected:
            text = "; ".join(f"'{_shown(name)}': {reason}" for name, reason in rejected[:4])
            more = f" and {len(rejected) - 4} more" if len(rejected) > 4 else ""
            raise VocabularyError(f"{len(rejected)} of {len(names)} names refused: {text}{more}", rejected)
        return replace(self, candidates=self.candidates + tuple(added))

    @property
    def words(self) -> dict[str, Entry]:
        """Return every name and synonym with the entry it belongs to."""
        found: dict[str, Entry] = {}
        for entry in self.entries:
            for word in (entry.name, *entry.synonyms):
                found.setdefault(word, entry)
        return found


def _shown(name: str) -> str:
    """Return a refused name as one short line of text, whatever it holds."""
    text = "".join(c if c.isprintable() else f"\\u{ord(c):04x}" for c in name[: MAX_SHOWN + 1])
    return text if len(text) <= MAX_SHOWN else text[:MAX_SHOWN] + "..."


def _group_name(group: str) -> str:
    try:
        return normalise_name(group, MAX_GROUP_BYTES)
    except InvalidNameError as error:
        raise InvalidNameError(f"its group is {error}") from error
