"""`clipomaly bench vision`: time and memory of the segmenter, stage by stage."""

from __future__ import annotations

import argparse
import importlib.util
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from clipomaly_ros.cli.outputs import prepare_file
from clipomaly_ros.evaluation.bench_frames import draw_frame, read_frames
from clipomaly_ros.evaluation.bench_machine import added_name, gemm_peak, peak_memory
from clipomaly_ros.evaluation.bench_reference import Comparison, compare_encoders
from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.evaluation.bench_vision import (
    FixedEncoder,
    VisionTimings,
    measure,
    measure_work,
    naive_frame,
    noise_patches,
    noise_settings,
    resized_table,
)
from clipomaly_ros.evaluation.report_tables import text_table
from clipomaly_ros.evaluation.segmenter_source import SegmenterSource, load_segmenter_source, read_settings
from clipomaly_ros.model.bundle import load_bundle
from clipomaly_ros.model.manifest import IMAGE_FILE
from clipomaly_ros.model.operations import count_operations
from clipomaly_ros.nodes.segmenter_loading import bundle_path
from clipomaly_ros.vision.segmenter import AnomalySegmenter
from clipomaly_ros.vision.settings import SegmenterSettings

DRAWN = 4  # pictures drawn when no folder is given
ADDED_NAMES = 5  # timed additions of a name to each dictionary
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
        "--words", type=int, nargs="*", default=[200, 2000, 20000], metavar="N", help="dictionary sizes"
    )
    parser.add_argument("--threads", type=int, default=0, help="threads of the encoder (default: one a core)")
    parser.add_argument("--seed", type=int, default=0, help="of drawn pictures and random embeddings")
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="DIR",
        help="bundle to compare the encoder with, such as the fp32 one beside int8",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file as well")


def run(options: argparse.Namespace) -> int:
    """Print the figures; 0 when they could be measured."""
    if min(options.words, default=0) < 0 or options.seed < 0:
        raise ValueError(f"expected words and a seed of 0 or more, got {options.words} and {options.seed}")
    prepare_file(options.json)
    folder = bundle_path(options.bundle)
    source = load_segmenter_source(folder, threads=options.threads)
    settings = source.settings(read_settings(options.config) if options.config else None)
    table = source.table
    grid = " x ".join(str(side // source.encoder.patch_size) for side in source.encoder.input_size)
    print(
        f"{source.name}: {grid} patches, {table.approved_count} approved classes, "
        f"{len(table.entries) - table.approved_count} candidates, {options.frames} frames a case"
    )
    cases = list(tqdm(_cases(source, settings, options), desc="cases", leave=False, disable=None))
    memory = peak_memory()
    names = _added_names(folder, source, settings, options)
    machine = _machine(folder, cases)
    compared = _compared(options, source, settings)
    naive = {}
    for size in options.size:
        work = naive_frame(source.encoder, table, settings, _pictures(options, size)[0])
        naive[size] = measure_work(work, NAIVE_FRAMES)
    print("\n" + text_table(_stage_rows(cases)))
    print("\n" + text_table(_frame_rows(cases)))
    print("\n" + "\n".join(_lines(cases, names, machine)))
    if compared:
        print(compared.line())
    for size, timing in naive.items():
        print(f"naive {size[1]}x{size[0]} (all class scores at full size): {timing.median:.0f} ms")
    print(f"peak resident memory {memory:.0f} MiB, with the naive way {peak_memory():.0f} MiB")
    if options.json:
        content = _dictionary(source, cases, naive, memory) | {
            "precision": source.manifest.precision,
            "added_name": {str(words): _figures(timing) for words, timing in names.items()},
            "dictionary_ratio": {_place(size): list(pair) for size, pair in _flatness(cases).items()},
            "machine": machine,
            "comparison": compared.figures() if compared else None,
        }
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


def _added_names(
    folder: Path, source: SegmenterSource, settings: SegmenterSettings, options: argparse.Namespace
) -> dict[int, Timing]:
    """Return how long a name takes that is added to a dictionary of each size."""
    text_encoder = load_bundle(folder).text_encoder(options.threads)
    timings = {}
    for words in sorted(set(options.words)):
        table = resized_table(source.table, words, options.seed)
        segmenter = AnomalySegmenter(source.encoder, table, settings)
        timings[words] = added_name(table, text_encoder, segmenter.set_table, ADDED_NAMES)
    return timings


def _compared(
    options: argparse.Namespace, source: SegmenterSource, settings: SegmenterSettings
) -> Comparison | None:
    if options.reference is None:
        return None
    bundle = load_bundle(options.reference)
    encoder = bundle.image_encoder(options.threads)
    pictures = list(_pictures(options, options.size[0]))
    return compare_encoders(source.encoder, encoder, bundle.id, pictures, settings.fit, options.frames)


def _machine(folder: Path, cases: Sequence[VisionTimings]) -> dict[str, float | None]:
    """Return the machine's GEMM peak and what share of it the encoder reaches, None where unknown."""
    peak = gemm_peak()
    if importlib.util.find_spec("onnx") is None:
        return {"gemm_gflops": peak, "encoder_gflop": None, "encoder_share_of_peak": None}
    work = 1e-9 * count_operations(load_bundle(folder).read(IMAGE_FILE))
    fastest = min(min(case.encoder.values) for case in cases if case.name == "model")
    return {
        "gemm_gflops": peak,
        "encoder_gflop": work,
        "encoder_share_of_peak": work / (1e-3 * fastest) / peak,
    }


def _flatness(cases: Sequence[VisionTimings]) -> dict[tuple[int, int], tuple[float, float]]:
    """Return by size what the largest dictionary costs relative to the smallest.

    The whole frame, and the frame without the encoder call.
    """
    ratios = {}
    for model in (case for case in cases if case.name == "model"):
        rest = {
            case.words: case.rest.median
            for case in cases
            if case.name == "dictionary" and case.size == model.size
        }
        if len(rest) > 1:
            encoder, small, large = model.encoder.median, rest[min(rest)], rest[max(rest)]
            ratios[model.size] = ((encoder + large) / (encoder + small), large / small)
    return ratios


def _lines(
    cases: Sequence[VisionTimings], names: dict[int, Timing], machine: dict[str, float | None]
) -> Iterator[str]:
    for size, (frame, rest) in _flatness(cases).items():
        yield (
            f"dictionary {min(names)} to {max(names)} words, {_place(size)}: frame {frame:.2f} x, "
            f"without encoder {rest:.2f} x"
        )
    for words, timing in names.items():
        yield f"a name added to {words} words: {_pair(timing)} ms"
    for case in (case for case in cases if case.name == "model"):
        yield (
            f"memory over {len(case.frame.values)} frames of {_place(case.size)}: {case.memory[0]:.0f} to "
            f"{case.memory[1]:.0f} MiB, {100 * case.growth:+.1f} %"
        )
    share, work = machine["encoder_share_of_peak"], machine["encoder_gflop"]
    known = "" if share is None else f", encoder {work:.1f} GFLOP at {100 * share:.0f} % of it"
    yield f"peak of float32 products {machine['gemm_gflops']:.0f} GFLOP/s{known}"


def _place(size: tuple[int, int]) -> str:
    return f"{size[1]}x{size[0]}"


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


def _figures(timing: Timing) -> dict[str, float]:
    return {"median": timing.median, "p95": timing.p95}


def _dictionary(
    source: SegmenterSource,
    cases: Sequence[VisionTimings],
    naive: dict[tuple[int, int], Timing],
    memory: float,
) -> dict[str, Any]:
    return {
        "bundle": source.name,
        "unit": "ms",
        "cases": [
            {
                "case": case.name,
                "size": [case.size[1], case.size[0]],
                "words": case.words,
                "frames": len(case.frame.values),
                "stages": {name: _figures(timing) for name, timing in case.stages.items()},
                "frame": _figures(case.frame),
                "without_encoder": _figures(case.rest),
                "processor": _figures(case.cpu),
                "frames_per_second": case.rate if case.name == "model" else None,
                "frame_over_encoder": case.ratio if case.name == "model" else None,
                "encoder": _figures(case.encoder) if case.name == "model" else None,
                "memory_mib": list(case.memory),
                "regions": case.regions,
            }
            for case in cases
        ],
        "naive": {f"{size[1]}x{size[0]}": _figures(timing) for size, timing in naive.items()},
        "peak_resident_mib": memory,
    }
