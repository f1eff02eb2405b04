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

from clipomaly_ros.cli.backend_options import add_backend_arguments
from clipomaly_ros.cli.bench_vision_text import (
    case_dictionary,
    figures,
    flatness,
    frame_rows,
    lines,
    place,
    stage_rows,
)
from clipomaly_ros.cli.outputs import prepare_file
from clipomaly_ros.evaluation.bench_alternatives import (
    Alternative,
    alternative_rows,
    measure_alternatives,
)
from clipomaly_ros.evaluation.bench_frames import draw_frame, read_frames
from clipomaly_ros.evaluation.bench_machine import added_name, peak_memory, product_peak
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
from clipomaly_ros.model.manifest import IMAGE_FILE, PRECISIONS
from clipomaly_ros.model.onnx_encoder import OnnxDenseEncoder
from clipomaly_ros.model.openvino_encoder import OPENVINO_PRECISIONS, OpenVinoDenseEncoder
from clipomaly_ros.model.operations import count_operations
from clipomaly_ros.nodes.segmenter_loading import bundle_path
from clipomaly_ros.vision.segmenter import AnomalySegmenter
from clipomaly_ros.vision.settings import SegmenterSettings

SHORT = 200  # frames of the cases without the model: a long run is about the model's memory
DRAWN = 4  # pictures drawn when no folder is given
ALTERNATIVE_PICTURES = 16  # half to calibrate with, half to compare on
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
        "--frames",
        type=positive,
        default=30,
        metavar="N",
        help=f"frames of each case, those without the model at most {SHORT} (default: 30)",
    )
    parser.add_argument(
        "--words", type=int, nargs="*", default=[200, 2000, 20000], metavar="N", help="dictionary sizes"
    )
    add_backend_arguments(parser)
    parser.add_argument("--threads", type=int, default=0, help="threads of the encoder (default: one a core)")
    parser.add_argument("--seed", type=int, default=0, help="of drawn pictures and random embeddings")
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="DIR",
        help="bundle to compare the encoder with, such as the fp32 one beside int8",
    )
    parser.add_argument(
        "--alternatives",
        action="store_true",
        help="compare the encoder in fp32 by ONNX Runtime with int8 and with OpenVINO: speed, and cosine of "
        "the patches; pictures of --images, else drawn ones",
    )
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to a file as well")


def run(options: argparse.Namespace) -> int:
    """Print the figures; 0 when they could be measured."""
    if min(options.words, default=0) < 0 or options.seed < 0:
        raise ValueError(f"expected words and a seed of 0 or more, got {options.words} and {options.seed}")
    prepare_file(options.json)
    folder = bundle_path(options.bundle)
    source = load_segmenter_source(
        folder,
        threads=options.threads,
        backend=options.backend,
        openvino_precision=options.openvino_precision,
    )
    settings = source.settings(read_settings(options.config) if options.config else None)
    table = source.table
    grid = " x ".join(str(side // source.encoder.patch_size) for side in source.encoder.input_size)
    print(
        f"{source.name} by {source.backend}: {grid} patches, {table.approved_count} approved classes, "
        f"{len(table.entries) - table.approved_count} candidates, {options.frames} frames a case"
    )
    cases = list(tqdm(_cases(source, settings, options), desc="cases", leave=False, disable=None))
    memory = peak_memory()
    names = _added_names(folder, source, settings, options)
    machine = _machine(folder, source, cases, options.threads)
    compared = _compared(options, source, settings)
    alternatives = _alternatives(options, folder, settings.fit)
    naive = {}
    for size in options.size:
        work = naive_frame(source.encoder, table, settings, _pictures(options, size)[0])
        naive[size] = measure_work(work, NAIVE_FRAMES)
    print("\n" + text_table(stage_rows(cases)))
    print("\n" + text_table(frame_rows(cases)))
    print("\n" + "\n".join(lines(cases, names, machine)))
    if compared:
        print(compared.line())
    if alternatives:
        print("\n" + text_table(alternative_rows(alternatives)))
        print("\n".join([*(f"{item.name}: {item.missing}" for item in alternatives if item.missing), ""]))
    for size, timing in naive.items():
        print(f"naive {size[1]}x{size[0]} (all class scores at full size): {timing.median:.0f} ms")
    print(f"peak resident memory {memory:.0f} MiB, with the naive way {peak_memory():.0f} MiB")
    if options.json:
        content = case_dictionary(source, cases, naive, memory) | {
            "precision": source.manifest.precision,
            "added_name": {str(words): figures(timing) for words, timing in names.items()},
            "dictionary_ratio": {place(size): list(pair) for size, pair in flatness(cases).items()},
            "machine": machine,
            "comparison": compared.figures() if compared else None,
            "backend": source.backend,
            "alternatives": [item.figures() for item in alternatives],
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
    short = min(options.frames, SHORT)
    for size in options.size:
        pictures = _pictures(options, size)
        yield measure("model", source.encoder, source.table, settings, pictures, options.frames)
        real = FixedEncoder.of_picture(source.encoder, pictures[0], settings.fit)
        for words in options.words:
            table = resized_table(source.table, words, options.seed)
            yield measure("dictionary", real, table, settings, pictures[:1], short)
        noise = FixedEncoder(source.encoder, noise_patches(source, options.seed, 0.5))
        worst = noise_settings(settings)
        yield measure("noise", noise, source.table, worst, pictures[:1], short)


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


def _alternatives(options: argparse.Namespace, folder: Path, fit: str) -> list[Alternative]:
    if not options.alternatives:
        return []
    size = options.size[0]
    if options.images:
        pictures = read_frames(options.images, size, ALTERNATIVE_PICTURES)
    else:
        pictures = [draw_frame(size, options.seed + i) for i in range(ALTERNATIVE_PICTURES)]
    return measure_alternatives(load_bundle(folder), pictures, fit, options.frames, options.threads)


def _machine(
    folder: Path, source: SegmenterSource, cases: Sequence[VisionTimings], threads: int
) -> dict[str, float | None]:
    """Return what the cores do in float32 products and the encoder's share of it, None where unknown.

    The fastest on either side: by the clock, and by processor time, which a busy machine leaves alone.
    """
    peak = product_peak(threads)
    machine: dict[str, float | None] = {
        "gemm_gflops_a_core": peak.core,
        "gemm_threads": peak.threads,
        "gemm_gflops": peak.machine,
        "encoder_gflop": None,
        "encoder_share_of_peak": None,
        "encoder_share_by_processor_time": None,
    }
    if importlib.util.find_spec("onnx") is None:
        return machine
    work = 1e-9 * count_operations(load_bundle(folder).read(IMAGE_FILE))
    machine["encoder_gflop"] = work
    if not _float32_on_cpu(source):
        return machine
    models = [case for case in cases if case.name == "model"]
    wall, cpu = (
        1e-3 * min(min(timing.values) for timing in timings)
        for timings in ([case.encoder for case in models], [case.encoder_cpu for case in models])
    )
    return machine | {
        "encoder_share_of_peak": work / wall / peak.machine,
        "encoder_share_by_processor_time": work / cpu / peak.core,
    }


def _float32_on_cpu(source: SegmenterSource) -> bool:
    """Return whether the encoder's arithmetic is that of the products it is compared with."""
    encoder = source.encoder
    if isinstance(encoder, OpenVinoDenseEncoder):
        on_cpu = encoder.precision == OPENVINO_PRECISIONS[0]
    else:
        on_cpu = isinstance(encoder, OnnxDenseEncoder) and encoder.provider == "CPUExecutionProvider"
    return on_cpu and source.manifest.precision == PRECISIONS[0]
