"""How often an anomaly gets its right name, first or among the first five."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass

from clipomaly_ros.evaluation.detection_rates import Key, Sighting
from clipomaly_ros.vision.types import AnomalyRegion
from clipomaly_ros.vocabulary.entries import NameSource

TOP = 5


@dataclass(frozen=True)
class Naming:
    """What one labelled object was called.

    published: its region carries the right name. ranked: the right name is the best of the
    candidates that are not approved classes, whether or not it was sure enough to be published.
    top5: the right name is among the first five of these. source: of the region's name.
    variant: index of the object's shape, -1 if unknown.
    """

    name: str
    group: str
    condition: str
    called: str
    source: NameSource
    published: bool
    ranked: bool
    top5: bool
    variant: int = -1


@dataclass(frozen=True)
class NamingAccuracy:
    """Shares of the objects found that were named right; NaN without objects."""

    count: int
    published: int
    ranked: int
    top5: int

    @property
    def top1_rate(self) -> float:
        """Return the share whose published name is right."""
        return self.published / self.count if self.count else float("nan")

    @property
    def ranked_rate(self) -> float:
        """Return the share whose best candidate is right."""
        return self.ranked / self.count if self.count else float("nan")

    @property
    def top5_rate(self) -> float:
        """Return the share whose first five candidates hold the right name."""
        return self.top5 / self.count if self.count else float("nan")


def naming_of(
    sighting: Sighting, regions: Mapping[int, AnomalyRegion], canonical: Mapping[str, str]
) -> Naming | None:
    """Compare an object's name with that of the region which covers most of it; None if not found.

    canonical: the vocabulary's name for every word and synonym; others stand for themselves.
    """
    region = regions.get(sighting.region)
    if not sighting.found or region is None:
        return None
    right = canonical.get(sighting.thing.name, sighting.thing.name)
    ranked = [item.name for item in region.candidates if item.source is not NameSource.APPROVED][:TOP]
    return Naming(
        name=right,
        group=sighting.thing.group,
        condition=sighting.condition,
        called=region.name,
        source=region.source,
        published=region.name == right,
        ranked=ranked[:1] == [right],
        top5=right in ranked,
        variant=sighting.thing.variant,
    )


def accuracy(namings: Iterable[Naming]) -> NamingAccuracy:
    """Return the accuracy over some objects."""
    items = list(namings)
    return NamingAccuracy(
        len(items),
        sum(item.published for item in items),
        sum(item.ranked for item in items),
        sum(item.top5 for item in items),
    )


def accuracy_by(namings: Iterable[Naming], key: Callable[[Naming], Key]) -> dict[Key, NamingAccuracy]:
    """Return the accuracy of each group of objects, in order of first appearance."""
    groups: dict[Key, list[Naming]] = {}
    for item in namings:
        groups.setdefault(key(item), []).append(item)
    return {name: accuracy(items) for name, items in groups.items()}


def held_out_apart(namings: Iterable[Naming], held_out: Collection[str]) -> tuple[list[Naming], list[Naming]]:
    """Return the objects of groups seen in training, and those of the groups held out of it."""
    items = list(namings)
    return (
        [item for item in items if item.group not in held_out],
        [item for item in items if item.group in held_out],
    )
