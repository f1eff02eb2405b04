"""Plots of what the chain reached, written as PNG files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from clipomaly_ros.evaluation.chain import ChainReport
from clipomaly_ros.evaluation.chain_figures import by_condition, detection_table
from clipomaly_ros.evaluation.detection_rates import DISTANCE_EDGES, SIZE_EDGES, bin_names

_COLUMNS = 4  # pictures in a row


def write_plots(report: ChainReport, folder: Path) -> list[Path]:
    """Write the detection rates, and the curves that were measured."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    if report.scores:
        written.append(_save(_detection(report), folder / "chain_detection.png"))
    for curves, name, text, factor in (
        (report.shifts, "chain_time_shift.png", "time shift of the clouds [ms]", 1000.0),
        (report.yaws, "chain_yaw_error.png", "yaw error of the LiDAR [deg]", 1.0),
    ):
        if len(curves) > 1:
            written.append(_save(_curves(curves, text, factor), folder / name))
    return written


def _detection(report: ChainReport) -> Figure:
    """Draw objects found by size and distance, of all bags and of each condition."""
    groups = {"all": report.scores} | by_condition(report.scores)
    lines = -(-len(groups) // _COLUMNS)
    figure = Figure(figsize=(3.6 * min(len(groups), _COLUMNS), 3.1 * lines))
    grid = figure.subplots(lines, min(len(groups), _COLUMNS), squeeze=False).ravel()
    for axis, (name, scores) in zip(grid, groups.items(), strict=False):
        _grid(axis, name, detection_table(scores, report.rules))
    for axis in grid[len(groups) :]:
        axis.set_axis_off()
    return figure


def _grid(axis: Axes, title: str, table: Mapping[str, Mapping[str, list[int]]]) -> None:
    rows, columns = bin_names(SIZE_EDGES), bin_names(DISTANCE_EDGES)
    cells = [[table[row].get(column, [0, 0]) for column in columns] for row in rows]
    found, judged = np.moveaxis(np.array(cells, np.float64), 2, 0)
    share = np.divide(found, judged, out=np.full_like(found, np.nan), where=judged > 0)
    axis.imshow(share, vmin=0, vmax=1, cmap="RdYlGn", aspect="auto")
    axis.set_xticks(range(len(columns)), columns, rotation=30, fontsize=6)
    axis.set_yticks(range(len(rows)), rows, fontsize=6)
    for y, x in np.argwhere(judged > 0):
        axis.text(x, y, f"{found[y, x]:.0f}/{judged[y, x]:.0f}", ha="center", va="center", fontsize=7)
    axis.set_title(f"{title}: objects found", fontsize=9)


def _curves(curves: Mapping[float, Mapping[str, Any]], text: str, factor: float) -> Figure:
    figure = Figure(figsize=(10, 4))
    shares, metres = figure.subplots(1, 2)
    values = sorted(curves)
    places = np.array(values) * factor
    for axis, entries in (
        (
            shares,
            (
                ("recall_30cm_30m", "recall >= 30 cm in 30 m"),
                ("recall_10cm_20m", "recall 10-30 cm in 20 m"),
                ("precision_of_frames", "precision"),
                ("iou_median", "footprint IoU, median"),
            ),
        ),
        (metres, (("centre_error_median", "centre error, median"), ("centre_error_p95", "95 % quantile"))),
    ):
        for key, label in entries:
            numbers = [np.nan if curves[value][key] is None else curves[value][key] for value in values]
            axis.plot(places, numbers, "o-", label=label, markersize=3)
        axis.set_xlabel(text)
        axis.grid(alpha=0.3)
        axis.legend(fontsize=7)
    if factor > 1:  # shifts span decades either way
        for axis in (shares, metres):
            axis.set_xscale("symlog", linthresh=1.0)
            axis.set_xticks(places, [f"{place:g}" for place in places], fontsize=7)
            axis.minorticks_off()
    shares.set_ylim(0, 1.05)
    metres.set(ylabel="[m]", ylim=(0, None))
    return figure


def _save(figure: Figure, path: Path) -> Path:
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    return path
