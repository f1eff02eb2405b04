"""One image in overlapping tiles, and their patch maps blended into one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.score_sources import linear_weights, patch_centres
from clipomaly_ros.vision.types import VisionError

Map = NDArray[np.float32]

MAX_TILES = 8  # along an axis


@dataclass(frozen=True, eq=False)
class TileLayout:
    """Where tiles lie, and how their patches make one map. All sizes are height, width [pixel].

    windows: rows and columns of each tile in the image, row by row. tile: how each lies in the encoder
    input; all have one size. grid: of the blended map, a letterbox of the whole image, as if the encoder
    input were so large. weights: for each axis and place of a tile along it, float32 [cells of the grid,
    patches of a tile]; the places of an axis sum up to 1 in each cell.
    """

    windows: tuple[tuple[slice, slice], ...]
    tile: Letterbox
    grid: Letterbox
    weights: tuple[tuple[Map, ...], tuple[Map, ...]]

    def blend(self, patches: Sequence[Map]) -> Map:
        """Return the map of the whole image, float32 [h, w, D], L2-normalised.

        patches: valid patches of each tile, float32 [g, g', D], in the order of `windows`. A cell that
        several tiles show is their mean, each the heavier the farther the cell is from its border.
        """
        size = tuple(part.stop - part.start for part in self.grid.valid)
        blended = np.zeros((*size, patches[0].shape[2]), np.float32)
        across = len(self.weights[1])
        for place, tile in enumerate(patches):
            (down, rows), (right, columns) = (
                _used(self.weights[axis][index]) for axis, index in enumerate(divmod(place, across))
            )
            part = np.tensordot(down, tile, axes=1)
            blended[rows, columns] += np.matmul(right, part)
        norms = np.linalg.norm(blended, axis=2, keepdims=True)
        return np.asarray(blended / np.maximum(norms, 1e-6), dtype=np.float32)


@lru_cache(maxsize=16)
def tile_layout(
    size: tuple[int, int],
    input_size: tuple[int, int],
    patch_size: int,
    fit: str,
    tiles: tuple[int, int],
    overlap: float,
) -> TileLayout:
    """Return the layout for one geometry; a camera's geometry never changes, so it is kept.

    tiles: columns, rows. overlap: share of a tile's side that it shares with the next one, 0 to below 1.
    """
    if not all(1 <= count <= MAX_TILES for count in tiles) or not 0.0 <= overlap < 1.0:
        raise VisionError(
            f"tiles: expected 1 to {MAX_TILES} each way, overlapping by 0 to below 1, got {tiles}, {overlap}"
        )
    places = [tile_places(side, count, overlap) for side, count in zip(size, tiles[::-1], strict=True)]
    lengths = (places[0][1], places[1][1])
    tile = Letterbox.fit(lengths, input_size, patch_size, fit)
    content = list(tile.content_size)
    if tiles != (1, 1):
        tile = _whole_patches(tile)
        content = [
            patch_size * max(1, round(side * inside / length / patch_size))
            for side, inside, length in zip(size, tile.content_size, lengths, strict=True)
        ]
    whole = [-(-side // patch_size) * patch_size for side in content]
    grid = Letterbox(size, (whole[0], whole[1]), patch_size, (content[0], content[1]), (0, 0))
    windows = tuple(
        (slice(top, top + lengths[0]), slice(left, left + lengths[1]))
        for top in places[0][0]
        for left in places[1][0]
    )
    down, right = (_axis_weights(grid, tile, places[axis][0], axis) for axis in (0, 1))
    return TileLayout(windows, tile, grid, (down, right))


def _whole_patches(tile: Letterbox) -> Letterbox:
    """Return the letterbox with content of whole patches: one half filled would be a seam in the image."""
    patch = tile.patch_size
    height, width = (max(1, round(side / patch)) * patch for side in tile.content_size)
    top, left = (
        min(start, limit - side)
        for start, limit, side in zip(tile.offset, tile.input_size, (height, width), strict=True)
    )
    return replace(tile, content_size=(height, width), offset=(top, left))


def tile_places(side: int, count: int, overlap: float) -> tuple[list[int], int]:
    """Return where `count` tiles of equal length begin along a side [pixel], and their length.

    They cover it without a gap, the first from its beginning and the last to its end. A side of fewer
    pixels than tiles has tiles of one pixel in the same places.
    """
    length = min(side, max(1, int(np.ceil(side / (count - (count - 1) * overlap) - 1e-9))))
    if count == 1:
        return [0], side
    return [round(index * (side - length) / (count - 1)) for index in range(count)], length


def _axis_weights(grid: Letterbox, tile: Letterbox, starts: Sequence[int], axis: int) -> tuple[Map, ...]:
    cells, patches = patch_centres(grid, axis), patch_centres(tile, axis)
    length = tile.source_size[axis]
    # How far inside each tile a cell lies; at least a little, so that no cell is left without a tile.
    inside = np.array([np.minimum(cells - (start - 0.5), start + length - 0.5 - cells) for start in starts])
    nearest = inside == inside.max(axis=0)
    share = np.where(nearest, np.maximum(inside, 1e-3), np.maximum(inside, 0.0))
    share /= share.sum(axis=0)
    return tuple(
        (part[:, None] * linear_weights(cells, patches + start)).astype(np.float32)
        for part, start in zip(share, starts, strict=True)
    )


def _used(weights: Map) -> tuple[Map, slice]:
    """Return the rows of a matrix that are not all zero, which are neighbours, and where they are."""
    rows = np.flatnonzero(weights.any(axis=1))
    if not len(rows):
        return weights[:0], slice(0, 0)
    return weights[rows[0] : rows[-1] + 1], slice(int(rows[0]), int(rows[-1]) + 1)
