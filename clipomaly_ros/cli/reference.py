"""`clipomaly reference`: the parameter file and the README's tables, made from the nodes' own tables."""

from __future__ import annotations

import argparse
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import yaml

from clipomaly_ros.nodes.fusion_interface import FUSION_PARAMETERS, FUSION_TOPICS
from clipomaly_ros.nodes.managed_node import OF_EVERY_NODE
from clipomaly_ros.nodes.parameters import Parameter
from clipomaly_ros.nodes.qos import PROFILES
from clipomaly_ros.nodes.segmenter_interface import SEGMENTER_PARAMETERS, SEGMENTER_TOPICS
from clipomaly_ros.nodes.topics import Topic

BEGIN = "<!-- made by `clipomaly reference --write`; do not edit by hand -->"
END = "<!-- end of what `clipomaly reference --write` makes -->"
PARAMETER_FILE = Path("config/apron.yaml")
README = Path("README.md")
NODES: dict[str, tuple[Sequence[Parameter], Sequence[Topic]]] = {
    "anomaly_segmenter": (SEGMENTER_PARAMETERS, SEGMENTER_TOPICS),
    "hazard_fusion": (FUSION_PARAMETERS, FUSION_TOPICS),
}


def parameters(node: str) -> list[Parameter]:
    """Return all parameters of a node, those of every node first."""
    return [*OF_EVERY_NODE, *NODES[node][0]]


def scalar(value: Any) -> str:
    """Write a parameter's default as YAML on one line; an empty list as ROS spells it, [""]."""
    text = yaml.safe_dump([""] if value == [] else value, default_flow_style=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...").replace("''", '""')


def comment(row: Parameter) -> str:
    """Say what a parameter means, its unit and which values it takes."""
    unit = f" [{row.unit}]" if row.unit else ""
    limits = f" {row.constraint[0].upper()}{row.constraint[1:]}." if row.constraint else ""
    locked = " Read when the node is configured." if row.read_only else ""
    return f"{row.text.rstrip('.')}{unit}.{limits}{locked}"


def nested(rows: Sequence[Parameter]) -> dict[str, Any]:
    """Return the rows as a tree: a dot in a name is a level."""
    tree: dict[str, Any] = {}
    for row in rows:
        *levels, leaf = row.name.split(".")
        branch = tree
        for level in levels:
            branch = branch.setdefault(level, {})
        branch[leaf] = row
    return tree


def branch_lines(tree: dict[str, Any], indent: str) -> list[str]:
    """Write a tree of rows as YAML, each value below its comment."""
    lines = []
    for name, item in tree.items():
        if isinstance(item, Parameter):
            lines += textwrap.wrap(
                comment(item), 100, initial_indent=f"{indent}# ", subsequent_indent=f"{indent}# "
            )
            lines.append(f"{indent}{name}: {scalar(item.default)}")
        else:
            lines += [f"{indent}{name}:", *branch_lines(item, indent + "  ")]
    return lines


def parameter_file() -> str:
    """Return config/apron.yaml: all parameters of both nodes at their defaults, with comments."""
    lines = [
        "# All parameters of both nodes at their defaults, whatever the namespace.",
        "# Made by `clipomaly reference --write`; copy it and change the copy.",
    ]
    for node in NODES:
        lines += ["", f"/**/{node}:", "  ros__parameters:", *branch_lines(nested(parameters(node)), "    ")]
    return "\n".join(lines) + "\n"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Return a Markdown table as lines."""
    escaped = [[cell.replace("|", "\\|").replace("\n", " ") for cell in row] for row in rows]
    return [
        f"| {' | '.join(header)} |",
        f"|{'---|' * len(header)}",
        *(f"| {' | '.join(row)} |" for row in escaped),
    ]


def quality(name: str) -> str:
    """Spell out a QoS profile of nodes/qos.py; services have none."""
    if not name:
        return ""
    profile = PROFILES[name]
    words = [profile.reliability.name, profile.durability.name]
    return ", ".join(word.lower().replace("_", " ") for word in words) + f", depth {profile.depth}"


def tables() -> str:
    """Return the part of the README that describes topics, services and parameters."""
    lines: list[str] = []
    for node, (_, topics) in NODES.items():
        lines += [f"### {node}", ""]
        lines += table(
            ("topic or service", "direction", "type", "QoS", "what"),
            ((f"`{row.name}`", row.direction, f"`{row.type}`", quality(row.qos), row.text) for row in topics),
        )
        # Folded: there are many, and config/apron.yaml says the same.
        lines += ["", "<details>", f"<summary>Parameters of {node}</summary>", ""]
        lines += table(
            ("parameter", "default", "unit", "values", "what"),
            (
                (
                    f"`{row.name}`" + (" *" if row.read_only else ""),
                    f"`{scalar(row.default)}`",
                    row.unit,
                    row.constraint,
                    row.text,
                )
                for row in parameters(node)
            ),
        )
        lines += ["", "</details>", ""]
    return "\n".join([*lines, "\\* can be set only while the node is unconfigured.", ""])


def with_tables(readme: str) -> str:
    """Return the README's text with the tables between its two markers made anew."""
    start, end = readme.find(BEGIN), readme.find(END)
    if start < 0 or end < start:
        raise ValueError(f"{README}: expected the lines '{BEGIN}' and '{END}', in this order: put them back")
    return f"{readme[: start + len(BEGIN)]}\n\n{tables()}\n{readme[end:]}"


def outdated(root: Path) -> dict[Path, str]:
    """Return the files that differ from the nodes' tables, with the text they should have."""
    wanted: dict[Path, Callable[[str], str]] = {
        PARAMETER_FILE: lambda _: parameter_file(),
        README: with_tables,
    }
    found: dict[Path, str] = {}
    for path, make in wanted.items():
        old = (root / path).read_text() if (root / path).exists() else ""
        if make(old) != old:
            found[path] = make(old)
    return found


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the arguments of this command."""
    action = parser.add_mutually_exclusive_group()
    action.add_argument(
        "--write", action="store_true", help=f"bring {README} and {PARAMETER_FILE} up to date"
    )
    action.add_argument("--check", action="store_true", help="exit with 1 when one of them is out of date")
    parser.add_argument(
        "--root",
        type=Path,
        default=Path(__file__).resolve().parents[2],
        help="folder of the sources (default: where this code lies)",
    )


def run(options: argparse.Namespace) -> int:
    """Print the tables, or check or write the files they belong in."""
    if not (options.write or options.check):
        print(tables(), end="")
        return 0
    if not (options.root / "package.xml").exists():
        raise ValueError(f"{options.root}: expected the sources of clipomaly_ros there: give --root")
    different = outdated(options.root)
    for path, text in different.items():
        if options.write:
            (options.root / path).write_text(text)
            print(f"written: {path}")
        else:
            print(f"out of date: {path}: run `clipomaly reference --write`", file=sys.stderr)
    return 1 if different and options.check else 0
