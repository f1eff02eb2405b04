"""`clipomaly evaluate segmentation`: a model bundle on an image set with anomaly labels."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from clipomaly_ros.cli.backend_options import add_backend_arguments
from clipomaly_ros.cli.outputs import prepare_file, prepare_folder
from clipomaly_ros.evaluation.datasets import DATASETS
from clipomaly_ros.evaluation.held_out import held_out_shapes
from clipomaly_ros.evaluation.labelled_frames import LabelledImages
from clipomaly_ros.evaluation.report import write_json, write_report
from clipomaly_ros.evaluation.report_naming import source_rows
from clipomaly_ros.evaluation.report_novelty import known_rows, novelty_rows
from clipomaly_ros.evaluation.report_tables import condition_rows, group_rows, summary_rows, text_table
from clipomaly_ros.evaluation.segmentation import EvaluationRules, chosen_frames, evaluate_segmentation
from clipomaly_ros.evaluation.segmenter_source import (
    SegmenterSource,
    load_segmenter_source,
    read_settings,
    with_fusion,
    with_tagger,
)
from clipomaly_ros.vision.tagger import LIGHT_TAG_SHARE


def add_model_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which model works with which words."""
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="model bundle")
    parser.add_argument(
        "--approved",
        type=Path,
        metavar="FILE",
        help="vocabulary of the approved classes (default: airside for apron, road for all others)",
    )
    parser.add_argument("--candidates", type=Path, metavar="FILE", help="vocabulary of candidate names")
    parser.add_argument(
        "--config",
        type=Path,
        metavar="YAML",
        help="settings of the segmenter, one key each, over the bundle's",
    )
    add_backend_arguments(parser)
    parser.add_argument("--threads", type=int, default=0, help="threads of the encoder (default: all)")
    parser.add_argument("--limit", type=int, metavar="N", help="only N frames, spread evenly over the set")


def load_source(options: argparse.Namespace) -> SegmenterSource:
    """Load what the options name, with the vocabulary that belongs to the data set unless they name one."""
    dataset = DATASETS[options.dataset]
    source = load_segmenter_source(
        options.bundle,
        options.approved,
        options.candidates,
        options.threads,
        vocabulary=dataset.vocabulary,
        unapproved=dataset.unapproved,
        backend=options.backend,
        openvino_precision=options.openvino_precision,
    )
    return with_fusion_of(source, getattr(options, "score_fusion", None), options.threads)


def add_fusion_argument(parser: argparse.ArgumentParser) -> None:
    """Add the option that takes a fused unknown score."""
    parser.add_argument(
        "--score-fusion",
        type=Path,
        metavar="YAML",
        help="fused unknown score, made by `clipomaly evaluate weights`",
    )


def with_fusion_of(source: SegmenterSource, path: Path | None, threads: int) -> SegmenterSource:
    """Return the source with the fused unknown score of a file, unchanged without one."""
    if path is None:
        return source
    return with_fusion(source, path, threads, lambda line: print(line, file=sys.stderr))


def add_tagger_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options that take candidate names from the tags of each image."""
    parser.add_argument(
        "--tagger",
        type=Path,
        metavar="PATH",
        help="names from an image tagger: a folder made by `clipomaly tagger-bundle`, or a text file with "
        "one tag a line for the light tagger; name_words of --config says whether the dictionary counts "
        "as well (default: tagger)",
    )
    parser.add_argument(
        "--tag-share",
        type=float,
        default=LIGHT_TAG_SHARE,
        metavar="S",
        help="with a text file, an image has the tags whose probability is at least this share of the "
        f"largest one (default: {LIGHT_TAG_SHARE:g})",
    )


def with_tagger_of(
    source: SegmenterSource, options: argparse.Namespace, overrides: Mapping[str, Any] | None
) -> SegmenterSource:
    """Return the source with the tagger that the options name, unchanged without one.

    overrides: settings that will be used over the bundle's.
    """
    if options.tagger is None:
        return source
    return with_tagger(source, options.tagger, options.tag_share, overrides, options.threads)


def open_dataset(dataset: str, root: Path, source: SegmenterSource) -> tuple[LabelledImages, EvaluationRules]:
    """Return the image set's reader and what counts as what in it."""
    kind = DATASETS[dataset]
    known = tuple(entry.name for entry in source.table.entries[: source.table.approved_count])
    data = kind.read(root, known)
    return data, EvaluationRules(sizes=kind.sizes, shapes=held_out_shapes(data.split))


def progress_bar(items: Sequence[str], text: str) -> Iterator[str]:
    """Give out the items with a progress bar where there is a terminal."""
    yield from tqdm(items, desc=text, unit="frame", leave=False, disable=None)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    add_model_arguments(parser)
    add_fusion_argument(parser)
    add_tagger_arguments(parser)
    parser.add_argument("--dataset", choices=tuple(DATASETS), required=True, help="layout of the image set")
    parser.add_argument("--root", type=Path, required=True, metavar="DIR", help="folder of the image set")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file as well")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write JSON, Markdown, plots and examples")
    parser.add_argument(
        "--examples", type=int, default=12, metavar="N", help="pictures with --out (default: 12)"
    )


def run(options: argparse.Namespace) -> int:
    """Print the figures; 0 when they could be measured."""
    if options.examples < 0:
        raise ValueError(f"--examples: expected 0 or more, got {options.examples}")
    prepare_file(options.json)
    prepare_folder(options.out)
    overrides = read_settings(options.config) if options.config else None
    source = with_tagger_of(load_source(options), options, overrides)
    settings = source.settings(overrides)
    data, rules = open_dataset(options.dataset, options.root, source)
    examples = None
    if options.out:
        from clipomaly_ros.evaluation.report_plots import ExampleWriter  # matplotlib is only needed here

        names = chosen_frames(data, options.limit)
        examples = ExampleWriter(options.out / "examples", names, options.examples, source.untrained)
    report = evaluate_segmentation(
        source,
        settings,
        data,
        options.dataset,
        rules,
        options.limit,
        progress_bar,
        examples,
    )
    print(
        f"{report.bundle} on {report.dataset} {report.split}".rstrip()
        + f", {len(report.frames)} frames, score {report.score}, by {report.backend}"
    )
    if report.untrained:
        print("the weights are random: no figure means anything")
    for rows in (
        summary_rows(report),
        condition_rows(report),
        group_rows(report),
        source_rows(report),
        novelty_rows(report),
        known_rows(report),
    ):
        if len(rows) > 1:
            print("\n" + text_table(rows))
    print("\n" + ", ".join(f"{step} {1000 * seconds:.0f} ms" for step, seconds in report.seconds.items()))
    if options.json:
        write_json(report, options.json)
    if examples is not None:
        from clipomaly_ros.evaluation.report_plots import write_plots

        pictures = [*write_plots(report, options.out), *examples.written]
        print(f"report: {write_report(report, options.out, pictures)}")
    return 0
