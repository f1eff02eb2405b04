"""Several names in one region: which of them each of its cells shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.naming import RegionName
from clipomaly_ros.vision.regions import Component
from clipomaly_ros.vision.types import TextTable
from clipomaly_ros.vision.upsampling import PatchInterpolation

Map = NDArray[np.float32]


def inner_labels(
    regions: Sequence[Component],
    names: Sequence[RegionName],
    patches: Map,
    interpolation: PatchInterpolation,
    table: TextTable,
    labels: Mapping[int, int],
) -> dict[int, NDArray[np.unsignedinteger]]:
    """Return the labels inside each region that has several names, uint16, by the region's place.

    Every cell of the working picture gets the name of the largest interpolated cosine. Each array is a
    crop like Component.mask; it means nothing outside the mask.
    patches: float32 [h, w, D]. interpolation: to the working picture. labels: of each named entry.
    """
    found: dict[int, NDArray[np.unsignedinteger]] = {}
    for place, (region, name) in enumerate(zip(regions, names, strict=True)):
        if name.entry is None or not name.others:
            continue
        entries = [name.entry, *name.others]
        cosines = patches @ table.embeddings[entries].T
        rows, columns = np.nonzero(region.mask)
        pixels = (rows + region.top) * interpolation.size[1] + columns + region.left
        values = [
            interpolation.sample(cosines, pixels, np.full(len(pixels), plane))
            for plane in range(len(entries))
        ]
        crop = np.zeros(region.mask.shape, np.uint16)
        crop[rows, columns] = np.array([labels[entry] for entry in entries])[np.argmax(values, axis=0)]
        found[place] = crop
    return found
