"""Tables of a segmentation report that set apart what training has never seen."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from clipomaly_ros.evaluation.detection_rates import Rate, Sighting, rates_by
from clipomaly_ros.evaluation.held_out import NOVELTIES, known_rate, novelty_of
from clipomaly_ros.evaluation.naming_metrics import Naming, NamingAccuracy, accuracy_by, naming_figures
from clipomaly_ros.evaluation.report_tables import Rows, percent, pixel_figures, rate_figures
from clipomaly_ros.evaluation.segmentation import SegmentationReport

ALL = "all"


def novelty_rows(report: SegmentationReport) -> Rows:
    """Return the figures of each slice by novelty of the anomalies, header first.

    Only the header for a set that shows nothing held out. Pixels of anomalies of the other kinds
    are void in AP and FPR95.
    """
    rows: Rows = [("slice", "anomalies", "objects", "AP", "FPR95", "found", "top-1", "top-5")]
    sightings, namings = _sightings(report), _namings(report)
    for (condition, novelty), pixels in report.pixels_by_novelty.items():
        rate = sightings.get((condition, novelty), Rate(0, 0))
        names = namings.get((condition, novelty), NamingAccuracy(0, 0, 0, 0))
        if rate.total:
            rows.append(
                (
                    condition,
                    novelty,
                    str(rate.total),
                    percent(pixels.average_precision),
                    percent(pixels.fpr95),
                    percent(rate.rate),
                    percent(names.top1_rate),
                    percent(names.top5_rate),
                )
            )
    return rows


def known_rows(report: SegmentationReport) -> Rows:
    """Return what became of the known objects with a held-out shape and of their kin, header first."""
    rows: Rows = [("known objects", "shape", "objects", "pixels called unknown", "pixels labelled right")]
    for group in sorted({item.group for item in report.known}):
        for novelty in NOVELTIES:
            rate = known_rate(
                item for item in report.known if item.group == group and item.novelty == novelty
            )
            if rate.objects:
                rows.append((group, novelty, str(rate.objects), percent(rate.unknown), percent(rate.right)))
    return rows


def novelty_figures(report: SegmentationReport) -> dict[str, Any]:
    """Return the same as plain data."""
    sightings, namings = _sightings(report), _namings(report)
    return {
        "anomalies": [
            {
                "slice": condition,
                "anomalies": novelty,
                "pixels": pixel_figures(pixels),
                "detection": rate_figures(sightings.get((condition, novelty), Rate(0, 0))),
                "naming": naming_figures(namings.get((condition, novelty), NamingAccuracy(0, 0, 0, 0))),
            }
            for (condition, novelty), pixels in report.pixels_by_novelty.items()
        ],
        "known_objects": [
            {"group": group, "shape": novelty, "slice": condition, **asdict(known_rate(items))}
            for (group, novelty, condition), items in _known_groups(report).items()
        ],
    }


def _known_groups(report: SegmentationReport) -> dict[tuple[str, str, str], list[Any]]:
    groups: dict[tuple[str, str, str], list[Any]] = {}
    for item in report.known:
        for condition in (ALL, item.condition):
            groups.setdefault((item.group, item.novelty, condition), []).append(item)
    return groups


def _sightings(report: SegmentationReport) -> dict[tuple[str, str], Rate]:
    def key(item: Sighting) -> tuple[str, str]:
        return item.condition, novelty_of(item.thing, report.rules.held_out, report.rules.shapes)

    every = rates_by(report.sightings, lambda item: (ALL, key(item)[1]))
    return {**rates_by(report.sightings, key), **every}


def _namings(report: SegmentationReport) -> dict[tuple[str, str], NamingAccuracy]:
    def key(item: Naming) -> tuple[str, str]:
        return item.condition, novelty_of(item, report.rules.held_out, report.rules.shapes)

    every = accuracy_by(report.namings, lambda item: (ALL, key(item)[1]))
    return {**accuracy_by(report.namings, key), **every}
