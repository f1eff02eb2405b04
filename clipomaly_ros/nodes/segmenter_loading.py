"""What the segmenter loads at configure: bundle, vocabulary, text table, encoder."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from ament_index_python.packages import get_package_share_directory
from numpy.typing import NDArray

from clipomaly_ros.model.backends import open_image_encoder
from clipomaly_ros.model.bundle import ModelBundle, load_bundle
from clipomaly_ros.model.text_cache import CachedTextEncoder, TextEmbeddingCache
from clipomaly_ros.nodes.score_fusion_loading import load_score_fusion
from clipomaly_ros.vision.score_fusion import ScoreFusion
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import DenseEncoder, TextEncoder, TextTable
from clipomaly_ros.vocabulary.entries import Vocabulary
from clipomaly_ros.vocabulary.loading import load_vocabulary

DEFAULT_BUNDLE = "apron-mini"
PROMPTS_A_CALL = 64
PROGRESS_EVERY = 2.0  # seconds between two lines of progress


class LoadingInterrupted(RuntimeError):  # noqa: N818 - not an error of the loading
    """The process is being shut down."""


class NarratedTextEncoder:
    """A TextEncoder that works in pieces, says how far it is, and stops when told to."""

    def __init__(self, inner: TextEncoder, say: Callable[[str], None], go_on: Callable[[], bool]) -> None:
        self._inner, self._say, self._go_on = inner, say, go_on

    def encode(self, prompts: Sequence[str]) -> NDArray[np.float32]:
        """Return L2-normalised text embeddings, float32 [N, D]."""
        parts, said = [], time.monotonic()
        for start in range(0, len(prompts), PROMPTS_A_CALL):
            if not self._go_on():
                raise LoadingInterrupted("shut down while text was being embedded")
            parts.append(self._inner.encode(prompts[start : start + PROMPTS_A_CALL]))
            if time.monotonic() - said > PROGRESS_EVERY:
                said = time.monotonic()
                self._say(f"text: {min(start + PROMPTS_A_CALL, len(prompts))} of {len(prompts)} prompts")
        return np.concatenate(parts) if parts else self._inner.encode(prompts)


@dataclass(frozen=True)
class Loaded:
    """Everything the segmenter works with; vocabulary and table are those of the start.

    backend: what runs the image tower, in words. backend_fallback: why it is not what was
    wanted, empty if nothing was given up. fusion: None without one.
    """

    bundle: ModelBundle
    encoder: DenseEncoder
    text_encoder: TextEncoder
    vocabulary: Vocabulary
    table: TextTable
    backend: str
    backend_fallback: str
    fusion: ScoreFusion | None = None


def vocabulary_path(chosen: str, default_name: str) -> Path:
    """Return a vocabulary file's path: the chosen one, else the package's own."""
    if chosen:
        return Path(chosen).expanduser()
    return Path(get_package_share_directory("clipomaly_ros")) / "config" / "vocabulary" / default_name


def bundle_path(chosen: str) -> Path:
    """Return a bundle's folder: the chosen one, else the small default model of the package."""
    if chosen:
        return Path(chosen).expanduser()
    return Path(get_package_share_directory("clipomaly_ros")) / "models" / DEFAULT_BUNDLE


def load(
    bundle: str,
    approved: str,
    candidates: str,
    threads: int,
    text_cache: str,
    say: Callable[[str], None],
    go_on: Callable[[], bool],
    backend: str = "onnxruntime",
    engine_cache: str = "",
    engine_mismatch: str = "rebuild",
    score_fusion: str = "",
    openvino_precision: str = "f32",
) -> Loaded:
    """Load and check everything; say is called with lines of progress.

    Raises BundleError, VisionError or VocabularyError, all ValueError, or
    LoadingInterrupted once go_on returns false.
    """
    start = time.monotonic()
    # The files are small and cheap to check: a wrong name must not wait for the model.
    vocabulary = load_vocabulary(
        vocabulary_path(approved, "airside_approved.yaml"),
        vocabulary_path(candidates, "airside_candidates.yaml"),
    )
    folder = bundle_path(bundle)
    say(f"checking the model bundle {folder}")
    opened = load_bundle(folder)
    say(f"opening the image tower of {opened.id}")
    image_tower = open_image_encoder(
        opened,
        backend,
        Path(engine_cache) if engine_cache else None,
        engine_mismatch,
        threads,
        say,
        openvino_precision,
    )
    encoder = image_tower.encoder
    # A model that gives no numbers must not be told apart from a working one by the first camera image.
    encoder.encode(np.zeros((1, 3, *encoder.input_size), np.float32))
    cache = TextEmbeddingCache(Path(text_cache).expanduser() if text_cache else None)
    text_encoder = CachedTextEncoder(
        NarratedTextEncoder(opened.text_encoder(threads), say, go_on), cache, opened.hash
    )
    say(f"embedding {len(vocabulary.approved)} approved and {len(vocabulary.candidates)} candidate names")
    table = build_text_table(vocabulary, text_encoder)
    if cache.failed_writes:
        say(f"text cache {cache.folder} cannot be written: the next start embeds the vocabulary again")
    fusion = None
    if score_fusion:
        fusion = load_score_fusion(Path(score_fusion), opened.id, opened.hash, table, threads, say)
        parts = ", ".join(f"{source.weight:g} {source.name}" for source in fusion.recipe.used)
        say(f"unknown score: {parts}{', averaged with the mirrored image' if fusion.recipe.flip else ''}")
    say(f"loaded in {time.monotonic() - start:.1f} s, {text_encoder.computed} prompts were new")
    return Loaded(
        opened,
        encoder,
        text_encoder,
        vocabulary,
        table,
        image_tower.backend,
        image_tower.fallback,
        fusion,
    )
