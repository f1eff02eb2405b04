"""Reading and validating the hazard policy's YAML; every error names row and key."""

from __future__ import annotations

import enum
import math
from pathlib import Path
from typing import Any, TypeVar

from clipomaly_ros.hazard.policy_table import (
    DEFAULT_AUTHORITY,
    DEFAULT_SEEN_THROUGH,
    UNKNOWN_ROW,
    Authority,
    Band,
    HazardPolicy,
    Movable,
    PolicyDecision,
    Row,
)
from clipomaly_ros.hazard.types import Action, HazardError, Severity, Support
from clipomaly_ros.vocabulary.strict_yaml import StrictYamlError, parse_strict, read_text

__all__ = ["HazardPolicy", "PolicyDecision", "load_policy", "parse_policy"]

_VERSION = 1
_SEEN_THROUGH = "seen_through"
_MAX_LENGTH = 1 << 18
_Member = TypeVar("_Member", bound=enum.IntEnum)


def load_policy(path: str | Path) -> HazardPolicy:
    """Read a policy file; HazardError when it cannot be read or used."""
    try:
        text = read_text(Path(path))
    except StrictYamlError as error:
        raise HazardError(f"hazard policy {path}: {error}") from error
    return parse_policy(text, str(path))


def parse_policy(text: str, origin: str = "hazard policy") -> HazardPolicy:
    """Build a policy from YAML text; origin names the text in errors."""
    if len(text) > _MAX_LENGTH:
        raise HazardError(f"{origin}: expected at most {_MAX_LENGTH} characters, got {len(text)}")
    try:
        content = parse_strict(text)
    except StrictYamlError as error:
        raise HazardError(f"{origin}: {error}") from error
    table = _mapping(content, origin, {"version", "rows"}, {"authority", "solid"})
    if table["version"] != _VERSION:
        raise HazardError(f"{origin}: expected version {_VERSION}, got {table['version']!r}")
    if not isinstance(table["rows"], dict) or not table["rows"]:
        raise HazardError(f"{origin}: expected rows by name in 'rows', got {table['rows']!r:.80}")
    rows: dict[str, Row] = {}
    owner: dict[str, str] = {}
    for name, value in table["rows"].items():
        row = _row(str(name), value, f"{origin}, row {name!r}")
        for group in row.groups:
            if group in owner:
                raise HazardError(
                    f"{origin}, row {name!r}, key 'groups': {group!r} belongs to row {owner[group]!r} already"
                )
            owner[group] = row.name
        rows[row.name] = row
    if UNKNOWN_ROW not in rows:
        raise HazardError(
            f"{origin}: expected a row {UNKNOWN_ROW!r} for what has no name, got {', '.join(rows)}"
        )
    authority, seen_through = _authority(table.get("authority", {}), f"{origin}, key 'authority'")
    solid = _texts(table.get("solid", []), f"{origin}, key 'solid'")
    return HazardPolicy(rows, authority, frozenset(solid), seen_through)


def _authority(value: Any, where: str) -> tuple[dict[Support, Authority], Authority]:
    """Return the authority by support, and that of what rays passed through."""
    kinds = {member.name.lower(): member for member in Support if member is not Support.NONE}
    given = _mapping(value, where, set(), {*kinds, _SEEN_THROUGH})
    result, seen_through = dict(DEFAULT_AUTHORITY), DEFAULT_SEEN_THROUGH
    for name, entry in given.items():
        place = f"{where}, {name!r}"
        content = _mapping(entry, place, {"evidence", "confirms"}, set())
        if not isinstance(content["confirms"], bool):
            raise HazardError(
                f"{place}, key 'confirms': expected true or false, got {content['confirms']!r:.80}"
            )
        authority = Authority(_number(content, "evidence", place), content["confirms"])
        if name == _SEEN_THROUGH:
            seen_through = authority
        else:
            result[kinds[name]] = authority
    return result, seen_through


def _row(name: str, value: Any, where: str) -> Row:
    content = _mapping(value, where, {"groups", "validity", "bands"}, {"movable"})
    groups = _texts(content["groups"], f"{where}, key 'groups'")
    if not isinstance(content["bands"], list) or not content["bands"]:
        raise HazardError(f"{where}, key 'bands': expected a list of bands, got {content['bands']!r:.80}")
    bands = tuple(_band(band, f"{where}, band {number}") for number, band in enumerate(content["bands"], 1))
    if not bands[-1].unconditional:
        raise HazardError(f"{where}, key 'bands': expected the last band to have no condition")
    if any(band.unconditional for band in bands[:-1]):
        raise HazardError(f"{where}, key 'bands': only the last band may have no condition")
    movable = None
    if "movable" in content:
        place = f"{where}, key 'movable'"
        part = _mapping(content["movable"], place, {"speed", "growth", "duration"}, set())
        movable = Movable(*(_number(part, key, place) for key in ("speed", "growth", "duration")))
    validity = _number(content, "validity", where)
    if validity <= 0:
        raise HazardError(f"{where}, key 'validity': expected more than 0 s, got {validity}")
    return Row(name, groups, validity, bands, movable)


def _band(value: Any, where: str) -> Band:
    conditions = ("max_size", "min_height", "max_distance")
    content = _mapping(value, where, {"severity", "action", "keep_out"}, {*conditions, "names"})
    limits = {key: _number(content, key, where) if key in content else None for key in conditions}
    names = _texts(content["names"], f"{where}, key 'names'") if "names" in content else ()
    if "names" in content and not names:
        raise HazardError(f"{where}, key 'names': expected at least one name")
    return Band(
        severity=_member(Severity, content["severity"], f"{where}, key 'severity'"),
        action=_member(Action, content["action"], f"{where}, key 'action'"),
        keep_out=_number(content, "keep_out", where),
        names=frozenset(names),
        **limits,
    )


def _mapping(value: Any, where: str, required: set[str], optional: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise HazardError(f"{where}: expected keys {', '.join(sorted(required))}, got {value!r:.80}")
    missing = required - value.keys()
    unknown = [key for key in value if key not in required | optional]
    if missing:
        raise HazardError(f"{where}: key {min(missing)!r} is missing")
    if unknown:
        raise HazardError(
            f"{where}: unknown key {unknown[0]!r}, expected {', '.join(sorted(required | optional))}"
        )
    return value


def _number(content: dict[str, Any], key: str, where: str) -> float:
    value = content[key]
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value) or value < 0:
        raise HazardError(f"{where}, key {key!r}: expected a finite number of at least 0, got {value!r:.80}")
    return float(value)


def _texts(value: Any, where: str) -> tuple[str, ...]:
    if not isinstance(value, list) or any(not isinstance(item, str) or not item.strip() for item in value):
        raise HazardError(f"{where}: expected a list of names, got {value!r:.80}")
    if len(set(value)) != len(value):
        raise HazardError(f"{where}: a name is there twice")
    return tuple(value)


def _member(kind: type[_Member], value: Any, where: str) -> _Member:
    choices = {member.name.lower(): member for member in kind}
    if not isinstance(value, str) or value not in choices:
        raise HazardError(f"{where}: expected one of {', '.join(choices)}, got {value!r:.80}")
    return choices[value]
