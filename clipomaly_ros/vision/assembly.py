"""Regions with names, put together: identifiers, region image, labels inside regions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.naming import RegionName
from clipomaly_ros.vision.regions import Component, PictureScale
from clipomaly_ros.vision.reported import ReportedRegion
from clipomaly_ros.vision.types import AnomalyRegion, NameScore, RegionState, TextTable
from clipomaly_ros.vocabulary.entries import NameSource


@dataclass(frozen=True)
class LabelledRegion:
    """A region, what it is called, and its value in the label image.

    inner: labels of its cells where it has several names, a crop like Component.mask.
    """

    component: Component
    name: RegionName
    label: int
    inner: NDArray[np.unsignedinteger] | None = None


def label_regions(
    unknown: Sequence[Component],
    names: Sequence[RegionName],
    reported: Sequence[ReportedRegion],
    table: TextTable,
    labels: Mapping[int, int],
    nameless: int,
    inner: Mapping[int, NDArray[np.unsignedinteger]] = MappingProxyType({}),
) -> list[LabelledRegion]:
    """Return all regions of an image, largest first.

    labels: label of each named entry. nameless: label of regions without a name.
    inner: labels inside regions with several names, by place in `unknown`.
    """
    regions = [
        LabelledRegion(
            component, name, nameless if name.entry is None else labels[name.entry], inner.get(place)
        )
        for place, (component, name) in enumerate(zip(unknown, names, strict=True))
    ]
    regions += [LabelledRegion(item.component, _known_name(item, table), item.entry) for item in reported]
    return sorted(regions, key=lambda region: -region.component.area)


def paint_regions(
    regions: Sequence[LabelledRegion], labels: NDArray[np.unsignedinteger], scale: PictureScale
) -> NDArray[np.unsignedinteger]:
    """Return the region image at source size, and write each region's label into `labels`.

    A region's identifier is its place in `regions`, from 1.
    """
    picture = np.zeros(scale.size, np.uint8 if len(regions) < 256 else np.uint16)
    for index, region in enumerate(regions, start=1):
        region.component.paint(picture, index)
    image = scale.to_source(picture)
    for index, region in enumerate(regions, start=1):
        x, y, width, height = region.component.box
        inside = image[y : y + height, x : x + width] == index
        value: NDArray[np.unsignedinteger] = np.asarray(region.label, labels.dtype)
        if region.inner is not None:
            part = region.component
            value = scale.crop_to_source(region.inner, part.top, part.left)
        np.copyto(labels[y : y + height, x : x + width], value, where=inside)
    return image


def published_regions(
    regions: Sequence[LabelledRegion], score: NDArray[np.float32], scale: PictureScale
) -> tuple[AnomalyRegion, ...]:
    """Return the regions as the result carries them; score: float32 working picture."""
    return tuple(
        AnomalyRegion(
            id=index,
            label=region.label,
            name=region.name.name,
            source=region.name.source,
            candidates=region.name.candidates,
            score=min(max(region.component.mean(score, scale), 0.0), 1.0),
            box=region.component.box,
            area=region.component.area,
            state=region.name.state,
            group=region.name.group,
        )
        for index, region in enumerate(regions, start=1)
    )


def _known_name(item: ReportedRegion, table: TextTable) -> RegionName:
    entry = table.entries[item.entry]
    score = NameScore(entry.name, min(item.probability, 1.0), NameSource.APPROVED)
    return RegionName(item.entry, entry.name, NameSource.APPROVED, entry.group, RegionState.KNOWN, (score,))
