"""Which parameters of a node a ROS parameter file sets."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from clipomaly_ros.replay.bag_types import BagError

_MARK = "ros__parameters"


def read_parameters(path: Path, node: str) -> dict[str, Any]:
    """Return the parameters that a file gives to a node in the root namespace, by dotted name.

    Keys are node names with wildcards as rcl reads them: ** is any number of name parts,
    * exactly one; they may be nested by namespace. BagError when the file is not one.
    """
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise BagError(f"parameter file {path}: not readable: {' '.join(str(error).split())}") from error
    if not isinstance(content, Mapping):
        raise BagError(
            f"parameter file {path}: expected node names with {_MARK}, got {type(content).__name__}"
        )
    found: dict[str, Any] = {}
    for pattern, parameters in _nodes(content, "", path):
        if _matches(pattern, node):
            found |= dict(_flat(parameters))
    return found


def _nodes(content: Mapping, prefix: str, path: Path) -> Iterator[tuple[str, Mapping]]:
    """Give out the node names or patterns of a file with their parameters."""
    for key, value in content.items():
        name = f"{prefix}/{str(key).strip('/')}"
        if not isinstance(value, Mapping):
            raise BagError(f"parameter file {path}: expected {_MARK} below {name}, got {value!r}")
        if _MARK not in value:
            yield from _nodes(value, name, path)
        elif isinstance(value[_MARK], Mapping):
            yield name, value[_MARK]
        else:
            raise BagError(f"parameter file {path}: expected parameters below {name}, got {value[_MARK]!r}")


def _matches(pattern: str, node: str) -> bool:
    parts = {"**": "(?:/[^/]+)*", "*": "/[^/]+"}
    expression = "".join(parts.get(part, "/" + re.escape(part)) for part in pattern.split("/")[1:])
    return re.fullmatch(expression, f"/{node}") is not None


def _flat(parameters: Mapping, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in parameters.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{prefix}{key}.")
        else:
            yield f"{prefix}{key}", value
