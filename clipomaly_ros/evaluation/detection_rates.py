"""Which labelled anomalies were found, by size, distance and condition."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.labelled_frames import LabelledFrame, LabelledThing

Key = TypeVar("Key", bound=Hashable)

SIZE_EDGES = (0.0, 0.05, 0.1, 0.3, 1.0, np.inf)  # [m]; the first three are those of the hazard policy
DISTANCE_EDGES = (0.0, 10.0, 20.0, 30.0, 50.0, np.inf)  # [m]


@dataclass(frozen=True)
class DetectionRule:
    """When a labelled object counts as found.

    coverage: share of its visible pixels that regions must cover. small_area: of a smaller object
    [pixel] one covered pixel is enough, as a mask at working resolution cannot fit it.
    min_area: an object with fewer visible pixels is not counted at all.
    """

    coverage: float = 0.25
    small_area: int = 200
    min_area: int = 10


DEFAULT_RULE = DetectionRule()


@dataclass(frozen=True)
class Sighting:
    """One labelled, visible object and what became of it.

    area: visible pixels. covered: how many of them unknown regions cover. region: identifier of
    the region that covers most of it, 0 if none. found: by unknown regions.
    reported: by any published region, the known ones included.
    """

    frame: str
    condition: str
    thing: LabelledThing
    area: int
    covered: int
    region: int
    found: bool
    reported: bool


def sightings_of(
    frame: LabelledFrame,
    region_image: NDArray[np.unsignedinteger],
    unknown: Sequence[int],
    rule: DetectionRule,
) -> list[Sighting]:
    """Compare the objects of a frame with the published regions.

    region_image: [H, W], 0 = none, else a region's identifier. unknown: identifiers of the
    regions whose state is unknown.
    """
    if frame.instances is None or not frame.things:
        return []
    # Other objects have numbers in the instance picture, too: only those that count get a place.
    place = np.zeros(65536, np.uint16)
    place[[thing.value for thing in frame.things]] = np.arange(1, len(frame.things) + 1)
    places = place[frame.instances].ravel()
    labelled = np.flatnonzero(places)
    regions = region_image.ravel()[labelled].astype(np.int64)
    width = int(regions.max(initial=0)) + 1
    overlap = np.bincount(
        places[labelled].astype(np.int64) * width + regions, minlength=(len(frame.things) + 1) * width
    )
    overlap = overlap.reshape(-1, width)
    counted = np.zeros(width, bool)
    counted[[identifier for identifier in unknown if identifier < width]] = True
    found = []
    for thing, row in zip(frame.things, overlap[1:], strict=True):
        area = int(row.sum())
        if area < max(rule.min_area, 1):
            continue
        unknown_row = np.where(counted, row, 0)
        covered = int(unknown_row.sum())
        best = int(unknown_row.argmax()) if covered else 0
        found.append(
            Sighting(
                frame.name,
                frame.condition,
                thing,
                area,
                covered,
                best,
                _enough(covered, area, rule),
                _enough(int(row[1:].sum()), area, rule),
            )
        )
    return found


def _enough(covered: int, area: int, rule: DetectionRule) -> bool:
    return covered > 0 if area < rule.small_area else covered >= rule.coverage * area


@dataclass(frozen=True)
class Rate:
    """Share of the objects that were found; NaN without objects."""

    found: int
    total: int

    @property
    def rate(self) -> float:
        """Return found / total."""
        return self.found / self.total if self.total else float("nan")


def rates_by(
    sightings: Iterable[Sighting], key: Callable[[Sighting], Key], reported: bool = False
) -> dict[Key, Rate]:
    """Return the detection rate of each group of objects, in order of first appearance."""
    counts: dict[Key, list[int]] = {}
    for sighting in sightings:
        entry = counts.setdefault(key(sighting), [0, 0])
        entry[0] += sighting.reported if reported else sighting.found
        entry[1] += 1
    return {name: Rate(*entry) for name, entry in counts.items()}


def bin_name(value: float, edges: Sequence[float], unit: str = "m") -> str:
    """Return the name of the bin that holds a value, e.g. "0.1 to 0.3 m"; "unknown" for NaN."""
    if np.isnan(value):
        return "unknown"
    index = int(np.clip(np.searchsorted(edges, value, side="right") - 1, 0, len(edges) - 2))
    low, high = edges[index], edges[index + 1]
    return f"over {low:g} {unit}" if np.isinf(high) else f"{low:g} to {high:g} {unit}"


def bin_names(edges: Sequence[float], unit: str = "m") -> list[str]:
    """Return the names of all bins in order."""
    return [bin_name(low, edges, unit) for low in edges[:-1]]
