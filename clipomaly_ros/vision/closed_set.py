"""A closed-set segmenter on images of any size: letterbox in, probabilities of approved classes out."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.letterbox import Letterbox, preprocess
from clipomaly_ros.vision.types import VisionError

Map = NDArray[np.float32]


class ClosedSetNetwork(Protocol):
    """A network of fixed input size that gives a map for each of its classes.

    name: for messages. input_size: height, width [pixel]. mean, std: of the RGB channels, 0 to 1. fit: one of
    letterbox.FITS. logits: the maps are to go through the softmax. known: of each map the approved class
    that it shows, None for none.
    """

    @property
    def name(self) -> str:
        """Return what messages call it."""

    @property
    def input_size(self) -> tuple[int, int]:
        """Return height and width of the input [pixel]."""

    @property
    def mean(self) -> tuple[float, float, float]:
        """Return the mean of the RGB channels."""

    @property
    def std(self) -> tuple[float, float, float]:
        """Return the standard deviation of the RGB channels."""

    @property
    def fit(self) -> str:
        """Return how an image is placed in the input."""

    @property
    def logits(self) -> bool:
        """Return whether the maps come before the softmax."""

    @property
    def known(self) -> tuple[str | None, ...]:
        """Return the approved class of each map."""

    def run(self, batch: Map) -> Map:
        """Return float32 [classes, h, w] of a normalised image, float32 [1, 3, H, W]."""


class ClosedSet:
    """Implements score_sources.ClosedSetSegmenter with a network. VisionError for maps that are unfit."""

    def __init__(self, network: ClosedSetNetwork) -> None:
        self._network = network
        known = network.known
        self.names = tuple(dict.fromkeys(name for name in known if name is not None))
        self._merge = np.array([[name == column for column in self.names] for name in known], np.float32)
        # A model that cannot run, or gives maps of another kind, is found before the first camera image.
        self.probabilities(np.zeros((*network.input_size, 3), np.uint8))

    def probabilities(self, rgb: NDArray[np.uint8]) -> Map:
        """Return the probabilities of `names` over the whole image, float32 [h, w, K].

        Classes that show the same approved class are added up.
        """
        network = self._network
        size = (int(rgb.shape[0]), int(rgb.shape[1]))
        letterbox = Letterbox.fit(size, network.input_size, 1, network.fit)
        maps = network.run(preprocess(rgb, letterbox, network.mean, network.std))
        if not np.isfinite(maps).all():
            raise VisionError(f"{network.name}: expected finite maps, found NaN or infinity")
        values = np.ascontiguousarray(_content(maps, letterbox).transpose(1, 2, 0))
        if network.logits:
            values -= values.max(axis=-1, keepdims=True)
            np.exp(values, out=values)
            values /= values.sum(axis=-1, keepdims=True)
        elif values.min() < -1e-3 or values.sum(axis=-1).max() > 1.01:
            raise VisionError(
                f"{network.name}: expected probabilities, found maps from {values.min():g} to "
                f"{values.max():g}; say `output: logits` if the model ends before its softmax"
            )
        return np.asarray(values @ self._merge, dtype=np.float32)


def _content(maps: Map, letterbox: Letterbox) -> Map:
    """Cut the padding of the input off the maps, float32 [K, h, w]."""
    spans = []
    for axis in (0, 1):
        ratio = maps.shape[axis + 1] / letterbox.input_size[axis]
        start = min(round(letterbox.offset[axis] * ratio), maps.shape[axis + 1] - 1)
        stop = round((letterbox.offset[axis] + letterbox.content_size[axis]) * ratio)
        spans.append(slice(start, max(stop, start + 1)))
    return maps[:, spans[0], spans[1]]
