"""What training has never seen, told apart in the locked test split of the synthetic apron.

Held out are whole groups of anomalies, of every anomaly with several shapes the last one, and one
type of aircraft. Anomalies are new in one of the first two ways; the aircraft is a known class in a
new shape, so what counts there is that it is still called an aircraft and nothing unknown.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import LabelledFrame
from clipomaly_ros.evaluation.pixel_metrics import ANOMALY, VOID
from clipomaly_ros.vocabulary.entries import Entry

SEEN, NEW_SHAPE, NEW_GROUP = "seen in training", "held-out shape", "held-out group"
NOVELTIES = (SEEN, NEW_SHAPE, NEW_GROUP)
RESERVED_SPLITS = ("test",)  # that show what is held out
SHAPE_GROUPS = ("aircraft",)  # known classes with a held-out shape


class Shaped(Protocol):
    """Anything with a name, a group and the index of a shape."""

    @property
    def name(self) -> str:
        """Return the name, as in the vocabulary."""

    @property
    def group(self) -> str:
        """Return the group."""

    @property
    def variant(self) -> int:
        """Return the index of the shape, -1 if unknown."""


def held_out_shapes(split: str) -> dict[str, int]:
    """Return the index of the held-out shape by name; empty for a split that does not show them.

    DataError if the simulator's packages are missing, which know the shapes.
    """
    if split not in RESERVED_SPLITS:
        return {}
    if importlib.util.find_spec("trimesh") is None:
        raise DataError(
            f"the split '{split}' shows held-out shapes: expected the simulator's packages, which know "
            "them; install them: source scripts/environment --with simulation"
        )
    from clipomaly_ros.simulation.assets.registry import ANOMALIES, KNOWN

    known = [asset for asset in KNOWN.values() if asset.group in SHAPE_GROUPS]
    every = [*ANOMALIES.values(), *known]
    return {asset.name: len(asset.variants) - 1 for asset in every if len(asset.variants) > 1}


def novelty_of(thing: Shaped, groups: Collection[str], shapes: Mapping[str, int]) -> str:
    """Return one of NOVELTIES for a thing."""
    if thing.group in groups:
        return NEW_GROUP
    return NEW_SHAPE if thing.variant >= 0 and shapes.get(thing.name) == thing.variant else SEEN


def label_of_novelty(
    frame: LabelledFrame, novelty: str, groups: Collection[str], shapes: Mapping[str, int]
) -> NDArray[np.uint8]:
    """Return the anomaly label of a frame in which all anomalies of other kinds are void, uint8 [H, W]."""
    if frame.instances is None:
        return frame.anomaly
    keep = np.zeros(65536, bool)
    keep[[thing.value for thing in frame.things if novelty_of(thing, groups, shapes) == novelty]] = True
    other = (frame.anomaly == ANOMALY) & ~keep[frame.instances]
    return np.where(other, np.uint8(VOID), frame.anomaly)


@dataclass(frozen=True)
class KnownSighting:
    """One visible object of a known group that has a held-out shape.

    area: visible pixels. unknown: how many of them unknown regions cover. right: how many carry a
    label of the object's own group.
    """

    condition: str
    group: str
    novelty: str
    area: int
    unknown: int
    right: int


def known_sightings(
    frame: LabelledFrame,
    labels: NDArray[np.unsignedinteger],
    legend: Sequence[Entry],
    unknown: NDArray[np.bool_],
    shapes: Mapping[str, int],
) -> list[KnownSighting]:
    """Return what became of the frame's objects of SHAPE_GROUPS.

    labels: [H, W], indices into legend. unknown: bool [H, W], where unknown regions lie.
    """
    if frame.instances is None:
        return []
    found = []
    groups = np.array([entry.group for entry in legend])
    for thing in frame.known:
        if thing.group not in SHAPE_GROUPS:
            continue
        inside = frame.instances == thing.value
        called = labels[inside].astype(np.int64)
        right = int((groups[called[called < len(groups)]] == thing.group).sum())
        novelty = novelty_of(thing, (), shapes)
        area, covered = len(called), int(unknown[inside].sum())
        if area:
            found.append(KnownSighting(frame.condition, thing.group, novelty, area, covered, right))
    return found


@dataclass(frozen=True)
class KnownRate:
    """Objects of a known group: their number, and shares of all their pixels."""

    objects: int
    unknown: float
    right: float


def known_rate(sightings: Iterable[KnownSighting]) -> KnownRate:
    """Return the shares of the pixels of some objects; NaN without objects."""
    items = list(sightings)
    total = sum(item.area for item in items)
    if not total:
        return KnownRate(0, float("nan"), float("nan"))
    return KnownRate(
        len(items), sum(item.unknown for item in items) / total, sum(item.right for item in items) / total
    )
