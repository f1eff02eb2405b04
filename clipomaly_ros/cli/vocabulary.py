"""`clipomaly vocabulary`: check vocabulary files, or show what they hold."""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from clipomaly_ros.vocabulary.entries import Entry, Vocabulary
from clipomaly_ros.vocabulary.loading import load_vocabulary


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of `clipomaly vocabulary`."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    for name, text in (("check", "check two vocabulary files"), ("show", "list all entries as a table")):
        action = actions.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        action.add_argument(
            "approved", type=Path, metavar="APPROVED", help="YAML file of the approved classes"
        )
        action.add_argument(
            "candidates", type=Path, metavar="CANDIDATES", help="YAML file of the candidate names"
        )
        action.add_argument(
            "--json", type=Path, metavar="FILE", help="write the vocabulary and its hash to FILE"
        )


def run(options: argparse.Namespace) -> int:
    """Check or show the two files; unusable files raise VocabularyError."""
    vocabulary = load_vocabulary(options.approved, options.candidates)
    if options.action == "show":
        print(vocabulary_table(vocabulary))
    print(vocabulary_summary(vocabulary))
    if options.json is not None:
        data = {"hash": vocabulary.hash, **asdict(vocabulary)}
        options.json.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    return 0


def vocabulary_summary(vocabulary: Vocabulary) -> str:
    """Return sizes, groups and hash as a few lines of text."""
    lines = []
    for title, entries in (("approved", vocabulary.approved), ("candidates", vocabulary.candidates)):
        groups = Counter(entry.group for entry in entries)
        listed = ", ".join(f"{group} {count}" for group, count in groups.items())
        lines.append(f"{len(entries)} {title}: {listed}")
    lines.append(f"{len(vocabulary.templates)} templates")
    lines.append(f"hash {vocabulary.hash}")
    return "\n".join(lines)


def vocabulary_table(vocabulary: Vocabulary) -> str:
    """Return one line an entry: name, group, source, flags, synonyms."""
    rows = [("name", "group", "source", "flags", "synonyms")]
    rows += [
        (entry.name, entry.group, entry.source.name.lower(), _flags(entry), ", ".join(entry.synonyms))
        for entry in vocabulary.entries
    ]
    return _aligned(rows)


def _flags(entry: Entry) -> str:
    words = [word for word, on in (("report", entry.report), ("flat", not entry.obstacle)) if on]
    return " ".join(words) or "-"


def _aligned(rows: Sequence[Sequence[str]]) -> str:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    ]
    return "\n".join(lines)
