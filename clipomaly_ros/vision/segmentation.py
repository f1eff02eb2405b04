"""The label picture at source size: interpolated class scores, best class of every pixel."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vision.upsampling import PatchInterpolation
from clipomaly_ros.vocabulary.entries import Entry

Map = NDArray[np.float32]

UNLABELLED_8 = 255
UNLABELLED_16 = 65535


def label_type(class_count: int) -> type[np.uint8] | type[np.uint16]:
    """Return the smallest type that holds the labels 0 to class_count - 1 and "unlabelled"."""
    if class_count > UNLABELLED_16:
        raise VisionError(f"{class_count} classes in one label image; at most {UNLABELLED_16} fit")
    return np.uint8 if class_count <= UNLABELLED_8 else np.uint16


def unlabelled(dtype: type[np.uint8] | type[np.uint16]) -> int:
    """Return the value that means "no label" in a label image of this type."""
    return UNLABELLED_8 if dtype is np.uint8 else UNLABELLED_16


def label_picture(
    cosines: Map, interpolation: PatchInterpolation, dtype: type[np.uint8] | type[np.uint16]
) -> NDArray[np.unsignedinteger]:
    """Return the class with the largest interpolated cosine for each pixel.

    cosines: float32 [h, w, C] over the valid patches. The picture has interpolation.size.

    Between two rows of patch centres only the classes that win a patch of either row are
    compared. That gives the argmax over all classes but for a few pixels where a class that is
    second everywhere wins in between. One band at a time, so that the work stays in the cache.
    """
    height, width = interpolation.size
    winners = np.argmax(cosines, axis=2)
    last = winners.shape[0] - 1
    labels = np.empty((height, width), dtype)
    edges = np.searchsorted(interpolation.lower[0], np.arange(last + 2))
    for lower in range(last + 1):
        first, stop = int(edges[lower]), int(edges[lower + 1])
        if first == stop:
            continue
        pair = slice(lower, min(lower + 1, last) + 1)
        classes = np.unique(winners[pair])
        if len(classes) == 1:
            labels[first:stop] = classes[0]
            continue
        # Along the rows first: there are far fewer patch rows than pixel rows.
        scores = interpolation.along_rows(cosines[pair][:, :, classes].transpose(2, 0, 1))
        _fill_band(labels[first:stop], classes, scores, interpolation.fraction[0][first:stop, None])
    return labels


def _fill_band(
    band: NDArray[np.unsignedinteger], classes: NDArray[np.intp], scores: Map, fraction: Map
) -> None:
    """Write the best class of each pixel of the rows between two patch rows.

    classes: ascending. scores: float32 [classes, 1 or 2, W] at the lower and the upper patch row.
    fraction: float32 [rows, 1], the share of the upper one.
    """
    band[:] = classes[0]
    best = scores[0, 0] + fraction * (scores[0, -1] - scores[0, 0])
    value = np.empty_like(best)
    better = np.empty(best.shape, bool)
    label = np.empty_like(band)
    for index, score in zip(classes[1:], scores[1:], strict=True):
        np.multiply(fraction, score[-1] - score[0], out=value)
        value += score[0]
        np.greater(value, best, out=better)
        np.maximum(value, best, out=best)
        # Classes ascend, so a later winner is the larger label: a maximum does the masked
        # assignment, several times faster.
        np.multiply(better, band.dtype.type(index), out=label)
        np.maximum(band, label, out=band)


def legend_of(
    entries: Sequence[Entry], approved_count: int, named: Sequence[int]
) -> tuple[tuple[Entry, ...], dict[int, int]]:
    """Return the legend, approved classes then the names in use, and the label of each such name.

    named: indices into entries of the names in use (W), in order of first use; may repeat.
    """
    labels: dict[int, int] = {}
    for index in named:
        labels.setdefault(index, approved_count + len(labels))
    return tuple(entries[:approved_count]) + tuple(entries[index] for index in labels), labels
