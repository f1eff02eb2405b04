"""The unknown score smoothed over time, cell by cell, without knowledge of the camera's motion."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.types import TextTable

Map = NDArray[np.float32]


class ScoreSmoother:
    """Exponential decay: what was seen t ago weighs exp(-t / time).

    time: [s], 0 = off. One patch map is kept; it is forgotten when time goes back or stands still, when the
    image's geometry or the text table changes, and at an image without stamp.
    """

    def __init__(self, time: float) -> None:
        self._time = time
        self._kept: tuple[float, Letterbox, TextTable, Map] | None = None

    def smooth(self, score: Map, stamp: float | None, letterbox: Letterbox, table: TextTable) -> Map:
        """Return the smoothed score, float32 of the score's shape.

        stamp: of the image [s]; None for an image that belongs to no sequence.
        """
        if self._time <= 0.0 or stamp is None:
            self._kept = None
            return score
        smoothed = score
        if self._kept is not None:
            before, geometry, words, kept = self._kept
            if stamp > before and geometry == letterbox and words is table:
                weight = np.float32(math.exp((before - stamp) / self._time))
                smoothed = score + weight * (kept - score)
        self._kept = stamp, letterbox, table, smoothed
        return smoothed
