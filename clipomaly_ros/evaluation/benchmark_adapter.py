"""A model bundle as the plain function that public anomaly benchmarks call."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.segmenter_source import load_segmenter_source, score_method, with_fusion
from clipomaly_ros.vision.segmenter import AnomalySegmenter
from clipomaly_ros.vision.settings import SegmenterSettings


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
    score_fusion: Path | str | None = None,
) -> BenchmarkMethod:
    """Return a method(image) -> score for a model bundle, as public benchmarks call it.

    approved, candidates: vocabulary files; those of a street unless given. settings: of the
    segmenter, over the bundle's; those of names have no say in the score and are left aside, so that no
    tagger is needed. score_fusion: file of `clipomaly evaluate weights`, whose fused score is returned; it
    must have been made for this bundle, these classes and these settings. The score lies in 0 to 1
    and has the image's own size. Further named arguments of a call are left aside. ValueError says what
    of it cannot be used.

        from clipomaly_ros.evaluation.benchmark_adapter import benchmark_method
        method = benchmark_method("models/vit-b-16", score_fusion="fusion.yaml")
        for frame in evaluation.get_frames():
            evaluation.save_output(frame, method(frame.image))
    """
    source = load_segmenter_source(Path(bundle), approved, candidates, threads, vocabulary="road")
    if score_fusion is not None:
        source = with_fusion(
            source, Path(score_fusion), threads, lambda line: warnings.warn(line, stacklevel=3)
        )
    score = score_method(
        AnomalySegmenter(
            source.encoder, source.table, _nameless(source.settings(settings)), fusion=source.fusion
        )
    )

    def method(image: NDArray[np.uint8], **_: Any) -> NDArray[np.float32]:
        return score(image)

    return method


def _nameless(settings: SegmenterSettings) -> SegmenterSettings:
    """Return settings that give the same score and spend nothing on names."""
    usual = {field.name: field.default for field in fields(SegmenterSettings)}
    of_names = {name: usual[name] for name in ("name_words", "name_evidence", "name_mode")}
    return replace(settings, **of_names, top_words=0, report_known=False)
