"""`clipomaly evaluate threshold`: choose the fixed threshold on a validation split."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from clipomaly_ros.cli.evaluate_segmentation import (
    add_fusion_argument,
    add_model_arguments,
    load_source,
    open_dataset,
    progress_bar,
)
from clipomaly_ros.cli.outputs import prepare_file
from clipomaly_ros.evaluation.data_hash import data_hash
from clipomaly_ros.evaluation.datasets import DATASETS
from clipomaly_ros.evaluation.report_tables import percent, plain_data, text_table
from clipomaly_ros.evaluation.segmenter_source import read_settings
from clipomaly_ros.evaluation.tune import CHOICES, LOGIT_SCALES, tune_threshold
from clipomaly_ros.vision.unknown_score import UNKNOWN_SCORES


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_model_arguments(parser)
    add_fusion_argument(parser)
    parser.add_argument(
        "--root", type=Path, required=True, metavar="DIR", help="folder of the validation split"
    )
    parser.add_argument("--dataset", choices=tuple(DATASETS), default="apron", help="layout (default: apron)")
    rule = parser.add_mutually_exclusive_group()
    rule.add_argument(
        "--target",
        type=float,
        default=2.0,
        metavar="N",
        help="false alarms per 1,000 frames that may remain (default: 2)",
    )
    rule.add_argument(
        "--alpha",
        type=float,
        metavar="A",
        help="instead: probability that a new frame without anomalies raises any alarm, guaranteed by the "
        "conformal threshold of the frames without anomalies (at least 1 / A - 1 of them)",
    )
    parser.add_argument(
        "--scores",
        nargs="+",
        choices=tuple(UNKNOWN_SCORES),
        default=list(UNKNOWN_SCORES),
        help="scores to try",
    )
    parser.add_argument(
        "--logit-scales",
        nargs="+",
        type=float,
        metavar="S",
        help="logit scales to try beside the bundle's own",
    )
    parser.add_argument(
        "--choose",
        choices=CHOICES,
        default="detection",
        help="what the best one has most of (default: detection)",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the choice and all trials to a file")


def run(options: argparse.Namespace) -> int:
    """Print all trials, the best first; 0 when it keeps the target, 1 when none does."""
    prepare_file(options.json)
    source = load_source(options)
    settings = source.settings(read_settings(options.config) if options.config else None)
    data, rules = open_dataset(options.dataset, options.root, source)
    scales = sorted({*(options.logit_scales or LOGIT_SCALES), settings.logit_scale})
    points = tune_threshold(
        source,
        settings,
        data,
        options.target,
        options.scores,
        scales,
        rules,
        options.choose,
        options.limit,
        progress_bar,
        options.alpha,
    )
    alarms = "false alarms" if options.alpha is None else "nominal frames with alarms"
    rows = [("score", "logit scale", "threshold", alarms, "objects found", "AP", "FPR95")]
    rows += [
        (
            point.unknown_score,
            f"{point.logit_scale:g}",
            f"{point.threshold:g}",
            f"{point.false_alarms} in {point.frames}",
            percent(point.detection),
            percent(point.average_precision),
            percent(point.fpr95),
        )
        for point in points
    ]
    print(text_table(rows))
    best = points[0]
    low = round(settings.threshold_low * best.threshold, 6) if settings.threshold_low < 1.0 else None
    print(
        f"\nchosen: {best.unknown_score}, logit scale {best.logit_scale:g}, threshold {best.threshold:g}"
        + ("" if low is None else f", low threshold {low:g}")
    )
    if options.json:
        content = {
            "bundle": source.name,
            "bundle_sha256": source.bundle_hash,
            "backend": source.backend,
            "data": asdict(data_hash(data)),
            "split": data.split,
            "target_per_thousand_frames": options.target if options.alpha is None else None,
            "alpha": options.alpha,
            "chosen_by": options.choose,
            "chosen": asdict(best),
            "low_threshold": low,
            "trials": [asdict(point) for point in points],
        }
        options.json.write_text(json.dumps(plain_data(content), indent=2) + "\n", encoding="utf-8")
    return 0 if best.threshold < 1.0 else 1
