"""A segmenter as the evaluation needs it: loaded from a bundle, with and without extension."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from ament_index_python.packages import get_package_share_directory
from numpy.typing import NDArray

from clipomaly_ros.model.backends import open_image_encoder
from clipomaly_ros.model.bundle import load_bundle
from clipomaly_ros.model.manifest import Manifest
from clipomaly_ros.model.text_cache import CachedTextEncoder, TextEmbeddingCache
from clipomaly_ros.nodes.operating_point import operating_point, reporting
from clipomaly_ros.nodes.score_fusion_loading import load_score_fusion
from clipomaly_ros.nodes.tagger_loading import load_tagging
from clipomaly_ros.vision.score_fusion import ScoreFusion
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.tagger import Tagging
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import (
    AnomalyResult,
    DenseEncoder,
    DenseFeatures,
    TextEncoder,
    TextTable,
    VisionError,
)
from clipomaly_ros.vocabulary.entries import NameSource, Vocabulary
from clipomaly_ros.vocabulary.loading import load_vocabulary
from clipomaly_ros.vocabulary.strict_yaml import StrictYamlError, parse_strict

Method = Callable[[NDArray[np.uint8]], NDArray[np.float32]]


@dataclass(frozen=True)
class SegmenterSource:
    """Everything that segmenters with different settings share.

    name: of the bundle, name@version. untrained: its weights are random. bundle_hash: SHA-256
    that stands for all its files, "" for parts that come from no bundle. fusion: of the unknown
    score, None without one. text_encoder: of the bundle, for further words. tagging: of the images, None
    without a tagger. backend: what runs the image tower, in words.
    """

    name: str
    untrained: bool
    manifest: Manifest
    encoder: DenseEncoder
    table: TextTable
    bundle_hash: str = ""
    fusion: ScoreFusion | None = None
    text_encoder: TextEncoder | None = None
    tagging: Tagging | None = None
    backend: str = ""

    def settings(self, overrides: Mapping[str, Any] | None = None) -> SegmenterSettings:
        """Return the bundle's recommended settings with some replaced; VisionError for a wrong one.

        Its low threshold holds beside its own threshold only.
        """
        values: dict[str, Any] = {
            "logit_scale": self.manifest.logit_scale,
            "unknown_score": self.manifest.threshold.score,
            **operating_point(self.manifest.threshold, self.fusion),
            **reporting(self.manifest),
        }
        if {"threshold", "threshold_mode", "quantile"} & set(overrides or {}):
            values["threshold_low"] = 1.0
        if self.tagging is not None:  # somebody chose a tagger for its words
            values["name_words"] = "tagger"
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
    vocabulary: str = "airside",
    unapproved: Collection[str] = (),
    backend: str = "onnxruntime",
    openvino_precision: str = "f32",
) -> SegmenterSource:
    """Load bundle and vocabularies; ValueError says what is wrong.

    names: further candidates, as an operator would add them. vocabulary: which of the package's own
    stands in for a file that is not given. unapproved: approved classes to make candidates of. backend,
    openvino_precision: as for open_image_encoder, but what cannot run raises.
    """
    words = _vocabulary(approved, candidates, vocabulary, unapproved)
    if names:
        words = words.with_candidates(names)
    opened = load_bundle(bundle)
    tower = open_image_encoder(
        opened, backend, None, "refuse", threads, openvino_precision=openvino_precision
    )
    encoder = tower.encoder
    # A model that gives no numbers is said here, before any result is begun.
    encoder.encode(np.zeros((1, 3, *encoder.input_size), np.float32))
    text_encoder = CachedTextEncoder(
        opened.text_encoder(threads), TextEmbeddingCache(text_cache), opened.hash
    )
    table = build_text_table(words, text_encoder)
    return SegmenterSource(
        opened.id,
        opened.untrained,
        opened.manifest,
        encoder,
        table,
        opened.hash,
        text_encoder=text_encoder,
        backend=tower.backend,
    )


def with_fusion(
    source: SegmenterSource, path: Path, threads: int = 0, warn: Callable[[str], None] = lambda line: None
) -> SegmenterSource:
    """Return the source with the fused unknown score of a file; ValueError says what is wrong.

    warn: is told what shifts the score but does not break it.
    """
    fusion = load_score_fusion(path, source.name, source.bundle_hash, source.table, threads, warn)
    return replace(source, fusion=fusion)


def with_tagger(
    source: SegmenterSource,
    tagger: Path,
    tag_share: float,
    overrides: Mapping[str, Any] | None = None,
    threads: int = 0,
) -> SegmenterSource:
    """Return the source with an image tagger: a bundle's folder, or a list of tags for the light tagger.

    overrides: settings that will be used, for the logit scale. ValueError says what is wrong.
    """
    if source.text_encoder is None:
        raise VisionError(f"{source.name}: expected a text tower, which embeds the tags, found none")
    tagger = tagger.expanduser()
    tagging = load_tagging(
        str(tagger) if tagger.is_dir() else "",
        "" if tagger.is_dir() else str(tagger),
        tag_share,
        source.table,
        source.text_encoder,
        source.settings(overrides).logit_scale,
        threads,
    )
    return replace(source, tagging=tagging)


def _vocabulary(
    approved: Path | None, candidates: Path | None, own: str, unapproved: Collection[str]
) -> Vocabulary:
    folder = Path(get_package_share_directory("clipomaly_ros")) / "config" / "vocabulary"
    loaded = load_vocabulary(
        approved or folder / f"{own}_approved.yaml", candidates or folder / f"{own}_candidates.yaml"
    )
    moved = [entry for entry in loaded.approved if entry.name in unapproved]
    return replace(
        loaded,
        approved=tuple(entry for entry in loaded.approved if entry not in moved),
        candidates=(
            *(replace(entry, source=NameSource.DICTIONARY, report=False) for entry in moved),
            *loaded.candidates,
        ),
    )


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
    """A DenseEncoder that encodes equal input once, however many segmenters ask for it.

    `forget` starts the next image: until then the features of inputs seen before are given back.
    """

    def __init__(self, inner: DenseEncoder) -> None:
        self._inner = inner
        self._seen: list[tuple[NDArray[np.float32], DenseFeatures]] = []
        self.input_size, self.patch_size = inner.input_size, inner.patch_size
        self.mean, self.std = inner.mean, inner.std

    def forget(self) -> None:
        """Encode anew at the next call."""
        self._seen.clear()

    def encode(self, batch: NDArray[np.float32]) -> DenseFeatures:
        """Return the features of an input of the current image."""
        for known, features in self._seen:
            if np.array_equal(known, batch):
                return features
        features = self._inner.encode(batch)
        self._seen.append((batch, features))
        return features


class PairedSegmenter:
    """One image segmented with and without extension of the vocabulary, encoded once."""

    def __init__(self, source: SegmenterSource, settings: SegmenterSettings) -> None:
        self._encoder = RememberingEncoder(source.encoder)
        self._extended = AnomalySegmenter(
            self._encoder, source.table, settings, source.fusion, source.tagging
        )
        # No score exceeds 1, so this one finds no region, and its labels are the known classes'.
        closed = replace(
            settings,
            threshold_mode="fixed",
            threshold=1.0,
            report_known=False,
            score_scale=0.05,
            name_words="dictionary",
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
