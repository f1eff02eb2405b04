"""`clipomaly bench vision`: time and memory of the segmenter, stage by stage."""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from clipomaly_ros.cli.outputs import prepare_file
from clipomaly_ros.evaluation.bench_frames import draw_frame, read_frames
from clipomaly_ros.evaluation.bench_vision import (
    FixedEncoder,
    Timing,
    VisionTimings,
    measure,
    measure_work,
    naive_frame,
    noise_patches,
    noise_settings,
    peak_memory,
    resized_table,
)
from clipomaly_ros.evaluation.report_tables import text_table
from clipomaly_ros.evaluation.segmenter_source import SegmenterSource, load_segmenter_source, read_settings
from clipomaly_ros.nodes.segmenter_loading import bundle_path
from clipomaly_ros.vision.settings import SegmenterSettings

DRAWN = 4  # pictures drawn when no folder is given
NAIVE_FRAMES = 1  # it takes long and much memory, and nobody waits for its second digit


def picture_size(text: str) -> tuple[int, int]:
    """Parse WIDTHxHEIGHT [pixel] into height, width."""
    match = re.fullmatch(r"(\d{2,5})x(\d{2,5})", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"expected WIDTHxHEIGHT such as 1280x720, got '{text}'")
    return int(match[2]), int(match[1])


def positive(text: str) -> int:
    """Parse a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got '{text}'")
    return int(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("--bundle", default="", metavar="DIR", help="model bundle (default: the package's)")
    parser.add_argument("--config", type=Path, metavar="YAML", help="settings of the segmenter, one key each")
    parser.add_argument("--images", type=Path, metavar="DIR", help="pictures to play (default: drawn ones)")
    parser.add_argument(
        "--size", type=picture_size, nargs="+", default=[(720, 1280), (1080, 1920)], metavar="WxH"
    )
    parser.add_argument(
        "--frames", type=positive, default=30, metavar="N", help="frames of each case (default: 30)"
    )
    parser.add_argument(
        "--words", type=int, nargs="*", default=[100, 1000, 4000], metavar="N", help="dictionary sizes"
    )
    parser.add_argument("--threads", type=int, default=0, help="threads of the encoder (default: one a core)")
    parser.add_argument("--seed", type=int, default=0, help="of drawn pictures and random embeddings")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file as well")


def run(options: argparse.Namespace) -> int:
    """Print the figures; 0 when they could be measured."""
    if min(options.words, default=0) < 0 or options.seed < 0:
        raise ValueError(f"expected words and a seed of 0 or more, got {options.words} and {options.seed}")
    prepare_file(options.json)
    source = load_segmenter_source(bundle_path(options.bundle), threads=options.threads)
    settings = source.settings(read_settings(options.config) if options.config else None)
    table = source.table
    grid = " x ".join(str(side // source.encoder.patch_size) for side in source.encoder.input_size)
    print(
        f"{source.name}: {grid} patches, {table.approved_count} approved classes, "
        f"{len(table.entries) - table.approved_count} candidates, {options.frames} frames a case"
    )
    cases = list(tqdm(_cases(source, settings, options), desc="cases", leave=False, disable=None))
    memory = peak_memory()
    naive = {}
    for size in options.size:
        work = naive_frame(source.encoder, table, settings, _pictures(options, size)[0])
        naive[size] = measure_work(work, NAIVE_FRAMES)
    print("\n" + text_table(_stage_rows(cases)))
    print("\n" + text_table(_frame_rows(cases)))
    for size, timing in naive.items():
        print(f"\nnaive {size[1]}x{size[0]} (all class scores at full size): {timing.median:.0f} ms", end="")
    print(f"\npeak resident memory {memory:.0f} MiB, with the naive way {peak_memory():.0f} MiB")
    if options.json:
        content = _dictionary(source, cases, naive, memory)
        options.json.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return 0


def _pictures(options: argparse.Namespace, size: tuple[int, int]) -> Sequence[Any]:
    if options.images:
        return read_frames(options.images, size, options.frames)
    return [draw_frame(size, options.seed + i) for i in range(DRAWN)]


def _cases(
    source: SegmenterSource, settings: SegmenterSettings, options: argparse.Namespace
) -> Iterator[VisionTimings]:
    """Yield the model's frames at each size, then dictionary sizes and noise without the model."""
    for size in options.size:
        pictures = _pictures(options, size)
        yield measure("model", source.encoder, source.table, settings, pictures, options.frames)
        real = FixedEncoder.of_picture(source.encoder, pictures[0], settings.fit)
        for words in options.words:
            table = resized_table(source.table, words, options.seed)
            yield measure("dictionary", real, table, settings, pictures[:1], options.frames)
        noise = FixedEncoder(source.encoder, noise_patches(source, options.seed, 0.5))
        worst = noise_settings(settings)
        yield measure("noise", noise, source.table, worst, pictures[:1], options.frames)


def _title(case: VisionTimings) -> str:
    height, width = case.size
    return f"{case.name} {width}x{height}" + (f", {case.words} words" if case.name == "dictionary" else "")


def _pair(timing: Timing) -> str:
    return f"{timing.median:.1f} / {timing.p95:.1f}"


def _stage_rows(cases: Sequence[VisionTimings]) -> list[tuple[str, ...]]:
    header = ("median / p95 [ms]", *cases[0].stages)
    return [header, *((_title(case), *map(_pair, case.stages.values())) for case in cases)]


def _frame_rows(cases: Sequence[VisionTimings]) -> list[tuple[str, ...]]:
    rows = [("[ms]", "frame", "without encoder", "processor", "frames/s", "frame : encoder", "regions")]
    for case in cases:
        model = case.name == "model"
        rows.append(
            (
                _title(case),
                _pair(case.frame) if model else "",
                _pair(case.rest),
                f"{case.cpu.median:.1f}",
                f"{case.rate:.1f}" if model else "",
                f"{case.ratio:.2f}" if model else "",
                f"{case.regions:.0f}",
            )
        )
    return rows


def _dictionary(
    source: SegmenterSource,
    cases: Sequence[VisionTimings],
    naive: dict[tuple[int, int], Timing],
    memory: float,
) -> dict[str, Any]:
    def figures(timing: Timing) -> dict[str, float]:
        return {"median": timing.median, "p95": timing.p95}

    return {
        "bundle": source.name,
        "unit": "ms",
        "cases": [
            {
                "case": case.name,
                "size": [case.size[1], case.size[0]],
                "words": case.words,
                "frames": len(case.frame.values),
                "stages": {name: figures(timing) for name, timing in case.stages.items()},
                "frame": figures(case.frame),
                "without_encoder": figures(case.rest),
                "processor": figures(case.cpu),
                "frames_per_second": case.rate if case.name == "model" else None,
                "frame_over_encoder": case.ratio if case.name == "model" else None,
                "regions": case.regions,
            }
            for case in cases
        ],
        "naive": {f"{size[1]}x{size[0]}": figures(timing) for size, timing in naive.items()},
        "peak_resident_mib": memory,
    }
