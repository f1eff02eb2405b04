"""A segmentation report as one dictionary (JSON), as text and as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from clipomaly_ros.evaluation.component_metrics import ComponentMetrics
from clipomaly_ros.evaluation.detection_rates import (
    DISTANCE_EDGES,
    SIZE_EDGES,
    Rate,
    Sighting,
    bin_name,
    rates_by,
)
from clipomaly_ros.evaluation.false_alarms import FrameAlarms, alarm_rate
from clipomaly_ros.evaluation.naming_metrics import (
    Naming,
    NamingAccuracy,
    accuracy,
    accuracy_by,
    held_out_apart,
    naming_figures,
    source_figures,
)
from clipomaly_ros.evaluation.pixel_metrics import PixelMetrics
from clipomaly_ros.evaluation.segmentation import SegmentationReport

Rows = list[tuple[str, ...]]

NOTHING = "–"  # instead of a figure of no pixels, objects or frames


def size_bin(sighting: Sighting) -> str:
    """Return the bin of the object's largest extent."""
    return bin_name(sighting.thing.size, SIZE_EDGES)


def distance_bin(sighting: Sighting) -> str:
    """Return the bin of the object's distance."""
    return bin_name(sighting.thing.distance, DISTANCE_EDGES)


def report_dictionary(report: SegmentationReport) -> dict[str, Any]:
    """Return all figures as plain data; what is not a number is None. Fractions, not percent."""
    seen, held_out = held_out_apart(report.namings, report.rules.held_out)
    semantic = report.semantic
    content = {
        "dataset": report.dataset,
        "split": report.split,
        "data": asdict(report.data),
        "bundle": report.bundle,
        "bundle_sha256": report.bundle_hash or None,
        "backend": report.backend or None,
        "untrained": report.untrained,
        "score": report.score,
        "score_fusion": report.fusion,
        "settings": asdict(report.settings),
        "rules": asdict(report.rules),
        "frames": len(report.frames),
        "pixels": pixel_figures(report.pixels),
        "pixels_at_fixed_threshold": _fixed_point(report),
        "pixels_by_condition": {
            name: pixel_figures(item) for name, item in report.pixels_by_condition.items()
        },
        "components": {
            "oracle": asdict(report.oracle),
            "fixed": asdict(report.fixed) if report.fixed else None,
            "regions": asdict(report.regions),
        },
        "naming": {
            "seen_groups": naming_figures(accuracy(seen)),
            "held_out_groups": naming_figures(accuracy(held_out)),
            "by_source": _namings(seen, lambda item: item.source.name.lower()),
            "by_candidate_source": source_figures(seen),
            "by_group": _namings(report.namings, lambda item: item.group),
            "by_condition": _namings(seen, lambda item: item.condition),
        },
        "semantic": None
        if semantic is None
        else {
            "known_miou": semantic.known_miou,
            "known_miou_extended": semantic.known_miou_extended,
            "loss_by_extension": semantic.known_miou - semantic.known_miou_extended,
            "open_world_miou": semantic.open_world_miou,
            "iou_of_known": dict(
                zip(semantic.names[: semantic.approved_count], semantic.closed.iou().tolist(), strict=False)
            ),
            "iou_open_world": dict(zip(semantic.names, semantic.open_world.iou().tolist(), strict=False)),
        },
        "false_alarms": _alarms(report),
        "detection": {
            "all": _rate(report.sightings),
            "all_reported": _rate(report.sightings, reported=True),
            "by_size": _rates(report.sightings, size_bin),
            "by_distance": _rates(report.sightings, distance_bin),
            "by_condition": _rates(report.sightings, lambda item: item.condition),
            "by_group": _rates(report.sightings, lambda item: item.thing.group),
            "by_size_distance_condition": [
                {"size": key[0], "distance": key[1], "condition": key[2], **rate_figures(rate)}
                for key, rate in rates_by(
                    report.sightings, lambda item: (size_bin(item), distance_bin(item), item.condition)
                ).items()
            ],
        },
        "seconds_per_frame": report.seconds,
    }
    plain: dict[str, Any] = plain_data(content)
    return plain


def summary_rows(report: SegmentationReport) -> Rows:
    """Return the main figures that there are, one row each: what, value; fractions in percent."""
    pixels, fixed = report.pixels, report.fixed
    seen, held_out = held_out_apart(report.namings, report.rules.held_out)
    rows: Rows = [
        ("AP", percent(pixels.average_precision)),
        ("FPR95", percent(pixels.fpr95)),
        ("AUROC", percent(pixels.auroc)),
    ]
    if not math.isnan(pixels.best_f1):
        text = f"{percent(pixels.best_f1)} at {pixels.best_f1_threshold:.4f}"
        rows.append(("best F1 (oracle threshold)", text))
    if fixed is not None and not math.isnan(pixels.best_f1):
        at = pixels.at(report.settings.threshold)[2]
        rows.append(("F1 at the fixed threshold", f"{percent(at)} at {report.settings.threshold:.4f}"))
    rows += _component_rows("oracle threshold", report.oracle)
    rows += _component_rows("fixed threshold", fixed) if fixed is not None else []
    rows += _component_rows("published regions", report.regions)
    for text, namings in (("", seen), (", held-out groups", held_out)):
        names = accuracy(namings)
        if names.count:
            rows.append((f"naming top-1{text}", f"{percent(names.top1_rate)} of {names.count}"))
            rows.append((f"best candidate right{text}", percent(names.ranked_rate)))
            rows.append((f"naming top-5{text}", percent(names.top5_rate)))
    if report.semantic is not None:
        rows += [
            ("known mIoU", percent(report.semantic.known_miou)),
            ("known mIoU with extension", percent(report.semantic.known_miou_extended)),
            ("open-world mIoU", percent(report.semantic.open_world_miou)),
        ]
    nominal = alarm_rate(item for item in report.alarms if item.nominal)
    if nominal.frames:
        rows.append(
            (
                "false alarms / 1,000 frames without anomaly",
                f"{nominal.per_thousand_frames:.1f} ({nominal.alarms} in {nominal.frames})",
            )
        )
    every = alarm_rate(report.alarms)
    rows.append(("false alarms / 1,000 frames, all", f"{every.per_thousand_frames:.1f}"))
    if report.sightings:
        found = Rate(sum(item.found for item in report.sightings), len(report.sightings))
        rows.append(("objects found", f"{percent(found.rate)} of {found.total}"))
    return [row for row in rows if not row[1].startswith(NOTHING)]


def condition_rows(report: SegmentationReport) -> Rows:
    """Return the figures of each slice, header first; only the header without slices."""
    rows: Rows = [("slice", "frames", "AP", "FPR95", "found", "top-1", "false alarms / 1,000")]
    found = rates_by(report.sightings, lambda item: item.condition)
    seen, _ = held_out_apart(report.namings, report.rules.held_out)
    names = accuracy_by(seen, lambda item: item.condition)
    for condition, pixels in report.pixels_by_condition.items():
        alarms = alarm_rate(item for item in report.alarms if item.condition == condition)
        rows.append(
            (
                condition,
                str(alarms.frames),
                percent(pixels.average_precision),
                percent(pixels.fpr95),
                percent(found.get(condition, Rate(0, 0)).rate),
                percent(names.get(condition, NamingAccuracy(0, 0, 0, 0)).top1_rate),
                f"{alarms.per_thousand_frames:.1f}",
            )
        )
    return rows


def group_rows(report: SegmentationReport) -> Rows:
    """Return detection and naming of each anomaly group, header first."""
    rows: Rows = [("group", "objects", "found", "top-1", "top-5")]
    names = accuracy_by(report.namings, lambda item: item.group)
    for group, rate in sorted(
        rates_by(report.sightings, lambda item: item.thing.group).items(), key=lambda item: str(item[0])
    ):
        naming = names.get(group, NamingAccuracy(0, 0, 0, 0))
        mark = " (held out)" if group in report.rules.held_out else ""
        rows.append(
            (
                f"{group}{mark}",
                str(rate.total),
                percent(rate.rate),
                percent(naming.top1_rate),
                percent(naming.top5_rate),
            )
        )
    return rows


def text_table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as aligned text, the first column to the left."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    )


def markdown_table(rows: Rows) -> str:
    """Return rows, header first, as a Markdown table."""
    lines = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([lines[0], "|---" * len(rows[0]) + "|", *lines[1:]])


def percent(value: float) -> str:
    """Return a fraction in percent, "–" for NaN."""
    return NOTHING if math.isnan(value) else f"{100 * value:.1f} %"


def _component_rows(text: str, metrics: ComponentMetrics) -> Rows:
    value = f"{percent(metrics.mean_f1)} (sIoU {percent(metrics.siou)}, PPV {percent(metrics.ppv)})"
    return [(f"mean component F1, {text}", value)]


def _fixed_point(report: SegmentationReport) -> dict[str, float] | None:
    if report.settings.threshold_mode != "fixed":
        return None
    recall, precision, f1 = report.pixels.at(report.settings.threshold)
    return {"threshold": report.settings.threshold, "recall": recall, "precision": precision, "f1": f1}


def pixel_figures(metrics: PixelMetrics) -> dict[str, float]:
    """Return pixel metrics as plain data, without the curve."""
    curves = ("thresholds", "recall", "precision", "fpr")
    return {name: value for name, value in vars(metrics).items() if name not in curves}


def _namings(items: Iterable[Naming], key: Callable[[Naming], Hashable]) -> dict[str, dict[str, float]]:
    return {str(name): naming_figures(value) for name, value in accuracy_by(items, key).items()}


def rate_figures(rate: Rate) -> dict[str, float]:
    """Return a detection rate as plain data."""
    return {"objects": rate.total, "found": rate.found, "rate": rate.rate}


def _rate(sightings: tuple[Sighting, ...], reported: bool = False) -> dict[str, float]:
    return rate_figures(rates_by(sightings, lambda item: "", reported).get("", Rate(0, 0)))


def _rates(sightings: tuple[Sighting, ...], key: Callable[[Sighting], Hashable]) -> dict[str, Any]:
    return {str(name): rate_figures(rate) for name, rate in rates_by(sightings, key).items()}


def _alarms(report: SegmentationReport) -> dict[str, Any]:
    def figures(items: list[FrameAlarms]) -> dict[str, float]:
        rate = alarm_rate(items)
        return asdict(rate) | {"per_thousand_frames": rate.per_thousand_frames}

    nominal = [item for item in report.alarms if item.nominal]
    conditions = sorted({item.condition for item in report.alarms})
    return {
        "nominal_frames": figures(nominal),
        "all_frames": figures(list(report.alarms)),
        "nominal_frames_by_condition": {
            name: figures([item for item in nominal if item.condition == name]) for name in conditions
        },
        "all_frames_by_condition": {
            name: figures([item for item in report.alarms if item.condition == name]) for name in conditions
        },
    }


def plain_data(value: Any) -> Any:
    """Return nested data as JSON can hold it; what is not a finite number becomes None."""
    if isinstance(value, Mapping):
        return {str(key): plain_data(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain_data(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
