"""The calibration of one source of a fused score, and the weights that are tried."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.score_fusion import DECADES, FusedSource

_MOST_WEIGHTS = 1001
_KNOTS_A_DECADE = 4

Map = NDArray[np.float32]


def calibrate(name: str, scores: Map) -> FusedSource:
    """Return a source of weight 0 with the surprise of its scores, from those of known patches.

    Beyond the highest of them the surprise goes straight on to 1 at the score 1.
    """
    ordered = np.sort(np.asarray(scores, np.float64))
    exceed = 10.0 ** -(np.arange(int(DECADES * _KNOTS_A_DECADE) + 1) / _KNOTS_A_DECADE)
    exceed = exceed[exceed * len(ordered) >= 1.0]
    levels = ordered[np.ceil(len(ordered) * (1.0 - exceed)).astype(np.intp).clip(max=len(ordered) - 1)]
    surprise = np.abs(np.log10(exceed)) / DECADES
    # Of equal levels the first one: it is reached by the largest share.
    levels, first = np.unique(levels, return_index=True)
    surprise = surprise[first]
    if levels[-1] < 1.0:
        levels, surprise = np.append(levels, 1.0), np.append(surprise, 1.0)
    return FusedSource(name, 0.0, tuple(map(float, levels)), tuple(map(float, surprise)))


def weight_grid(count: int) -> NDArray[np.float64]:
    """Return weights that add up to 1 in equal steps, float64 [n, count], and equal weights."""
    for steps in (20, 10, 5, 4, 3, 2):
        bars = list(combinations(range(steps + count - 1), count - 1))
        if len(bars) <= _MOST_WEIGHTS:
            break
    ends = np.array(bars, np.int64).reshape(len(bars), count - 1)
    edges = np.concatenate(
        [np.full((len(bars), 1), -1), ends, np.full((len(bars), 1), steps + count - 1)], axis=1
    )
    grid = (np.diff(edges, axis=1) - 1) / steps
    return np.concatenate([grid, np.full((1, count), 1.0 / count)])
