"""The types that pass between the stages of the vision path."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vocabulary.entries import Entry, NameSource

FITS = ("letterbox", "stretch")  # how an image is placed in a network's input, see letterbox


class VisionError(ValueError):
    """An image or a setting cannot be used; the text says what was expected and what came."""


class RegionState(enum.IntEnum):
    """The four states of a pixel or region; the values are those of clipomaly_msgs/AnomalyRegion."""

    KNOWN = 0
    UNKNOWN_OBSTACLE = 1
    UNKNOWN_NON_OBSTACLE = 2
    VOID = 3


@dataclass(frozen=True)
class DenseFeatures:
    """Patch embeddings of one image in text space.

    patches: float32 [h, w, D], each L2-normalised.
    global_embedding: float32 [D], L2-normalised, equal to open_clip's encode_image.
    """

    patches: NDArray[np.float32]
    global_embedding: NDArray[np.float32]


class DenseEncoder(Protocol):
    """The one contract of every image backend."""

    @property
    def input_size(self) -> tuple[int, int]:
        """Return height and width of the input [pixel]."""

    @property
    def patch_size(self) -> int:
        """Return the stride of the dense map [pixel]; it divides both sides of input_size."""

    @property
    def mean(self) -> tuple[float, float, float]:
        """Return the channel means (RGB, 0 to 1) to subtract."""

    @property
    def std(self) -> tuple[float, float, float]:
        """Return the channel standard deviations (RGB, 0 to 1) to divide by."""

    def encode(self, batch: NDArray[np.float32]) -> DenseFeatures:
        """Encode one normalised image, float32 [1, 3, H, W] of input_size, contiguous."""


class TextEncoder(Protocol):
    """The one contract of every text backend."""

    def encode(self, prompts: Sequence[str]) -> NDArray[np.float32]:
        """Return L2-normalised text embeddings, float32 [N, D]."""


@dataclass(frozen=True)
class TextTable:
    """Text embeddings of a vocabulary, one row an entry (mean over templates and synonyms).

    embeddings: float32 [N, D], L2-normalised, in the order of entries.
    approved_count: the first so many entries are the approved classes.
    templates: the prompt templates behind the embeddings.
    """

    entries: tuple[Entry, ...]
    embeddings: NDArray[np.float32]
    approved_count: int
    vocabulary_hash: str
    templates: tuple[str, ...] = ()


@dataclass(frozen=True)
class NameScore:
    """One name considered for a region, with its probability among the names compared."""

    name: str
    score: float
    source: NameSource


@dataclass(frozen=True)
class AnomalyRegion:
    """One connected region; fields as in clipomaly_msgs/AnomalyRegion.

    box: x, y, width, height [pixel] in the source image.
    """

    id: int
    label: int
    name: str
    source: NameSource
    candidates: tuple[NameScore, ...]
    score: float
    box: tuple[int, int, int, int]
    area: int
    state: RegionState
    group: str = ""


@dataclass(frozen=True)
class AnomalyResult:
    """Everything found in one image.

    labels: uint8 or uint16 [H, W] at source size; index into legend, 255/65535 = unlabelled.
    region_image: uint8 or uint16 [H, W]; 0 = none, else AnomalyRegion.id.
    score: float32 [h, w], 0 (explained) to 1; may be smaller than the source.
    legend: the names of this image's labels; legend[i] is label i.
    latencies: seconds by stage, in order of execution.
    dropped_regions: regions found beyond the largest number kept, or larger than allowed.
    """

    labels: NDArray[np.unsignedinteger]
    region_image: NDArray[np.unsignedinteger]
    score: NDArray[np.float32]
    regions: tuple[AnomalyRegion, ...]
    legend: tuple[Entry, ...]
    latencies: Mapping[str, float] = field(default_factory=dict)
    dropped_regions: int = 0
