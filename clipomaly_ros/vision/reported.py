"""Regions of approved classes that are hazards wherever they are (person, cone)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.regions import Component, ConnectedRegions, PictureScale
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
    winners: NDArray[np.intp] | None = None,
) -> tuple[list[ReportedRegion], int]:
    """Return the regions of the classes to report, largest first, and how many were cut.

    labels: approved class of each pixel at source size. cosines: float32 [h, w, C].
    unknown: regions that already say something else. interpolation: to the working picture.
    area_limits: least and largest area [source pixel]. winners: as for label_picture.
    """
    marked = np.array([entry.report for entry in table.entries[: table.approved_count]])
    if winners is None:
        winners = np.argmax(cosines, axis=2)
    if not marked[winners].any():
        return [], 0
    values = np.where(marked, np.arange(1, len(marked) + 1), 0).astype(np.uint16)
    picture = values.take(scale.to_working(labels))
    for component in unknown:
        component.paint(picture, 0)
    if not picture.any():
        return [], 0
    regions = ConnectedRegions(picture, scale)
    cut = int((regions.areas[1:] > area_limits[1]).sum())
    wanted = regions.by_area(*area_limits)
    if not len(wanted):
        return [], cut
    # Only of the patches that the regions show, which are few.
    shown = interpolation.patches_of(regions.pixels)
    probabilities = np.zeros_like(cosines)
    probabilities[shown] = class_probabilities(cosines[shown], logit_scale)
    entries = picture.ravel()[regions.pixels].astype(np.intp) - 1
    means = (
        regions.sums(interpolation.sample(probabilities, regions.pixels, entries))[wanted]
        / regions.areas[wanted]
    )
    likely = means >= min_probability
    components = regions.cut_out(wanted[likely][:limit].tolist())
    found = [
        ReportedRegion(component, component.value - 1, float(mean))
        for component, mean in zip(components, means[likely].tolist(), strict=False)
    ]
    return found, cut + max(0, int(likely.sum()) - limit)
