"""What `clipomaly bench vision` prints and writes of its cases."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.evaluation.bench_vision import VisionTimings
from clipomaly_ros.evaluation.segmenter_source import SegmenterSource


def flatness(cases: Sequence[VisionTimings]) -> dict[tuple[int, int], tuple[float, float]]:
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


def lines(
    cases: Sequence[VisionTimings], names: dict[int, Timing], machine: dict[str, float | None]
) -> Iterator[str]:
    """Yield the figures that fit into a sentence; names: by words, machine: see `clipomaly bench vision`."""
    for size, (frame, rest) in flatness(cases).items():
        yield (
            f"dictionary {min(names)} to {max(names)} words, {place(size)}: frame {frame:.2f} x, "
            f"without encoder {rest:.2f} x"
        )
    for words, timing in names.items():
        yield f"a name added to {words} words: {_pair(timing)} ms"
    for case in (case for case in cases if case.name == "model"):
        yield (
            f"memory over {len(case.frame.values)} frames of {place(case.size)}: {case.memory[0]:.0f} to "
            f"{case.memory[1]:.0f} MiB, {100 * case.growth:+.1f} %"
        )
    yield (
        f"peak of float32 products {machine['gemm_gflops_a_core']:.0f} GFLOP/s a core, "
        f"{machine['gemm_gflops']:.0f} on {machine['gemm_threads']:.0f}" + _share(machine)
    )


def _share(machine: dict[str, float | None]) -> str:
    if machine["encoder_gflop"] is None:
        return ""
    text = f"; encoder {machine['encoder_gflop']:.1f} GFLOP"
    if machine["encoder_share_of_peak"] is None:
        return text
    return (
        f"{text} at {100 * machine['encoder_share_of_peak']:.0f} % of it by the clock, "
        f"{100 * machine['encoder_share_by_processor_time']:.0f} % by processor time"
    )


def place(size: tuple[int, int]) -> str:
    """Return a size [H, W] as people write it."""
    return f"{size[1]}x{size[0]}"


def _title(case: VisionTimings) -> str:
    height, width = case.size
    return f"{case.name} {width}x{height}" + (f", {case.words} words" if case.name == "dictionary" else "")


def _pair(timing: Timing) -> str:
    return f"{timing.median:.1f} / {timing.p95:.1f}"


def stage_rows(cases: Sequence[VisionTimings]) -> list[tuple[str, ...]]:
    """Return the table of the stages."""
    header = ("median / p95 [ms]", *cases[0].stages)
    return [header, *((_title(case), *map(_pair, case.stages.values())) for case in cases)]


def frame_rows(cases: Sequence[VisionTimings]) -> list[tuple[str, ...]]:
    """Return the table of the whole frames."""
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


def figures(timing: Timing) -> dict[str, float]:
    """Return a timing as plain data [ms]."""
    return {"median": timing.median, "p95": timing.p95}


def case_dictionary(
    source: SegmenterSource,
    cases: Sequence[VisionTimings],
    naive: dict[tuple[int, int], Timing],
    memory: float,
) -> dict[str, Any]:
    """Return all cases as plain data; memory: peak of the process without the naive way [MiB]."""
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
                "encoder": figures(case.encoder) if case.name == "model" else None,
                "encoder_processor": figures(case.encoder_cpu) if case.name == "model" else None,
                "memory_mib": list(case.memory),
                "regions": case.regions,
            }
            for case in cases
        ],
        "naive": {f"{size[1]}x{size[0]}": figures(timing) for size, timing in naive.items()},
        "peak_resident_mib": memory,
    }
