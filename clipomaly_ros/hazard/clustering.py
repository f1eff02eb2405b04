"""Clusters of points, for the surroundings of all regions of a picture at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

# Beams lie farther apart than the points along a beam: gaps upwards say less than gaps
# sideways, so heights are shrunk before distances are measured.
_HEIGHT_SCALE = 0.35
_LEAF = 16  # places in a leaf of the search tree: the fastest for some thousand of them


@dataclass(frozen=True, eq=False)
class Clusters:
    """Points thinned to cells, and the cells linked to clusters.

    order: intp [n], the points sorted by cell; starts: intp [m], where each cell begins in
    it; first: intp [m], the first point of each cell; cell: intp [n], the cell of each point.
    group: intp [m], the group of each cell; label: intp [m], its cluster. Cells and
    clusters are numbered group after group. count: number of clusters.
    """

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    first: NDArray[np.intp]
    cell: NDArray[np.intp]
    group: NDArray[np.intp]
    label: NDArray[np.intp]
    count: int

    def total(self, values: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the sum over each cell of values of the points [n]."""
        summed: NDArray[np.intp] = np.add.reduceat(values[self.order], self.starts)
        return summed

    def lowest(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the least over each cluster, [k, clusters], of several values of the points [k, n]."""
        in_cells = np.minimum.reduceat(np.take(values, self.order, axis=1), self.starts, axis=1)
        cells = np.argsort(self.label)
        begins = np.searchsorted(self.label[cells], np.arange(self.count))
        least: NDArray[np.float32] = np.minimum.reduceat(in_cells[:, cells], begins, axis=1)
        return least


def cluster(points: NDArray[np.floating], tolerance: float) -> NDArray[np.intp]:
    """Label points [n, 3]: those linked by steps of at most about tolerance [m] share a label."""
    if len(points) == 0:
        return np.empty(0, np.intp)
    found = cluster_groups(points, np.array([len(points)]), np.array([tolerance]))
    return found.label[found.cell]


def cluster_groups(
    points: NDArray[np.floating], sizes: NDArray[np.intp], tolerance: NDArray[np.float64]
) -> Clusters:
    """Cluster several groups of points, each for itself.

    points: [n, 3] in metres, group after group; sizes: points of each group, all > 0;
    tolerance: of each group [m]. Points are thinned to cells of half the tolerance first, so
    that dense surfaces cost little. All groups share one search tree, in which they lie
    apart and a tolerance is one unit: what a tree costs to set up is paid once.
    """
    group = np.repeat(np.arange(len(sizes)), sizes)
    begins = np.cumsum(sizes) - sizes
    scaled = [points[:, axis].astype(np.float64) for axis in range(3)]
    scaled[2] *= _HEIGHT_SCALE
    low = [np.minimum.reduceat(values, begins) for values in scaled]
    key = group
    step = np.repeat(0.5 * tolerance, sizes)
    for values, least in zip(scaled, low, strict=True):
        cells = ((values - np.repeat(least, sizes)) / step).astype(np.int64)
        key = key * (cells.max() + 1) + cells
    order = np.argsort(key)
    ordered = key[order]
    starts = np.concatenate([[0], np.flatnonzero(ordered[1:] != ordered[:-1]) + 1])
    lengths = np.diff(starts, append=len(order))
    first = np.minimum.reduceat(order, starts)
    cell = np.empty(len(order), np.intp)
    cell[order] = np.repeat(np.arange(len(starts)), lengths)
    owner = group[first]
    units = np.column_stack(
        [(values[first] - least[owner]) / tolerance[owner] for values, least in zip(scaled, low, strict=True)]
    )
    units[:, 0] += owner * (units[:, 0].max() + 2.0)
    label, count = _linked(units)
    return Clusters(order, starts, first, cell, owner, label, count)


def _linked(places: NDArray[np.float64]) -> tuple[NDArray[np.intp], int]:
    """Return the component of each place [m, 3], and their number; steps of one unit link."""
    pairs = cKDTree(places, leafsize=_LEAF).query_pairs(1.0, output_type="ndarray")
    return _components(len(places), *np.ascontiguousarray(pairs.T, np.int32))


def _components(count: int, one: NDArray[np.int32], other: NDArray[np.int32]) -> tuple[NDArray[np.intp], int]:
    """Return the component of each of `count` places that links one-other [n] join, and their number.

    Components are numbered by their first places. Every place takes the least number among those it
    is linked to, then that one's; after a few rounds nothing differs along any link (Shiloach and
    Vishkin, "An O(log n) parallel connectivity algorithm", 1982). A graph library takes twice the
    time to bring some thousand links into its own form.
    """
    least = np.arange(count, dtype=np.int32)
    while len(one):
        first, second = np.minimum(one, other), np.maximum(one, other)
        np.minimum.at(least, second, first)
        while True:
            further = least[least]
            if np.array_equal(further, least):
                break
            least = further
        one, other = least[one], least[other]
        apart = np.flatnonzero(one != other)
        one, other = one[apart], other[apart]
    roots = least == np.arange(count, dtype=np.int32)
    number: NDArray[np.intp] = (np.cumsum(roots) - 1)[least]
    return number, int(np.count_nonzero(roots))
