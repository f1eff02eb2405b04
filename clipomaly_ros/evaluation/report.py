"""Writes a segmentation report into a folder: JSON, and Markdown with its pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from clipomaly_ros.evaluation.report_naming import source_rows
from clipomaly_ros.evaluation.report_novelty import known_rows, novelty_figures, novelty_rows
from clipomaly_ros.evaluation.report_tables import (
    condition_rows,
    group_rows,
    markdown_table,
    plain_data,
    report_dictionary,
    summary_rows,
)
from clipomaly_ros.evaluation.segmentation import SegmentationReport


def write_json(report: SegmentationReport, path: Path) -> None:
    """Write all figures as JSON."""
    content = report_dictionary(report) | {"novelty": plain_data(novelty_figures(report))}
    path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def write_report(report: SegmentationReport, folder: Path, pictures: Sequence[Path] = ()) -> Path:
    """Write report.json and report.md; return the latter. pictures: files below the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    write_json(report, folder / "report.json")
    path = folder / "report.md"
    path.write_text(markdown(report, [str(item.relative_to(folder)) for item in pictures]), encoding="utf-8")
    return path


def markdown(report: SegmentationReport, pictures: Sequence[str] = ()) -> str:
    """Return the report as Markdown; pictures: paths to show at its end."""
    backend = f" by {report.backend}" if report.backend else ""
    split = f", split {report.split}" if report.split else ""
    lines = [
        f"# Segmentation of {report.dataset}{split}",
        "",
        f"Model `{report.bundle}`{backend}, {len(report.frames)} frames, score {report.score}, "
        f"logit scale {report.settings.logit_scale:g}, threshold mode {report.settings.threshold_mode}.",
        "",
        f"SHA-256 of the bundle: `{report.bundle_hash or 'none'}`; of the data ({report.data.over}): "
        f"`{report.data.sha256}`.",
    ]
    if report.untrained:
        lines += ["", "**The weights are random: no figure below means anything.**"]
    tables = (
        ("Figures", [("figure", "value"), *summary_rows(report)]),
        ("By slice", condition_rows(report)),
        ("By group of anomalies", group_rows(report)),
        ("By source of names", source_rows(report)),
        ("What training has never seen, by slice", novelty_rows(report)),
        ("Known objects in a shape that training has never seen", known_rows(report)),
    )
    for title, rows in tables:
        if len(rows) > 1:
            lines += ["", f"## {title}", "", markdown_table(rows)]
    steps = ", ".join(f"{name} {1000 * seconds:.0f} ms" for name, seconds in report.seconds.items())
    lines += ["", f"Time a frame: {steps}.", ""]
    for picture in pictures:
        lines += [f"![{Path(picture).stem}]({picture})", ""]
    return "\n".join(lines)
