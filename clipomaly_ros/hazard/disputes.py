"""Returns that two regions claim: things so near each other that depth alone cannot part them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

_UNMASKED = 1 / 3  # more of the claimed returns under neither mask: one thing, drawn in pieces


def settle_disputes(
    points: NDArray[np.floating],
    under: NDArray[np.unsignedinteger],
    claims: list[NDArray[np.intp]],
    ids: NDArray[np.intp],
) -> list[NDArray[np.intp]]:
    """Return the claims of regions without the returns that belong to the region beside them.

    points: [n, 3], metres; under: region id under each, [n], 0 = none; claims: points of each
    region's object, as indices; ids: of the regions. Two people side by side are one cluster,
    and each of their masks would get both. What both claim goes to the one whose mask it is
    under, what is under neither mask to the nearer of them. Where a third or more is under
    neither, the masks are pieces of one thing, and it stays with both.
    """
    settled = list(claims)
    for one, other in _rivals(claims):
        disputed = np.intersect1d(claims[one], claims[other], assume_unique=True)
        owner = under[disputed]
        mine, theirs = owner == ids[one], owner == ids[other]
        free = ~(mine | theirs)
        if not (mine.any() and theirs.any()) or np.count_nonzero(free) >= _UNMASKED * len(disputed):
            continue
        if free.any():
            places = points[disputed]
            to_mine, to_theirs = (cKDTree(places[side]).query(places[free])[0] for side in (mine, theirs))
            mine[free] = to_mine < to_theirs
        settled[one] = np.setdiff1d(settled[one], disputed[~mine], assume_unique=True)
        settled[other] = np.setdiff1d(settled[other], disputed[mine], assume_unique=True)
    return settled


def _rivals(claims: list[NDArray[np.intp]]) -> list[tuple[int, int]]:
    """Return the pairs of regions that claim a point both; only those, few of many, cost time."""
    point = np.concatenate(claims) if claims else np.empty(0, np.intp)
    order = np.argsort(point, kind="stable")  # of equal points the claims in order of the regions
    point = point[order]
    region = np.repeat(np.arange(len(claims)), [len(claim) for claim in claims])[order]
    found: set[tuple[int, int]] = set()
    for step in range(1, len(claims)):
        same = np.flatnonzero(point[step:] == point[:-step])
        if not len(same):
            break
        found |= set(zip(region[same].tolist(), region[same + step].tolist(), strict=True))
    return sorted(found)
