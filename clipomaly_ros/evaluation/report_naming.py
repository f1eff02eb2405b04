"""Table of a segmentation report that sets the sources of names beside each other."""

from __future__ import annotations

from clipomaly_ros.evaluation.naming_metrics import accuracy_by_source, held_out_apart
from clipomaly_ros.evaluation.report_tables import Rows, percent
from clipomaly_ros.evaluation.segmentation import SegmentationReport


def source_rows(report: SegmentationReport) -> Rows:
    """Return what each source of names did for the objects found, header first.

    Objects of seen groups and of those held out apart; only the header without objects.
    """
    rows: Rows = [("names from", "objects", "named by it", "of these right", "top-1", "top-5")]
    seen, held_out = held_out_apart(report.namings, report.rules.held_out)
    for text, namings in (("", seen), (", held-out groups", held_out)):
        rows += [
            (
                f"{source.name.lower()}{text}",
                str(item.count),
                str(item.named),
                str(item.right),
                percent(item.first_rate),
                percent(item.top5_rate),
            )
            for source, item in accuracy_by_source(namings).items()
        ]
    return rows
