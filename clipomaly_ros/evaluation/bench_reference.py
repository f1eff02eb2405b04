"""One encoder beside another in the same run: how alike their patches are, how long each takes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.model.precision import Agreement, agreement
from clipomaly_ros.vision.letterbox import Letterbox, preprocess
from clipomaly_ros.vision.types import DenseEncoder, VisionError


@dataclass(frozen=True)
class Comparison:
    """name: of the reference's bundle. encoder, reference: durations of their calls in turn."""

    name: str
    agreement: Agreement
    encoder: Timing
    reference: Timing

    def line(self) -> str:
        """Return what was found, for people."""
        return (
            f"beside {self.name}: cosine of the patches {self.agreement.mean:.5f} on average, 1 % below "
            f"{self.agreement.percentile:.5f}; encoder {self.encoder.median:.1f} and "
            f"{self.reference.median:.1f} ms, {self.reference.median / self.encoder.median:.2f} x as fast"
        )

    def figures(self) -> dict[str, Any]:
        """Return the same as plain data."""
        return {
            "reference": self.name,
            "cosine": asdict(self.agreement),
            "encoder_ms": self.encoder.median,
            "reference_ms": self.reference.median,
        }


def compare_encoders(
    encoder: DenseEncoder,
    reference: DenseEncoder,
    name: str,
    pictures: Sequence[NDArray[np.uint8]],
    fit: str,
    times: int,
) -> Comparison:
    """Compare on pictures, RGB uint8 [H, W, 3] of one size; VisionError if the inputs differ in size."""
    sizes = [(item.input_size, item.patch_size) for item in (encoder, reference)]
    if sizes[0] != sizes[1]:
        raise VisionError(
            f"{name}: expected input and patches of {sizes[0]} like the bundle's, found {sizes[1]}"
        )
    size = (pictures[0].shape[0], pictures[0].shape[1])
    letterbox = Letterbox.fit(size, encoder.input_size, encoder.patch_size, fit)
    frames = [preprocess(item, letterbox, encoder.mean, encoder.std) for item in pictures]
    alike = agreement(encoder, reference, frames)
    timings = Timing(), Timing()
    for turn in range(times):
        # In turn, so that whatever else the machine does meets both alike.
        for timing, one in zip(timings, (encoder, reference), strict=True):
            start = time.perf_counter()
            one.encode(frames[turn % len(frames)])
            timing.values.append(1000 * (time.perf_counter() - start))
    return Comparison(name, alike, *timings)
