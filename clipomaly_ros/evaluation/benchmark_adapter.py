"""A model bundle as the plain function that public anomaly benchmarks call."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.segmenter_source import load_segmenter_source, score_method
from clipomaly_ros.vision.segmenter import AnomalySegmenter


class BenchmarkMethod(Protocol):
    """What SegmentMeIfYouCan's road-anomaly-benchmark expects of a method."""

    def __call__(self, image: NDArray[np.uint8], **_: Any) -> NDArray[np.float32]:
        """Return the anomaly score, float32 [H, W], larger = more anomalous, of RGB uint8 [H, W, 3]."""


def benchmark_method(
    bundle: Path | str,
    approved: Path | None = None,
    candidates: Path | None = None,
    settings: Mapping[str, Any] | None = None,
    threads: int = 0,
) -> BenchmarkMethod:
    """Return a method(image) -> score for a model bundle, as public benchmarks call it.

    approved, candidates: vocabulary files; those of a street unless given. settings: of the
    segmenter, over the bundle's. The score lies in 0 to 1 and has the image's own size. Further
    named arguments of a call are left aside. ValueError says what of it cannot be used.

        from clipomaly_ros.evaluation.benchmark_adapter import benchmark_method
        method = benchmark_method("models/vit-b-16")
        for frame in evaluation.get_frames():
            evaluation.save_output(frame, method(frame.image))
    """
    source = load_segmenter_source(Path(bundle), approved, candidates, threads, vocabulary="road")
    score = score_method(AnomalySegmenter(source.encoder, source.table, source.settings(settings)))

    def method(image: NDArray[np.uint8], **_: Any) -> NDArray[np.float32]:
        return score(image)

    return method
