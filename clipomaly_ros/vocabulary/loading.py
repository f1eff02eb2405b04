"""Vocabulary files: YAML in, a checked Vocabulary out, and back.

Approved file:    version, templates, approved   (a list of entries)
Candidates file:  version, candidates            (a list of entries)
Entry:            name, group, and optionally synonyms, obstacle, report (approved only),
                  hazard, countable
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from clipomaly_ros.vocabulary.entries import MAX_ENTRIES, Entry, NameSource, Vocabulary, VocabularyError
from clipomaly_ros.vocabulary.names import MAX_GROUP_BYTES, InvalidNameError, normalise_name
from clipomaly_ros.vocabulary.strict_yaml import StrictYamlError, parse_strict, read_text

SCHEMA_VERSION = 1
MAX_TEMPLATES = 128
MAX_TEMPLATE_LENGTH = 256
MAX_SYNONYMS = 32

_REQUIRED = {"name", "group"}
_FLAGS = ("obstacle", "report", "countable")
_OPTIONAL = {"synonyms", "hazard", *_FLAGS}


def parse_vocabulary(
    approved_yaml: str, candidates_yaml: str, *, files: tuple[str, str] = ("approved", "candidates")
) -> Vocabulary:
    """Return the vocabulary of two YAML texts.

    files: what errors call the two texts.
    Raises VocabularyError naming the file and the entry.
    """
    approved, templates = _parse_approved(approved_yaml, files[0])
    candidates = _parse_candidates(candidates_yaml, files[1])
    return _checked(approved, candidates, templates, files)


def load_vocabulary(approved: Path, candidates: Path) -> Vocabulary:
    """Return the vocabulary of two files; raises VocabularyError naming file and entry."""
    files = (str(approved), str(candidates))
    return parse_vocabulary(_read(Path(approved)), _read(Path(candidates)), files=files)


def replace_parts(current: Vocabulary, approved_yaml: str, candidates_yaml: str) -> Vocabulary:
    """Return the vocabulary with one or both parts replaced; an empty text keeps the part in use.

    Raises VocabularyError; `current` is never changed.
    """
    files = ("approved_yaml", "candidates_yaml")
    approved, templates, candidates = current.approved, current.templates, current.candidates
    if approved_yaml.strip():
        approved, templates = _parse_approved(approved_yaml, files[0])
    if candidates_yaml.strip():
        candidates = _parse_candidates(candidates_yaml, files[1])
    return _checked(approved, candidates, templates, files)


def dump_vocabulary(vocabulary: Vocabulary) -> tuple[str, str]:
    """Return approved and candidates file as YAML.

    Parsing them gives the vocabulary back, except that names added by an operator
    come back as part of the dictionary.
    """
    approved = {
        "version": SCHEMA_VERSION,
        "templates": list(vocabulary.templates),
        "approved": [_entry_data(entry) for entry in vocabulary.approved],
    }
    candidates = {
        "version": SCHEMA_VERSION,
        "candidates": [_entry_data(entry) for entry in vocabulary.candidates],
    }
    return (
        yaml.safe_dump(approved, sort_keys=False, allow_unicode=True, width=110),
        yaml.safe_dump(candidates, sort_keys=False, allow_unicode=True, width=110),
    )


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except StrictYamlError as error:
        raise VocabularyError(f"{path}: {error}") from error


def _entry_data(entry: Entry) -> dict[str, Any]:
    default = Entry(entry.name, entry.group)
    data: dict[str, Any] = {"name": entry.name, "group": entry.group}
    if entry.synonyms:
        data["synonyms"] = list(entry.synonyms)
    for key in ("hazard", *_FLAGS):
        if getattr(entry, key) != getattr(default, key):
            data[key] = getattr(entry, key)
    return data


def _parse_approved(text: str, file: str) -> tuple[tuple[Entry, ...], tuple[str, ...]]:
    data = _document(text, file, {"version", "templates", "approved"})
    return _entries(data["approved"], file, NameSource.APPROVED), _templates(data["templates"], file)


def _parse_candidates(text: str, file: str) -> tuple[Entry, ...]:
    data = _document(text, file, {"version", "candidates"})
    return _entries(data["candidates"], file, NameSource.DICTIONARY)


def _document(text: str, file: str, keys: set[str]) -> Mapping[str, Any]:
    try:
        data = parse_strict(text)
    except StrictYamlError as error:
        raise VocabularyError(f"{file}: {error}") from error
    if not isinstance(data, dict):
        raise VocabularyError(f"{file}: expected the keys {_listed(keys)}, got {_kind(data)}")
    _check_keys(data, keys, keys, file)
    version = data["version"]
    if type(version) is not int or version != SCHEMA_VERSION:
        raise VocabularyError(f"{file}: version must be {SCHEMA_VERSION}, got {version!r}")
    return data


def _check_keys(data: Mapping[Any, Any], required: set[str], known: set[str], where: str) -> None:
    unknown = [key for key in data if key not in known]
    if unknown:
        raise VocabularyError(f"{where}: unknown key {unknown[0]!r}; the keys are {_listed(known)}")
    missing = sorted(required - set(data))
    if missing:
        raise VocabularyError(f"{where}: key '{missing[0]}' is missing")


def _templates(value: Any, file: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or len(value) > MAX_TEMPLATES:
        raise VocabularyError(
            f"{file}: templates must be a list of 1 to {MAX_TEMPLATES} texts, got {_kind(value)}"
        )
    for index, template in enumerate(value):
        where = f"{file}: template {index + 1}"
        if not isinstance(template, str):
            raise VocabularyError(f"{where} must be a text, got {_kind(template)}")
        if template.count("{}") != 1:
            raise VocabularyError(f"{where} must hold '{{}}' exactly once, got {template!r}")
        if len(template) > MAX_TEMPLATE_LENGTH or not template.isprintable():
            raise VocabularyError(
                f"{where} must have at most {MAX_TEMPLATE_LENGTH} printable characters, got {template[:80]!r}"
            )
        if template in value[:index]:
            raise VocabularyError(f"{where} is there twice: {template!r}")
    return tuple(value)


def _entries(value: Any, file: str, source: NameSource) -> tuple[Entry, ...]:
    key = "approved" if source is NameSource.APPROVED else "candidates"
    if not isinstance(value, list):
        raise VocabularyError(f"{file}: '{key}' must be a list of entries, got {_kind(value)}")
    if len(value) > MAX_ENTRIES:
        raise VocabularyError(f"{file}: {len(value)} entries; at most {MAX_ENTRIES} are allowed")
    return tuple(_entry(item, f"{file}: entry {index + 1}", source) for index, item in enumerate(value))


def _entry(value: Any, where: str, source: NameSource) -> Entry:
    if not isinstance(value, dict):
        raise VocabularyError(f"{where}: expected the keys {_listed(_REQUIRED)}, got {_kind(value)}")
    if isinstance(value.get("name"), str):
        where = f"{where} '{value['name'][:80]}'"
    _check_keys(value, _REQUIRED, _REQUIRED | _OPTIONAL, where)
    if source is not NameSource.APPROVED and "report" in value:
        raise VocabularyError(
            f"{where}: 'report' belongs to approved classes; candidates are always reported"
        )
    synonyms = value.get("synonyms", [])
    if not isinstance(synonyms, list) or len(synonyms) > MAX_SYNONYMS:
        raise VocabularyError(f"{where}: synonyms must be a list of at most {MAX_SYNONYMS} texts")
    flags = {key: value[key] for key in _FLAGS if key in value}
    for key, flag in flags.items():
        if not isinstance(flag, bool):
            raise VocabularyError(f"{where}: {key} must be true or false, got {flag!r}")
    return Entry(
        name=_text(value["name"], f"{where}: name"),
        group=_text(value["group"], f"{where}: group", MAX_GROUP_BYTES),
        synonyms=tuple(_text(word, f"{where}: synonym {index + 1}") for index, word in enumerate(synonyms)),
        source=source,
        hazard=_text(value["hazard"], f"{where}: hazard", MAX_GROUP_BYTES) if "hazard" in value else "",
        **flags,
    )


def _text(value: Any, where: str, limit: int = 64) -> str:
    if not isinstance(value, str):
        raise VocabularyError(f"{where} must be a text, got {_kind(value)} {str(value)[:40]!r}; quote it")
    try:
        return normalise_name(value, limit)
    except InvalidNameError as error:
        raise VocabularyError(f"{where} is {error}") from error


def _checked(
    approved: tuple[Entry, ...],
    candidates: tuple[Entry, ...],
    templates: tuple[str, ...],
    files: tuple[str, str],
) -> Vocabulary:
    if len(approved) < 2:
        raise VocabularyError(
            f"{files[0]}: {len(approved)} approved classes; the unknown score compares at least 2"
        )
    # A word may stand in one place only: the same text embedding twice could never be told apart.
    seen: dict[str, str] = {}
    for file, entries in zip(files, (approved, candidates), strict=True):
        for entry in entries:
            for word in (entry.name, *entry.synonyms):
                place = f"'{entry.name}' in {file}"
                if word in seen:
                    raise VocabularyError(
                        f"{file}: entry '{entry.name}': '{word}' already belongs to {seen[word]}"
                    )
                seen[word] = place
    return Vocabulary(approved, candidates, templates)


def _listed(keys: set[str]) -> str:
    return ", ".join(sorted(keys))


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return f"a list of {len(value)}"
    if value is None:
        return "nothing"
    return {"dict": "a mapping", "str": "a text"}.get(type(value).__name__, type(value).__name__)
