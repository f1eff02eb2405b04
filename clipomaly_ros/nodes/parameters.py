"""Node parameters as tables: one row declares, describes, checks and documents a parameter."""

from __future__ import annotations

import difflib
import math
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from rcl_interfaces.msg import (
    FloatingPointRange,
    IntegerRange,
    ParameterDescriptor,
    SetParametersResult,
)
from rclpy.exceptions import InvalidParameterTypeException, InvalidParameterValueException
from rclpy.node import Node
from rclpy.parameter import Parameter as RosParameter

QOS_OVERRIDES = "qos_overrides."

Value = bool | int | float | str | list


class ParameterError(ValueError):
    """A parameter cannot be used; the text says what was expected, what came, what to do."""


@dataclass(frozen=True)
class Parameter:
    """One parameter of a node.

    default: its type is the parameter's type; an empty list is a list of strings.
    unit: SI symbol or "" for none. minimum, maximum: inclusive. choices: allowed strings.
    read_only: settable only while the node is unconfigured.
    """

    name: str
    default: Value
    text: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    read_only: bool = False

    @property
    def attribute(self) -> str:
        """Return the name under which `read` hands the value out."""
        return self.name.replace(".", "_")

    @property
    def constraint(self) -> str:
        """Say in words which values are allowed; empty when all are."""
        parts = []
        if self.choices:
            parts.append("one of " + ", ".join(repr(choice) for choice in self.choices))
        if self.minimum is not None and self.maximum is not None:
            parts.append(f"{self.minimum:g} to {self.maximum:g}")
        elif self.minimum is not None:
            parts.append(f"at least {self.minimum:g}")
        elif self.maximum is not None:
            parts.append(f"at most {self.maximum:g}")
        return "; ".join(parts)

    def descriptor(self) -> ParameterDescriptor:
        """Describe the parameter to ROS tools."""
        constraints = [self.constraint] if self.constraint else []
        if self.read_only:
            constraints.append("can be set only while the node is unconfigured")
        descriptor = ParameterDescriptor(
            name=self.name,
            description=f"{self.text} [{self.unit}]" if self.unit else self.text,
            additional_constraints="; ".join(constraints),
        )
        if self.minimum is None and self.maximum is None:
            return descriptor
        if isinstance(self.default, float):
            low = -math.inf if self.minimum is None else float(self.minimum)
            high = math.inf if self.maximum is None else float(self.maximum)
            descriptor.floating_point_range = [FloatingPointRange(from_value=low, to_value=high)]
        elif isinstance(self.default, int) and not isinstance(self.default, bool):
            low = -(2**63) if self.minimum is None else int(self.minimum)
            high = 2**63 - 1 if self.maximum is None else int(self.maximum)
            descriptor.integer_range = [IntegerRange(from_value=low, to_value=high)]
        return descriptor

    def problem(self, value: Any) -> str | None:
        """Return why a value is refused, in one sentence, or None when it is fine."""
        wanted = type(self.default)
        # rclpy hands out number arrays as array.array.
        fits = isinstance(value, (list, tuple, array)) if wanted is list else type(value) is wanted
        if not fits:
            hint = f" (write {value}.0)" if wanted is float and type(value) is int else ""
            return f"{self.name}: expected {wanted.__name__}, got {value!r} ({type(value).__name__}){hint}"
        for item in value if wanted is list else [value]:
            if isinstance(item, float) and not math.isfinite(item):
                return f"{self.name}: expected a finite number, got {item}"
            if self.choices and item not in self.choices:
                return f"{self.name}: expected {self.constraint}, got {item!r}"
            if isinstance(item, (int, float)) and (
                (self.minimum is not None and item < self.minimum)
                or (self.maximum is not None and item > self.maximum)
            ):
                unit = f" {self.unit}" if self.unit else ""
                return f"{self.name}: expected {self.constraint}{unit}, got {item}"
        return None


def _default(row: Parameter) -> Value:
    # rclpy cannot tell the type of an empty list; [""] is ROS's usual way to say "no strings".
    return [""] if row.default == [] else row.default


def declare(node: Node, table: Sequence[Parameter]) -> None:
    """Declare every parameter of the table that the node does not have yet.

    A value from outside that has the wrong type or range does not raise here: the parameter
    gets its default, and `read` raises until a usable value is set, so that the node can
    come up unconfigured and say what is wrong.
    """
    rejected: dict[str, str] = node.__dict__.setdefault("_rejected_parameters", {})
    for row in table:
        if node.has_parameter(row.name):
            continue
        try:
            node.declare_parameter(row.name, _default(row), row.descriptor())
        except (InvalidParameterTypeException, InvalidParameterValueException) as error:
            rejected[row.name] = f"{row.name}: {error}; expected {type(row.default).__name__}" + (
                f", {row.constraint}" if row.constraint else ""
            )
            if not node.has_parameter(row.name):
                node.declare_parameter(row.name, _default(row), row.descriptor(), ignore_override=True)


def read(node: Node, table: Sequence[Parameter]) -> SimpleNamespace:
    """Read and check all values of the table; dots in names become underscores.

    Raises ParameterError that names every bad value and what to do.
    """
    rejected: dict[str, str] = node.__dict__.get("_rejected_parameters", {})
    values, problems = {}, []
    for row in table:
        value = node.get_parameter(row.name).value
        if isinstance(row.default, list):
            value = [item for item in value if item != ""]
        problem = rejected.get(row.name) or row.problem(value)
        if problem:
            problems.append(problem)
        values[row.attribute] = value
    if problems:
        raise ParameterError(
            f"{'; '.join(problems)}. Correct the parameter file or set the parameter, then configure again"
        )
    return SimpleNamespace(**values)


def unknown_names(node: Node, table: Sequence[Parameter]) -> list[str]:
    """Say of each parameter set from outside that the node has not declared what may be meant.

    ROS ignores such parameters in silence. Quality-of-service overrides are left out: rclpy
    declares them later, with their topics.
    """
    names = [row.name for row in table]
    problems = []
    for name in sorted(node.handle.get_parameters(RosParameter)):
        if node.has_parameter(name) or name.startswith(QOS_OVERRIDES):
            continue
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"; did you mean {close[0]}?" if close else ""
        problems.append(f"{name}: is no parameter of this node and is ignored{hint}")
    return problems


def guard(node: Node, table: Sequence[Parameter], locked: Callable[[], bool] = lambda: False) -> None:
    """Refuse unusable values at run time, with a reason.

    locked: tells whether read-only parameters must not change now.
    """
    rows = {row.name: row for row in table}

    def check(parameters: list[RosParameter]) -> SetParametersResult:
        for parameter in parameters:
            row = rows.get(parameter.name)
            if row is None:
                continue
            if row.read_only and locked():
                return SetParametersResult(
                    successful=False,
                    reason=f"{row.name} can be set only while the node is unconfigured: clean it up first",
                )
            problem = row.problem(parameter.value)
            if problem and parameter.value != [""]:
                return SetParametersResult(successful=False, reason=problem)
        return SetParametersResult(successful=True)

    def forget(parameters: list[RosParameter]) -> None:
        for parameter in parameters:
            node.__dict__.get("_rejected_parameters", {}).pop(parameter.name, None)

    node.add_on_set_parameters_callback(check)
    node.add_post_set_parameters_callback(forget)
