"""Writes what the chain reached: JSON, text, and Markdown with its pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from clipomaly_ros.evaluation.chain import ChainReport
from clipomaly_ros.evaluation.chain_figures import (
    ALARM_LIMIT,
    LIMITS,
    by_condition,
    detection_table,
    false_alarms,
    figures,
    missed_limits,
    missed_objects,
)
from clipomaly_ros.evaluation.detection_rates import DISTANCE_EDGES, bin_names
from clipomaly_ros.evaluation.report_tables import NOTHING, Rows, markdown_table, plain_data

_COLUMNS = (
    ("recall", "recall", "share"),
    ("recall_30cm_30m", ">= 30 cm in 30 m", "share"),
    ("recall_10cm_20m", "10-30 cm in 20 m", "share"),
    ("precision", "precision", "share"),
    ("centre_error_median", "centre median [m]", "metres"),
    ("centre_error_p95", "p95 [m]", "metres"),
    ("iou_median", "IoU", "metres"),
    ("top_error_median", "top [m]", "metres"),
    ("seconds_to_confirm_median", "confirm [s]", "metres"),
    ("id_switches", "id switches", "count"),
    ("false_clears", "false clears", "count"),
)
_ALL_FORMATS = {
    "share": lambda value: f"{100 * value:.1f} %",
    "metres": lambda value: f"{value:.2f}",
    "count": lambda value: f"{value:g}",
}


def chain_dictionary(report: ChainReport) -> dict[str, Any]:
    """Return all figures as plain data; what is not a number is None."""
    overall = figures(report.scores, report.rules) if report.scores else None
    alarms = false_alarms(report.nofod) if report.nofod else None
    content = {
        "model": report.model,
        "untrained": report.untrained,
        "rules": asdict(report.rules),
        "limits": [asdict(limit) for limit in (*LIMITS, ALARM_LIMIT)],
        "missed": missed_limits(overall or {}, alarms),
        "figures": overall,
        "by_condition": {
            name: figures(scores, report.rules) for name, scores in by_condition(report.scores).items()
        },
        "detection": detection_table(report.scores, report.rules),
        "detection_by_condition": {
            name: detection_table(scores, report.rules)
            for name, scores in by_condition(report.scores).items()
        },
        "false_alarms": alarms,
        "false_alarms_by_condition": {
            name: false_alarms(scores) for name, scores in by_condition(report.nofod).items()
        },
        "time_shifts": [{"shift": value, **item} for value, item in report.shifts.items()],
        "yaw_errors": [{"degrees": value, **item} for value, item in report.yaws.items()],
        "missed_objects": [
            {
                "bag": item.bag,
                "condition": item.condition,
                "number": item.number,
                "name": item.name,
                "group": item.group,
                "extent": item.extent,
                "height": item.height,
                "nearest": min(item.distances),
            }
            for item in missed_objects(report.scores, report.rules)
        ],
        "lost": dict(report.lost),
        "milliseconds": report.milliseconds,
    }
    plain: dict[str, Any] = plain_data(content)
    return plain


def figure_rows(report: ChainReport) -> Rows:
    """Return the figures of all bags together and of each condition."""
    groups = {"all": report.scores} | by_condition(report.scores)
    return _rows("condition", {name: figures(scores, report.rules) for name, scores in groups.items()})


def count_rows(report: ChainReport) -> Rows:
    """Return what the figures rest on, and the names."""
    overall = figures(report.scores, report.rules)
    percent = _ALL_FORMATS["share"]
    known = "" if overall["known_on_record"] else " (known objects not on record)"
    rows: Rows = [("figure", "value")]
    rows += [
        ("bags, frames", f"{overall['bags']}, {overall['frames']}"),
        (
            "objects judged: all, >= 30 cm in 30 m, 10-30 cm in 20 m",
            f"{overall['judged']}, {overall['judged_30cm_30m']}, {overall['judged_10cm_20m']}",
        ),
        (
            "confirmed zones: at anomalies, at reported classes, at other known objects, at nothing",
            f"{overall['zones']}: {overall['zones_at_anomalies']}, {overall['zones_at_reported_classes']}, "
            f"{overall['zones_at_other_known']}, {overall['zones_at_nothing']}{known}",
        ),
        ("precision, each zone weighted with its frames", _shown(overall["precision_of_frames"], percent)),
        ("zones placed on the ground plane, without returns", _shown(overall["ground_plane_share"], percent)),
    ]
    for text, key in (("with returns", "fused"), ("on the ground plane", "ground_plane")):
        error = _shown(overall[f"centre_error_median_{key}"], _ALL_FORMATS["metres"])
        overlap = _shown(overall[f"iou_median_{key}"], _ALL_FORMATS["metres"])
        rows.append((f"zones {text}: centre error [m], IoU, medians", f"{error}, {overlap}"))
    rows.append(("frames in which a confirmed object in range had no zone", str(overall["frames_uncovered"])))
    for text, key in (("names, top 1 / top 5", "naming"), ("of held-out groups", "naming_held_out")):
        first, among = (_shown(overall[f"{key}_top{number}"], percent) for number in (1, 5))
        rows.append((text, f"{first} / {among}"))
    rows += [(reason, str(number)) for reason, number in sorted(report.lost.items())]
    rows += [(f"{name}, one picture", f"{value:.0f} ms") for name, value in report.milliseconds.items()]
    return rows


def detection_rows(report: ChainReport) -> Rows:
    """Return found/judged by size and distance."""
    table = detection_table(report.scores, report.rules)
    columns = bin_names(DISTANCE_EDGES)
    rows: Rows = [("largest extent", *columns)]
    for name, row in table.items():
        rows.append((name, *("{}/{}".format(*row[key]) if key in row else NOTHING for key in columns)))
    return rows


def alarm_rows(report: ChainReport) -> Rows:
    """Return the false zones of bags without anomalies."""
    rows: Rows = [("condition", "frames", "false zones", "per 1000 frames")]
    groups = {"all": report.nofod} | by_condition(report.nofod)
    for name, scores in groups.items() if report.nofod else ():
        found = false_alarms(scores)
        rate = f"{found[ALARM_LIMIT.figure]:.1f}"
        rows.append((name, str(found["frames"]), str(found["false_zones"]), rate))
    return rows


def tables(report: ChainReport) -> list[tuple[str, Rows]]:
    """Return all tables that have something to say, with their titles."""
    shifts = {f"{1000 * shift:+g}": item for shift, item in report.shifts.items()}
    yaws = {f"{yaw:g}": item for yaw, item in report.yaws.items()}
    found = [
        ("Figures", figure_rows(report) if report.scores else []),
        ("What they rest on", count_rows(report) if report.scores else []),
        ("Objects found by size and distance", detection_rows(report) if report.scores else []),
        ("Without anomalies", alarm_rows(report)),
        ("Clouds stamped too late", _rows("shift [ms]", shifts)),
        ("LiDAR turned against its calibration", _rows("yaw [deg]", yaws)),
    ]
    return [(title, rows) for title, rows in found if len(rows) > 1]


def verdict(report: ChainReport) -> list[str]:
    """Return a sentence for every limit that was missed."""
    overall = figures(report.scores, report.rules) if report.scores else {}
    return missed_limits(overall, false_alarms(report.nofod) if report.nofod else None)


def write_json(report: ChainReport, path: Path) -> None:
    """Write all figures as JSON."""
    path.write_text(json.dumps(chain_dictionary(report), indent=2) + "\n", encoding="utf-8")


def write_report(report: ChainReport, folder: Path, pictures: Sequence[Path] = ()) -> Path:
    """Write chain.json and chain.md; return the latter. pictures: files below the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(report, folder / "chain.json")
    path = folder / "chain.md"
    names = [str(item.relative_to(folder)) for item in pictures]
    path.write_text(markdown(report, names), encoding="utf-8")
    return path


def markdown(report: ChainReport, pictures: Sequence[str] = ()) -> str:
    """Return the report as Markdown; pictures: paths to show at its end."""
    lines = ["# Both stages on simulated drives", "", f"Masks and names: `{report.model}`."]
    if report.untrained:
        lines += ["", "**The weights are random: no figure below means anything.**"]
    for title, rows in tables(report):
        lines += ["", f"## {title}", "", markdown_table(rows)]
    missed = missed_objects(report.scores, report.rules)
    if missed:
        rows = [("bag", "object", "group", "extent [m]", "height [m]", "nearest [m]")]
        rows += [
            (
                item.bag,
                item.name,
                item.group,
                f"{item.extent:.2f}",
                f"{item.height:.2f}",
                f"{min(item.distances):.1f}",
            )
            for item in missed
        ]
        lines += ["", "## Objects within 30 m without a confirmed zone", "", markdown_table(rows)]
    lines += ["", "## Limits", ""]
    lines += [f"* missed: {line}" for line in verdict(report)] or ["All kept."]
    lines.append("")
    for picture in pictures:
        lines += [f"![{Path(picture).stem}]({picture})", ""]
    return "\n".join(lines)


def _rows(head: str, groups: Mapping[str, Mapping[str, Any]]) -> Rows:
    rows: Rows = [(head, *(title for _, title, _ in _COLUMNS))]
    for name, item in groups.items():
        rows.append((name, *(_shown(item[key], _ALL_FORMATS[kind]) for key, _, kind in _COLUMNS)))
    return rows


def _shown(value: float | None, form) -> str:
    return NOTHING if value is None else form(value)
