"""An fp32 bundle's other ways of being computed on a CPU, each beside the reference in one run."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.model.bundle import ModelBundle
from clipomaly_ros.model.int8_precision import LEAST_FRAMES, to_int8
from clipomaly_ros.model.manifest import IMAGE_FILE, PRECISIONS, BundleError
from clipomaly_ros.model.onnx_encoder import OnnxDenseEncoder
from clipomaly_ros.model.openvino_encoder import OPENVINO_PRECISIONS, OpenVinoDenseEncoder, load_openvino
from clipomaly_ros.model.precision import Agreement, agreement
from clipomaly_ros.vision.letterbox import Letterbox, preprocess
from clipomaly_ros.vision.types import DenseEncoder, DenseFeatures, VisionError

REFERENCE = "onnxruntime fp32"


@dataclass(frozen=True)
class Alternative:
    """One way of computing the image tower.

    opening: how long it took to convert or open it [s]. wall, cpu: of a call, by the clock and in processor
    time of all threads. agreement: of its patches with the reference's. missing: why it
    could not be had; then nothing was measured.
    """

    name: str
    opening: float
    wall: Timing
    cpu: Timing
    agreement: Agreement | None = None
    missing: str = ""

    def figures(self) -> dict[str, Any]:
        """Return the same as plain data."""
        if self.missing:
            return {"name": self.name, "missing": self.missing}
        return {
            "name": self.name,
            "opening_s": self.opening,
            "wall_ms": {"median": self.wall.median, "p95": self.wall.p95},
            "processor_ms": {"median": self.cpu.median, "p95": self.cpu.p95},
            "cosine": asdict(self.agreement) if self.agreement else None,
        }


def measure_alternatives(
    bundle: ModelBundle, pictures: Sequence[NDArray[np.uint8]], fit: str, times: int, threads: int = 0
) -> list[Alternative]:
    """Compare ONNX Runtime at fp32 (the first of the result) and int8, and OpenVINO with both models.

    bundle: of fp32. pictures: RGB uint8 [H, W, 3] of one size; every other one calibrates int8, the rest is
    what is compared on. fit: as of the segmenter. times: calls of each, made in turn. BundleError for
    another bundle, VisionError for too few pictures; a way that cannot be had says why in its place.
    """
    if bundle.manifest.precision != PRECISIONS[0]:
        raise BundleError(
            f"{bundle.folder}: expected a bundle in fp32 to compare others with, "
            f"found {bundle.manifest.precision}"
        )
    if len(pictures) < 2 * LEAST_FRAMES:
        raise VisionError(
            f"expected at least {2 * LEAST_FRAMES} pictures, half of them to calibrate int8 with, "
            f"found {len(pictures)}"
        )
    size = (pictures[0].shape[0], pictures[0].shape[1])
    manifest = bundle.manifest
    letterbox = Letterbox.fit(size, manifest.input_size, manifest.patch_size, fit)
    frames = [preprocess(item, letterbox, manifest.mean, manifest.std) for item in pictures]
    compared, calibration = frames[::2], frames[1::2]
    reference = bundle.image_encoder(threads)
    expected = _Remembered(reference, compared)
    found: list[Alternative] = []
    encoders: list[DenseEncoder | None] = []
    for name, open_encoder in _ways(bundle, reference, calibration, threads):
        start = time.perf_counter()
        try:
            encoder = open_encoder()
            opening = time.perf_counter() - start
            alike = agreement(encoder, expected, compared)  # also the first call, which is slower
        except BundleError as error:
            found.append(Alternative(name, 0.0, Timing(), Timing(), missing=str(error)))
            encoders.append(None)
            continue
        found.append(Alternative(name, opening, Timing(), Timing(), alike))
        encoders.append(encoder)
    for turn in range(times):
        # In turn, so that whatever else the machine does meets all alike.
        for item, encoder in zip(found, encoders, strict=True):
            if encoder is None:
                continue
            cpu_start, start = time.process_time(), time.perf_counter()
            encoder.encode(compared[turn % len(compared)])
            item.wall.values.append(1000 * (time.perf_counter() - start))
            item.cpu.values.append(1000 * (time.process_time() - cpu_start))
    return found


def alternative_rows(found: Sequence[Alternative]) -> list[tuple[str, ...]]:
    """Return a table for people; the factors are those of the medians, over the first one's."""
    header = (
        "encoder",
        "[ms]",
        "processor [ms]",
        "x as fast",
        "in processor time",
        "cosine",
        "1 % below",
        "least",
    )
    rows, first = [header], found[0]
    for item in found:
        if item.missing:
            rows.append((item.name, "not had", *("" for _ in header[2:])))
            continue
        alike = item.agreement
        rows.append(
            (
                item.name,
                f"{item.wall.median:.1f} / {item.wall.p95:.1f}",
                f"{item.cpu.median:.1f} / {item.cpu.p95:.1f}",
                f"{first.wall.median / item.wall.median:.2f}",
                f"{first.cpu.median / item.cpu.median:.2f}",
                *(f"{value:.5f}" for value in ((alike.mean, alike.percentile, alike.least) if alike else ())),
            )
        )
    return rows


class _Remembered:
    """An encoder that has seen the frames already and is not asked again: a large one takes seconds."""

    def __init__(self, encoder: DenseEncoder, frames: Sequence[NDArray[np.float32]]) -> None:
        self.input_size, self.patch_size = encoder.input_size, encoder.patch_size
        self.mean, self.std = encoder.mean, encoder.std
        self._features = {id(frame): encoder.encode(frame) for frame in frames}

    def encode(self, batch: NDArray[np.float32]) -> DenseFeatures:
        """Return the features of one of the frames."""
        return self._features[id(batch)]


def _ways(
    bundle: ModelBundle, reference: DenseEncoder, calibration: Sequence[NDArray[np.float32]], threads: int
) -> Iterator[tuple[str, Callable[[], DenseEncoder]]]:
    @functools.cache
    def int8() -> bytes:
        return to_int8(bundle.read(IMAGE_FILE), bundle.manifest.dense_variant, calibration)

    def onnxruntime_int8() -> DenseEncoder:
        return OnnxDenseEncoder(int8(), bundle.manifest, threads)

    def openvino(precision: str, quantised: bool) -> DenseEncoder:
        library = load_openvino()
        model = int8() if quantised else bundle.read(IMAGE_FILE)
        return OpenVinoDenseEncoder(library, model, bundle.manifest, precision, threads)

    yield REFERENCE, lambda: reference
    yield "onnxruntime int8", onnxruntime_int8
    for quantised in (False, True):
        for precision in OPENVINO_PRECISIONS:
            name = f"openvino int8, rest {precision}" if quantised else f"openvino {precision}"
            yield name, functools.partial(openvino, precision, quantised)
