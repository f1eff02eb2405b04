"""A segmenter as the evaluation needs it: loaded from a bundle, with and without extension."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ament_index_python.packages import get_package_share_directory
from numpy.typing import NDArray

from clipomaly_ros.model.bundle import load_bundle
from clipomaly_ros.model.manifest import Manifest
from clipomaly_ros.model.text_cache import CachedTextEncoder, TextEmbeddingCache
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import AnomalyResult, DenseEncoder, DenseFeatures, TextTable, VisionError
from clipomaly_ros.vocabulary.loading import load_vocabulary
from clipomaly_ros.vocabulary.strict_yaml import StrictYamlError, parse_strict

Method = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class SegmenterSource:
    """Everything that segmenters with different settings share.

    name: of the bundle, name@version. untrained: its weights are random.
    """

    name: str
    untrained: bool
    manifest: Manifest
    encoder: DenseEncoder
    table: TextTable

    def settings(self, overrides: Mapping[str, Any] | None = None) -> SegmenterSettings:
        """Return the bundle's recommended settings with some replaced; VisionError for a wrong one."""
        recommended = self.manifest.threshold
        values: dict[str, Any] = {
            "logit_scale": self.manifest.logit_scale,
            "threshold_mode": recommended.mode,
            "unknown_score": recommended.score,
        }
        if recommended.mode == "fixed":
            values["threshold"] = recommended.value
        else:  # the absolute score of such a bundle means nothing, so it has no lower limit
            values |= {"quantile": recommended.value, "threshold": 0.0}
        known = {field.name for field in fields(SegmenterSettings)}
        unknown = set(overrides or {}) - known
        if unknown:
            raise VisionError(
                f"segmenter settings: expected some of {', '.join(sorted(known))}, got '{sorted(unknown)[0]}'"
            )
        return SegmenterSettings(**(values | dict(overrides or {})))


def load_segmenter_source(
    bundle: Path,
    approved: Path | None = None,
    candidates: Path | None = None,
    threads: int = 0,
    text_cache: Path | None = None,
    names: Sequence[str] = (),
) -> SegmenterSource:
    """Load bundle and vocabularies, the package's own by default; ValueError says what is wrong.

    names: further candidates, as an operator would add them.
    """
    folder = Path(get_package_share_directory("clipomaly_ros")) / "config" / "vocabulary"
    vocabulary = load_vocabulary(
        approved or folder / "airside_approved.yaml", candidates or folder / "airside_candidates.yaml"
    )
    if names:
        vocabulary = vocabulary.with_candidates(names)
    opened = load_bundle(bundle)
    text_encoder = CachedTextEncoder(
        opened.text_encoder(threads), TextEmbeddingCache(text_cache), opened.hash
    )
    table = build_text_table(vocabulary, text_encoder)
    return SegmenterSource(opened.id, opened.untrained, opened.manifest, opened.image_encoder(threads), table)


def read_settings(path: Path) -> dict[str, Any]:
    """Read settings of the segmenter from a YAML file with one key a setting."""
    try:
        content = parse_strict(path.read_text(encoding="utf-8"))
    except (StrictYamlError, UnicodeDecodeError) as error:
        raise VisionError(f"{path}: expected YAML: {error}") from error
    if not isinstance(content, dict):
        raise VisionError(f"{path}: expected settings of the segmenter, one key each")
    return content


class RememberingEncoder:
    """A DenseEncoder that encodes an image once, however many segmenters ask for it.

    `forget` starts the next image: until then the features of the first call are given back.
    """

    def __init__(self, inner: DenseEncoder) -> None:
        self._inner = inner
        self._features: DenseFeatures | None = None
        self.input_size, self.patch_size = inner.input_size, inner.patch_size
        self.mean, self.std = inner.mean, inner.std

    def forget(self) -> None:
        """Encode anew at the next call."""
        self._features = None

    def encode(self, batch: NDArray[np.float32]) -> DenseFeatures:
        """Return the features of the current image."""
        if self._features is None:
            self._features = self._inner.encode(batch)
        return self._features


class PairedSegmenter:
    """One image segmented with and without extension of the vocabulary, encoded once."""

    def __init__(self, source: SegmenterSource, settings: SegmenterSettings) -> None:
        self._encoder = RememberingEncoder(source.encoder)
        self._extended = AnomalySegmenter(self._encoder, source.table, settings)
        # No score exceeds 1, so this one finds no region, and its labels are the known classes'.
        closed = replace(
            settings, threshold_mode="fixed", threshold=1.0, report_known=False, score_scale=0.05
        )
        self._closed = AnomalySegmenter(self._encoder, source.table, closed)

    def segment(
        self, rgb: NDArray[np.uint8], closed: bool = True
    ) -> tuple[AnomalyResult, NDArray[np.unsignedinteger] | None]:
        """Return the result, and the labels without extension [H, W] if wanted."""
        self._encoder.forget()
        result = self._extended.segment(rgb)
        return result, self._closed.segment(rgb).labels if closed else None


def source_score(result: AnomalyResult) -> NDArray[np.float32]:
    """Return the unknown score at the size of the source image, float32 [H, W]."""
    height, width = result.labels.shape
    if result.score.shape == (height, width):
        return result.score
    return np.asarray(cv2.resize(result.score, (width, height), interpolation=cv2.INTER_LINEAR))


def score_method(segmenter: AnomalySegmenter) -> Method:
    """Return the segmenter as a function image -> score, the form that public evaluators call.

    Image: RGB uint8 [H, W, 3]; score: float32 [H, W], larger = more anomalous.
    """

    def method(image: NDArray[np.uint8]) -> NDArray[np.float32]:
        return source_score(segmenter.segment(image))

    return method
