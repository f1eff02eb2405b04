"""Plots and pictures of a segmentation report, written as PNG files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import NDArray

from clipomaly_ros.evaluation.detection_rates import (
    DISTANCE_EDGES,
    SIZE_EDGES,
    Rate,
    Sighting,
    bin_names,
    rates_by,
)
from clipomaly_ros.evaluation.labelled_frames import LabelledFrame
from clipomaly_ros.evaluation.pixel_metrics import ANOMALY
from clipomaly_ros.evaluation.report_tables import distance_bin, percent, size_bin
from clipomaly_ros.evaluation.segmentation import SegmentationReport
from clipomaly_ros.evaluation.segmenter_source import source_score
from clipomaly_ros.vision.overlay import draw_overlay
from clipomaly_ros.vision.types import AnomalyResult

GREEN = (60, 220, 60)
CURVE_POINTS = 2000


def write_plots(report: SegmentationReport, folder: Path) -> list[Path]:
    """Write the precision-recall curve and, where objects are labelled, detection rates."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [_save(_curve(report), folder / "precision_recall.png")]
    if report.sightings:
        written.append(_save(_detection(report), folder / "detection.png"))
    return written


def example_picture(
    frame: LabelledFrame, rgb: NDArray[np.uint8], result: AnomalyResult, untrained: bool
) -> NDArray[np.uint8]:
    """Draw regions with names beside the score map, uint8 [H, 2 W, 3]; labelled anomalies in green."""
    left = draw_overlay(rgb, result.region_image, result.regions, untrained)
    levels = np.clip(source_score(result) * 255, 0, 255).astype(np.uint8)
    right = cv2.cvtColor(cv2.applyColorMap(levels, cv2.COLORMAP_INFERNO), cv2.COLOR_BGR2RGB)
    outline, _ = cv2.findContours(
        (frame.anomaly == ANOMALY).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE
    )
    for picture in (left, right):
        cv2.drawContours(picture, outline, -1, GREEN, 1)
    return np.hstack([left, right])


class ExampleWriter:
    """Writes pictures of some frames, evenly spread over the set."""

    def __init__(self, folder: Path, names: list[str], count: int, untrained: bool) -> None:
        self._folder, self._untrained = folder, untrained
        chosen = np.linspace(0, len(names) - 1, min(count, len(names))).round().astype(int)
        self._names = {names[index] for index in chosen}
        self.written: list[Path] = []

    def __call__(self, frame: LabelledFrame, rgb: NDArray[np.uint8], result: AnomalyResult) -> None:
        """Write the frame's picture if it is one of the chosen."""
        if frame.name not in self._names:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f"{frame.name}.jpg"
        picture = example_picture(frame, rgb, result, self._untrained)
        cv2.imwrite(str(path), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 88])
        self.written.append(path)


def _curve(report: SegmentationReport) -> Figure:
    pixels = report.pixels
    figure = Figure(figsize=(5, 4))
    axes = figure.subplots()
    keep = np.unique(np.linspace(0, len(pixels.recall) - 1, CURVE_POINTS).astype(int))
    axes.plot(pixels.recall[keep], pixels.precision[keep], color="tab:blue")
    points = [("oracle threshold", pixels.best_f1_threshold, "tab:green")]
    if report.settings.threshold_mode == "fixed":
        points.append(("fixed threshold", report.settings.threshold, "tab:red"))
    for text, threshold, colour in points:
        if not np.isnan(threshold):
            recall, precision, f1 = pixels.at(threshold)
            axes.plot(recall, precision, "o", color=colour, label=f"{text}, F1 {percent(f1)}")
    axes.set(xlabel="recall", ylabel="precision", xlim=(0, 1), ylim=(0, 1.02))
    axes.set_title(f"{report.dataset}: AP {percent(pixels.average_precision)}")
    axes.grid(alpha=0.3)
    axes.legend(loc="lower left")
    return figure


def _detection(report: SegmentationReport) -> Figure:
    figure = Figure(figsize=(13, 4))
    axes = figure.subplots(1, 3)
    bars: list[tuple[Axes, str, dict[str, Rate], list[str]]] = [
        (axes[0], "largest extent", _named(report, size_bin), bin_names(SIZE_EDGES)),
        (axes[1], "distance", _named(report, distance_bin), bin_names(DISTANCE_EDGES)),
    ]
    for axis, text, rates, order in bars:
        present = [name for name in [*order, "unknown"] if name in rates]
        axis.bar(present, [rates[name].rate for name in present], color="tab:blue")
        for place, name in enumerate(present):
            axis.text(place, rates[name].rate, str(rates[name].total), ha="center", va="bottom", fontsize=8)
        axis.set(ylim=(0, 1.08), ylabel="share found", title=f"by {text} (number of objects)")
        axis.tick_params(axis="x", rotation=30)
    _grid(axes[2], report)
    return figure


def _named(report: SegmentationReport, key: Callable[[Sighting], str]) -> dict[str, Rate]:
    return {str(name): rate for name, rate in rates_by(report.sightings, key).items()}


def _grid(axis: Axes, report: SegmentationReport) -> None:
    """Draw the share found by size and distance."""
    rates = rates_by(report.sightings, lambda item: (size_bin(item), distance_bin(item)))
    rows, columns = bin_names(SIZE_EDGES), bin_names(DISTANCE_EDGES)
    values = np.array([[rates.get((row, column), Rate(0, 0)).rate for column in columns] for row in rows])
    axis.imshow(values, vmin=0, vmax=1, cmap="RdYlGn", aspect="auto")
    axis.set_xticks(range(len(columns)), columns, rotation=30, fontsize=7)
    axis.set_yticks(range(len(rows)), rows, fontsize=7)
    for y, x in np.argwhere(~np.isnan(values)):
        axis.text(x, y, f"{100 * values[y, x]:.0f}", ha="center", va="center", fontsize=8)
    axis.set_title("share found [%] by size and distance")


def _save(figure: Figure, path: Path) -> Path:
    figure.tight_layout()
    figure.savefig(path, dpi=110)
    return path
