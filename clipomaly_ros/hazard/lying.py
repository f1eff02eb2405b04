"""Long things that lie along the line of sight: their returns come in rings far apart."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from clipomaly_ros.hazard.foreground import ForegroundSettings

_LOW = 0.5  # metres above the ground: what ends below lies, or is as flat as if it did
_NEAR, _FAR = (0.2, 0.5), (0.5, 0.8)  # halves of a gap between two beams, less the beams themselves
_BESIDE = 0.05  # metres from the middle line of a thing, and 0.3 degrees: as far as beams are apart
_BESIDE_SLOPE = 0.005


def whole_lying_things(
    points: NDArray[np.float32],
    under: NDArray[np.unsignedinteger],
    claims: list[NDArray[np.intp]],
    ids: NDArray[np.intp],
    heights: Callable[[NDArray[np.float32]], NDArray[np.floating]],
    around: Callable[[int], NDArray[np.intp]],
    rays: NDArray[np.float32],
    settings: ForegroundSettings,
) -> list[NDArray[np.intp]]:
    """Return the claims of regions with the rest of what lies low under their masks.

    points: float32 [n, 3], metres, z up, origin at the LiDAR; under: region id under each, [n],
    0 = none; claims: points of each region's object, as indices; ids: of the regions. heights:
    returns the heights of points above the ground; around: returns the points in and around a
    region. rays: float32 [m, 3], ends of all rays in view; none if they began elsewhere.

    On a surface that lies, d away and seen from h above, two beams an angle a apart are d^2 a / h
    apart: 0.4 m at 10 m with 64 beams, which no clustering bridges. But the mask of a low
    thing covers no more ground than the thing, so that a low return under it belongs to it.
    Left out are returns near which something high stands or too much lies outside the mask:
    they are of what the mask's border lets through; and returns beyond a gap through which several
    beams reach the ground: near the horizon a mask of a few pixels covers things far apart.
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
        whole[number] = _continuous(claim, rest[np.array(own, bool)], points, rays, settings.merge)
    return whole


def _continuous(
    claim: NDArray[np.intp],
    rest: NDArray[np.intp],
    points: NDArray[np.float32],
    rays: NDArray[np.float32],
    merge: float,
) -> NDArray[np.intp]:
    """Return the claim with what of the rest no bare ground parts from it."""
    together = np.concatenate([claim, rest])
    reach = np.hypot(points[together, 0], points[together, 1])
    order = np.argsort(reach)
    thing, reach = points[together[order]], reach[order]
    slope = thing[:, 2] / reach
    gaps = np.flatnonzero(np.diff(reach) > merge) + 1
    cuts = [place for place in gaps if _bare(thing, slope, int(place), rays)]
    part = np.empty(len(order), np.intp)
    part[order] = np.searchsorted(cuts, np.arange(len(order)), side="right")
    return together[np.isin(part, part[: len(claim)])]


def _bare(
    thing: NDArray[np.float32], slope: NDArray[np.floating], place: int, rays: NDArray[np.float32]
) -> bool:
    """Tell whether beams pass through the gap before a place and meet the ground in line.

    thing: [k, 3], farther and farther away; slope: rise of the ray to each. What such a beam meets in
    line is ground, or it would be part of the thing. It can miss a cable that has a return a beam; if
    an end is wider than that, one is enough, else it takes one in either half of the gap.
    """
    near, far = thing[place - 1], thing[place]
    first, last = slope[place - 1], slope[place]
    if not last > first:
        return False  # it rises towards the sensor, no beam can pass between
    along = far[:2] - near[:2]
    length = float(np.hypot(*along))
    across = np.abs((rays[:, :2] - near[:2]) @ (np.array([-along[1], along[0]]) / length))
    onward = (rays[:, :2] - near[:2]) @ (along / length)
    beside = _BESIDE + _BESIDE_SLOPE * float(np.hypot(*near[:2]))
    between = rays[(across < beside) & (onward > 0) & (onward < length)]
    share = (between[:, 2] / np.hypot(between[:, 0], between[:, 1]) - first) / (last - first)
    halves = [bool(((share > low) & (share < high)).any()) for low, high in (_NEAR, _FAR)]
    same_beam = _NEAR[0] * (last - first)
    wide = max(np.count_nonzero(np.abs(slope - end) < same_beam) for end in (first, last)) > 1
    return any(halves) if wide else all(halves)
