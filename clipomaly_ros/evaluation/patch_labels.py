"""The label of each patch of an encoder, from a semantic picture."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.score_sources import patch_centres

_SIDE = 4  # points along a side of a patch at which the picture is looked at


def patch_labels(
    semantic: NDArray[np.uint8], letterbox: Letterbox
) -> tuple[NDArray[np.uint8], NDArray[np.float32]]:
    """Return the most frequent label of each valid patch, uint8 [h, w], and its share, float32 [h, w].

    semantic: uint8 [H, W] of the source's size. 16 points of each patch count.
    """
    points = []
    for axis in (0, 1):
        centres = patch_centres(letterbox, axis)
        pitch = letterbox.patch_size * letterbox.source_size[axis] / letterbox.content_size[axis]
        steps = (np.arange(_SIDE) + 0.5) / _SIDE - 0.5
        spread = np.rint(centres[:, None] + pitch * steps).astype(np.intp)
        points.append(np.clip(spread, 0, letterbox.source_size[axis] - 1).ravel())
    rows, columns = (len(part) // _SIDE for part in points)
    seen = semantic[np.ix_(*points)].reshape(rows, _SIDE, columns, _SIDE)
    seen = seen.swapaxes(1, 2).reshape(rows, columns, _SIDE * _SIDE)
    counts = (seen[..., :, None] == seen[..., None, :]).sum(axis=-1, dtype=np.uint8)
    best = counts.argmax(axis=-1)[..., None]
    labels = np.take_along_axis(seen, best, axis=-1)[..., 0]
    shares = np.take_along_axis(counts, best, axis=-1)[..., 0] / np.float32(_SIDE * _SIDE)
    return labels, shares.astype(np.float32)


def label_numbers(
    class_names: tuple[str, ...], approved: dict[str, int], void: int = 255
) -> NDArray[np.uint8]:
    """Return the approved class of each label of a data set, uint8 [256], `void` where there is none.

    approved: number of every name and synonym of the approved classes.
    """
    table = np.full(256, void, np.uint8)
    for label, name in enumerate(class_names[:255]):
        table[label] = approved.get(name, void)
    return table
