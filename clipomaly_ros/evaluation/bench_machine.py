"""What the machine itself can do, measured beside the segmenter: arithmetic, memory, new names."""

from __future__ import annotations

import os
import resource
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.vision.text_table import extend_text_table
from clipomaly_ros.vision.types import TextEncoder, TextTable
from clipomaly_ros.vocabulary.entries import MAX_ENTRIES, NameSource, Vocabulary

GEMM_SIDE = 1536
GEMM_RUNS = 8
_STATUS = Path("/proc/self/statm")


def gemm_peak(side: int = GEMM_SIDE, runs: int = GEMM_RUNS) -> float:
    """Return the fastest of some products of square float32 matrices [GFLOP/s], with numpy's BLAS."""
    generator = np.random.default_rng(0)
    a, b = (generator.standard_normal((side, side), np.float32) for _ in range(2))
    out = np.empty_like(a)
    np.matmul(a, b, out=out)
    fastest = np.inf
    for _ in range(runs):
        start = time.perf_counter()
        np.matmul(a, b, out=out)
        fastest = min(fastest, time.perf_counter() - start)
    return 2e-9 * side**3 / fastest


def peak_memory() -> float:
    """Return the largest resident size of this process so far [MiB] (Linux: getrusage in KiB)."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def resident_memory() -> float:
    """Return the resident size of this process now [MiB]; NaN where /proc does not say."""
    if not _STATUS.is_file():
        return float("nan")
    return int(_STATUS.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def added_name(
    table: TextTable, text_encoder: TextEncoder, use: Callable[[TextTable], None], times: int
) -> Timing:
    """Time how long a new name takes from the request until the next frame can use it.

    Check against all words, text embedding, hash of the vocabulary, table, and `use`, which swaps it
    in. Another name each time. A table near the largest vocabulary gives up its last words.
    """
    approved = table.entries[: table.approved_count]
    room = MAX_ENTRIES - len(approved) - times - 1
    candidates = table.entries[table.approved_count :][:room]
    templates = table.templates or ("a photo of a {}.",)
    vocabulary = Vocabulary(approved, candidates, templates)
    count = len(vocabulary.entries)
    current = TextTable(
        vocabulary.entries, table.embeddings[:count], table.approved_count, vocabulary.hash, templates
    )
    timing = Timing()
    for number in range(-1, times):  # the first opens the text tower and does not count
        start = time.perf_counter()
        grown = vocabulary.with_candidates([f"new thing {number + 2}"], source=NameSource.OPERATOR)
        current = extend_text_table(current, grown, text_encoder)
        use(current)
        seconds = time.perf_counter() - start
        vocabulary = grown
        if number >= 0:
            timing.values.append(1000 * seconds)
    return timing
