"""Regions of approved classes that are hazards wherever they are (person, cone)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.regions import Component, PictureScale, find_components
from clipomaly_ros.vision.types import TextTable
from clipomaly_ros.vision.unknown_score import class_probabilities
from clipomaly_ros.vision.upsampling import PatchInterpolation

Map = NDArray[np.float32]


@dataclass(frozen=True)
class ReportedRegion:
    """One region of an approved class.

    entry: index into TextTable.entries, which is also its label.
    probability: mean probability of the class over the region, among the approved classes.
    """

    component: Component
    entry: int
    probability: float


def find_reported(
    labels: NDArray[np.unsignedinteger],
    cosines: Map,
    table: TextTable,
    unknown: Sequence[Component],
    interpolation: PatchInterpolation,
    scale: PictureScale,
    logit_scale: float,
    min_probability: float,
    area_limits: tuple[float, float],
    limit: int,
) -> tuple[list[ReportedRegion], int]:
    """Return the regions of the classes to report, largest first, and how many were cut.

    labels: approved class of each pixel at source size. cosines: float32 [h, w, C].
    unknown: regions that already say something else. interpolation: to the working picture.
    area_limits: least and largest area [source pixel].
    """
    marked = np.array([entry.report for entry in table.entries[: table.approved_count]])
    values = np.where(marked, np.arange(1, len(marked) + 1), 0).astype(np.uint16)
    if not marked[np.unique(np.argmax(cosines, axis=2))].any():
        return [], 0
    picture = values[scale.to_working(labels)]
    for component in unknown:
        component.paint(picture, 0)
    components, cut = find_components(picture, scale, *area_limits, limit=picture.size)
    if not components:
        return [], cut
    probabilities = class_probabilities(cosines, logit_scale)
    pictures: dict[int, Map] = {}
    found = []
    for component in components:
        entry = component.value - 1
        if entry not in pictures:
            pictures[entry] = interpolation.upsample(np.ascontiguousarray(probabilities[:, :, entry]))
        probability = component.mean(pictures[entry], scale)
        if probability >= min_probability:
            found.append(ReportedRegion(component, entry, probability))
    return found[:limit], cut + max(0, len(found) - limit)
