"""One row of a node's topic or service table; the README's tables are made from them."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any

DIRECTIONS = ("in", "out", "service")


@dataclass(frozen=True)
class Topic:
    """One topic or service of a node.

    name: relative, or private with "~/"; type: e.g. "clipomaly_msgs/msg/AnomalyFrame".
    direction: "in", "out" or "service". qos: name of a profile in nodes/qos.py, "" for services.
    """

    name: str
    type: str
    direction: str
    qos: str
    text: str

    def __post_init__(self) -> None:
        if self.direction not in DIRECTIONS:
            raise ValueError(f"topic {self.name}: direction is one of {DIRECTIONS}, got {self.direction!r}")

    def load_type(self) -> Any:
        """Return the Python class of the message or service."""
        package, kind, name = self.type.split("/")
        return getattr(importlib.import_module(f"{package}.{kind}"), name)


def by_name(table: tuple[Topic, ...], name: str) -> Topic:
    """Find one row by its name; KeyError with the known names when there is none."""
    for topic in table:
        if topic.name == name:
            return topic
    raise KeyError(f"no topic {name!r}; known are {[topic.name for topic in table]}")
