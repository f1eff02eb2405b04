"""Long things that lie along the line of sight: their returns come in rings far apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from clipomaly_ros.hazard.foreground import ForegroundSettings

_LOW = 0.5  # metres above the ground: what ends below lies, or is as flat as if it did


def whole_lying_things(
    points: NDArray[np.float32],
    under: NDArray[np.unsignedinteger],
    claims: list[NDArray[np.intp]],
    ids: NDArray[np.intp],
    heights: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    around: Callable[[int], NDArray[np.intp]],
    settings: ForegroundSettings,
) -> list[NDArray[np.intp]]:
    """Return the claims of regions with the rest of what lies low under their masks.

    points: float32 [n, 3], metres, z up; under: region id under each, [n], 0 = none; claims:
    points of each region's object, as indices; ids: of the regions. heights: returns the
    heights of points above the ground; around: returns the points in and around a region.

    On a surface that lies, d away and seen from h above, two beams an angle a apart are d^2 a / h
    apart: 0.4 m at 10 m with 64 beams, which no clustering bridges. But the mask of a low
    thing covers no more ground than the thing, so that a low return under it belongs to it.
    Left out are returns near which something high stands or too much lies outside the mask:
    they are of what the mask's border lets through.
    """
    claimed = np.zeros(len(points), bool)
    for claim in claims:
        claimed[claim] = True
    free = np.flatnonzero((under > 0) & ~claimed)
    if not len(free):
        return claims
    free = free[heights(points[free]) <= _LOW]
    whole = list(claims)
    open_ones = [number for number in np.flatnonzero(np.isin(ids, under[free])) if len(claims[number])]
    if not open_ones:
        return claims
    claimed_points = np.concatenate([claims[number] for number in open_ones])
    starts = np.cumsum([0, *(len(claims[number]) for number in open_ones)])[:-1]
    tops = np.maximum.reduceat(heights(points[claimed_points]), starts)
    for number in (number for number, top in zip(open_ones, tops, strict=True) if top <= _LOW):
        claim, rest = claims[number], free[under[free] == ids[number]]
        near = around(int(number))
        high = heights(points[near]) > _LOW
        mine = under[near] == ids[number]
        beside = cKDTree(points[near, :2]).query_ball_point(points[rest, :2], max(settings.merge, 0.05))
        own = [
            # None are beside what lies outside the box: a mask can be larger than its box says.
            len(of) > 0 and not high[of].any() and mine[of].mean() >= settings.own_share
            for of in (np.array(places, np.intp) for places in beside)
        ]
        whole[number] = np.concatenate([claim, rest[np.array(own, bool)]])
    return whole
