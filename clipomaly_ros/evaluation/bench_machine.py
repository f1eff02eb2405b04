"""What the machine itself can do, measured beside the segmenter: arithmetic, memory, new names."""

from __future__ import annotations

import importlib.util
import math
import os
import resource
import time
from collections.abc import Callable, Collection, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.model.onnx_encoder import open_session
from clipomaly_ros.vision.text_table import extend_text_table
from clipomaly_ros.vision.types import TextEncoder, TextTable
from clipomaly_ros.vocabulary.entries import MAX_ENTRIES, NameSource, Vocabulary

PRODUCT_SIDES = (384, 768, 1536)
PRODUCT_RUNS = 8
PRODUCT_WORK = 1e9  # floating-point operations of a thread's run, at least: some milliseconds
_STATUS = Path("/proc/self/statm")
_CORES = Path("/sys/devices/system/cpu")

Product = Callable[[], object]


@dataclass(frozen=True)
class ProductPeak:
    """What the cores reach in products of float32 matrices.

    core: in a second of processor time [GFLOP/s]. threads: how many computed side by side.
    library: whose product was the fastest.
    """

    core: float
    threads: int
    library: str

    @property
    def machine(self) -> float:
        """Return what all threads reach together where each has a core of its own [GFLOP/s]."""
        return self.core * self.threads


def product_peak(
    threads: int = 0, sides: Sequence[int] = PRODUCT_SIDES, runs: int = PRODUCT_RUNS
) -> ProductPeak:
    """Measure products of square matrices of several sizes; the fastest counts.

    threads: that multiply at the same time, each its own matrices; 0: as many as the encoder takes
    by itself. By numpy's BLAS, whose own threads are one in this process (see clipomaly_ros.cli), and by ONNX
    Runtime, where onnx is there to make a model of. Processor time, so that whatever else
    the machine does lowers it little.
    """
    threads = threads or physical_cores()
    makers: dict[str, Callable[[int], Product]] = {"numpy": _numpy_product}
    if importlib.util.find_spec("onnx") is not None:
        makers["onnxruntime"] = _onnxruntime_product
    rates = [
        (processor_rate([make(side) for _ in range(threads)], 2.0 * side**3, runs), library)
        for library, make in makers.items()
        for side in sides
    ]
    core, library = max(rates)
    return ProductPeak(core, threads, library)


def processor_rate(
    products: Sequence[Product],
    operations: float,
    runs: int,
    clock: Callable[[], float] = time.process_time,
) -> float:
    """Return operations in a second of processor time, in the fastest run of some [10^9/s].

    products: run side by side, a thread each. operations: of each call of each. clock: processor
    time of all threads [s].
    """
    repeats = max(1, math.ceil(PRODUCT_WORK / operations))

    def work(product: Product) -> None:
        for _ in range(repeats):
            product()

    fastest = math.inf
    with ThreadPoolExecutor(len(products)) as pool:
        for run in range(-1, runs):  # the first does not count: threads, caches
            start = clock()
            list(pool.map(work, products))
            seconds = clock() - start
            if run >= 0:
                fastest = min(fastest, seconds)
    return 1e-9 * operations * repeats * len(products) / fastest


def physical_cores(folder: Path = _CORES, allowed: Collection[int] | None = None) -> int:
    """Return on how many cores this process may run; two threads of one core count once.

    folder: where Linux tells about processors. allowed: their numbers, None for those of this process.
    """
    if allowed is None:
        allowed = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
    cores = set()
    for number in allowed:
        siblings = folder / f"cpu{number}" / "topology" / "thread_siblings_list"
        cores.add(siblings.read_text().strip() if siblings.is_file() else str(number))
    return len(cores)


def _matrices(side: int, count: int) -> list[NDArray[np.float32]]:
    generator = np.random.default_rng(0)
    return [generator.standard_normal((side, side), np.float32) for _ in range(count)]


def _numpy_product(side: int) -> Product:
    a, b, out = _matrices(side, 3)
    return partial(np.matmul, a, b, out=out)


def _onnxruntime_product(side: int) -> Product:
    from onnx import TensorProto, helper, numpy_helper

    a, b = _matrices(side, 2)
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, [side, side]) for name in ("a", "product")]
    graph = helper.make_graph(
        [helper.make_node("MatMul", ["a", "b"], ["product"])],
        "product",
        ends[:1],
        ends[1:],
        [numpy_helper.from_array(b, "b")],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    session = open_session(model.SerializeToString(), "product", threads=1)
    return partial(session.run, None, {"a": a})


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
