"""A threshold of the unknown score with a guaranteed rate of false alarms, from nominal frames alone.

Split conformal prediction (Vovk et al. 2005; Angelopoulos and Bates, arXiv 2107.07511). The one
assumption: the next nominal frame is exchangeable with the calibration frames. Consecutive
frames of one drive are not; take frames of separate scenes, in the conditions of operation.
"""

from __future__ import annotations

from fractions import Fraction
from math import ceil, floor, isfinite

import numpy as np
from numpy.typing import ArrayLike, NDArray

from clipomaly_ros.vision.regions import PictureScale, find_components, unknown_mask
from clipomaly_ros.vision.types import VisionError

Map = NDArray[np.float32]


def frames_needed(alpha: float) -> int:
    """Return the least number of nominal frames for an alarm probability alpha, 0 < alpha < 1."""
    return ceil(1 / _exact(alpha)) - 1


def conformal_threshold(peaks: ArrayLike, alpha: float) -> float:
    """Return the threshold at which a new nominal frame raises any alarm with probability <= alpha.

    peaks: the peak of each of n nominal frames, see region_peak, 0 to 1. The result is the k-th
    smallest of them, k = ceil((n + 1) (1 - alpha)), the smallest one that the guarantee holds for.
    Raises VisionError for alpha outside 0 to 1, peaks that are no such numbers, or too few of them.
    """
    values = np.asarray(peaks, dtype=np.float64)
    if values.ndim != 1 or not ((values >= 0.0) & (values <= 1.0)).all():
        raise VisionError("conformal threshold: expected a list of frame peaks, numbers from 0 to 1")
    count = len(values)
    # ceil((n + 1)(1 - alpha)) in whole numbers: binary rounding would miss it by one now and then.
    rank = count + 1 - floor((count + 1) * _exact(alpha))
    if rank > count:
        raise VisionError(
            f"conformal threshold: expected at least {frames_needed(alpha)} nominal frames for alpha "
            f"{alpha:g}, got {count}; add frames without anomalies or raise alpha"
        )
    return float(np.sort(values)[rank - 1])


def region_peak(score: Map, scale: PictureScale, min_area: float, threshold_low: float = 1.0) -> float:
    """Return the smallest fixed threshold at which a frame has no unknown region, 0 to 1.

    That is its highest region score: of all regions of at least min_area [source pixel], made with
    the hysteresis threshold_low as in unknown_mask, how high the threshold can be for one to exist.
    score: float32 working picture, 0 to 1. An upper limit of the area is left out of account, as
    regions grow beyond it while the threshold falls; with one there may be fewer alarms, never more.
    """
    highest = float(score.max())
    # Interpolation may round to just above 1.
    if not (float(score.min()) >= 0.0 and highest <= 1.0 + 1e-5):
        raise VisionError(f"region peak: expected a score from 0 to 1, got {score.min():g} to {highest:g}")

    def alarms(threshold: float) -> bool:
        mask = unknown_mask(score, "fixed", threshold, 0.0, threshold_low)
        return bool(find_components(mask.view(np.uint8), scale, min_area, float("inf"), 1)[0])

    # Regions only grow as the threshold falls, so bisection finds the border; and as the bit patterns
    # of floats from 0 on are in the order of the floats, it ends at the very float after 30 steps.
    quiet, loud = _bits(highest), -1
    while quiet - loud > 1:
        middle = (quiet + loud) // 2
        if alarms(_float(middle)):
            loud = middle
        else:
            quiet = middle
    return min(_float(quiet), 1.0)


def _exact(alpha: float) -> Fraction:
    """Return alpha as the decimal number that it is written as."""
    if isinstance(alpha, bool) or not isfinite(alpha) or not 0.0 < alpha < 1.0:
        raise VisionError(f"conformal threshold: expected alpha between 0 and 1, got {alpha!r}")
    return Fraction(repr(float(alpha)))


def _bits(value: float) -> int:
    return int(np.float32(abs(value)).view(np.int32))


def _float(bits: int) -> float:
    return float(np.int32(bits).view(np.float32))
