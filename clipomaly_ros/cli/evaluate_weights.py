"""`clipomaly evaluate weights`: calibrate and weigh the sources of a fused unknown score."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from clipomaly_ros.cli.evaluate_segmentation import (
    DATASETS,
    add_model_arguments,
    load_source,
    open_dataset,
    progress_bar,
)
from clipomaly_ros.cli.outputs import prepare_file
from clipomaly_ros.evaluation.fusion_weights import WeightSearch, find_weights, sample_patches
from clipomaly_ros.evaluation.report_tables import percent, text_table
from clipomaly_ros.evaluation.segmentation import chosen_frames
from clipomaly_ros.evaluation.segmenter_source import read_settings
from clipomaly_ros.model.closed_set import load_closed_set
from clipomaly_ros.vision.closed_set import ClosedSet
from clipomaly_ros.vision.fusion_file import FusionFile, dump_fusion
from clipomaly_ros.vision.image_view import ImageView
from clipomaly_ros.vision.score_fusion import MAX_WINDOWS, candidates_hash, known_classes_hash
from clipomaly_ros.vision.score_sources import CLOSED_SET, IMAGE_TEXT, SOURCES
from clipomaly_ros.vision.unknown_score import CANDIDATE_SCORES, COSINE_SCORES

_DEFAULT_SOURCES = ("entropy", "candidate_mass", COSINE_SCORES[0], IMAGE_TEXT)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_model_arguments(parser)
    parser.add_argument(
        "--root",
        type=Path,
        required=True,
        metavar="DIR",
        help="frames with labels of the known classes; those that show an anomaly are left out",
    )
    parser.add_argument("--dataset", choices=tuple(DATASETS), default="apron", help="layout (default: apron)")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="YAML", help="score fusion to write"
    )
    parser.add_argument(
        "--sources",
        nargs="+",
        choices=SOURCES,
        help=f"what to fuse (default: {' '.join(_DEFAULT_SOURCES)}, and {CLOSED_SET} with --closed-set)",
    )
    parser.add_argument(
        "--closed-set", type=Path, metavar="YAML", help="manifest of a closed-set segmenter in ONNX"
    )
    parser.add_argument(
        "--windows",
        type=int,
        nargs=2,
        default=(1, 1),
        metavar=("ROWS", "COLUMNS"),
        help=f"windows of the picture for {IMAGE_TEXT}, one encoder call each, at most {MAX_WINDOWS} either "
        "way; 1 1 (default) is the whole picture at no cost",
    )
    parser.add_argument(
        "--flip", action="store_true", help="average with the mirrored image at run time; twice the time"
    )
    parser.add_argument(
        "--false-positive-mass",
        type=float,
        default=0.001,
        metavar="Q",
        help="share of the known patches that the recommended threshold leaves above it (default: 0.001)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of the patches that are drawn (default: 0)")


def run(options: argparse.Namespace) -> int:
    """Find the weights, print what each source does by itself, write the file; 0 when that went well."""
    if options.seed < 0 or not all(1 <= count <= MAX_WINDOWS for count in options.windows):
        raise ValueError(
            f"expected a seed of 0 or more and windows from 1 to {MAX_WINDOWS}, got {options.seed} and "
            f"{options.windows[0]} x {options.windows[1]}"
        )
    prepare_file(options.output)
    source = load_source(options)
    settings = source.settings(read_settings(options.config) if options.config else None)
    approved = [entry.name for entry in source.table.entries[: source.table.approved_count]]
    closed_set = (
        load_closed_set(options.closed_set, approved, options.threads) if options.closed_set else None
    )
    sources = _sources(options, source.table.approved_count < len(source.table.entries))
    data, _ = open_dataset(options.dataset, options.root, source)
    grid = (int(options.windows[0]), int(options.windows[1]))
    samples = sample_patches(
        source,
        settings,
        data,
        chosen_frames(data, options.limit),
        grid,
        ClosedSet(closed_set) if closed_set is not None and CLOSED_SET in sources else None,
        options.seed,
        progress_bar,
    )
    search = find_weights(
        samples,
        source.table,
        sources,
        settings.logit_scale,
        options.false_positive_mass,
        grid,
        options.flip,
        progress_bar,
    )
    made_from = {
        "data": f"{options.dataset} {data.split}".rstrip(),
        "frames": samples.frames,
        "patches": len(samples.labels),
        "classes_held_out": len(search.classes),
        "false_positive_mass": options.false_positive_mass,
        "seed": options.seed,
        "found": {name: round(value, 4) for name, value in search.found.items()},
    }
    looks_at_candidates = any(part.name in CANDIDATE_SCORES for part in search.recipe.used)
    used = closed_set if any(part.name == CLOSED_SET for part in search.recipe.used) else None
    content = dump_fusion(
        FusionFile(
            search.recipe,
            source.name,
            source.bundle_hash,
            known_classes_hash(source.table),
            candidates_hash(source.table) if looks_at_candidates else "",
            "" if used is None else _relative(options.closed_set, options.output),
            "" if used is None else used.hash,
            ImageView.of(settings),
            made_from,
        )
    )
    options.output.write_text(content, encoding="utf-8")
    print(f"{samples.frames} frames without anomalies, {len(samples.labels)} patches")
    print(_table(search))
    print(f"\n{options.output}: threshold {search.recipe.threshold:g}; give it to the node as score_fusion")
    return 0


def _sources(options: argparse.Namespace, candidates: bool) -> tuple[str, ...]:
    chosen = tuple(dict.fromkeys(options.sources or _DEFAULT_SOURCES))
    if options.closed_set and not options.sources:
        chosen += (CLOSED_SET,)
    if CLOSED_SET in chosen and not options.closed_set:
        raise ValueError("--sources closed_set: expected its manifest: give --closed-set")
    if "candidate_mass" in chosen and not candidates:
        raise ValueError("--sources candidate_mass: expected candidates in the vocabulary, found none")
    return chosen


def _relative(path: Path, output: Path) -> str:
    return Path(os.path.relpath(path.expanduser().resolve(), output.resolve().parent)).as_posix()


def _table(search: WeightSearch) -> str:
    weights = {part.name: part.weight for part in search.recipe.sources}
    rows = [("source", "weight", "held-out classes found")]
    rows += [
        (name, f"{weights[name]:g}" if name in weights else "", percent(share))
        for name, share in search.found.items()
    ]
    worst = sorted(search.classes.items(), key=lambda item: item[1])[:5]
    hardest = ", ".join(f"{name} {percent(share)}" for name, share in worst)
    return f"{text_table(rows)}\nhardest of {len(search.classes)} classes: {hardest}"
