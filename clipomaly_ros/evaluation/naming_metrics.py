"""How often an anomaly gets its right name, first or among the first five."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

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
    variant: index of the object's shape, -1 if unknown. ranks: by source that offered candidates, the place
    of the right name among its own, 0 for the best one, -1 if it is not there.
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
    ranks: Mapping[NameSource, int] = field(default_factory=dict)


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
        ranks=_ranks(region, right),
    )


def _ranks(region: AnomalyRegion, right: str) -> dict[NameSource, int]:
    offered: dict[NameSource, list[str]] = {}
    for item in region.candidates:
        if item.source is not NameSource.APPROVED:
            offered.setdefault(item.source, []).append(item.name)
    return {source: names.index(right) if right in names else -1 for source, names in offered.items()}


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


@dataclass(frozen=True)
class SourceAccuracy:
    """What one source of names did for the objects found.

    count: objects found, whatever named them. named: objects whose region carries a name of the source;
    right: those of them whose name is right. first, top5: objects whose right name is the best, or one of
    the first five, of the source's own candidates.
    """

    count: int
    named: int
    right: int
    first: int
    top5: int

    @property
    def first_rate(self) -> float:
        """Return the share of the objects found for which the source's best candidate is right."""
        return self.first / self.count if self.count else float("nan")

    @property
    def top5_rate(self) -> float:
        """Return the share for which one of the source's first five is right."""
        return self.top5 / self.count if self.count else float("nan")


def accuracy_by_source(namings: Iterable[Naming]) -> dict[NameSource, SourceAccuracy]:
    """Return what each source did that offered a candidate for any object, in the sources' order.

    Sources beside each other, each as if it had been asked alone: a candidate competes with those of its
    own source only.
    """
    items = list(namings)
    return {
        source: SourceAccuracy(
            len(items),
            sum(item.source is source for item in items),
            sum(item.source is source and item.published for item in items),
            sum(item.ranks.get(source, -1) == 0 for item in items),
            sum(0 <= item.ranks.get(source, -1) < TOP for item in items),
        )
        for source in NameSource
        if any(source in item.ranks for item in items)
    }


def naming_figures(item: NamingAccuracy) -> dict[str, float]:
    """Return the accuracy of naming as plain data."""
    return {
        "objects": item.count,
        "top1": item.top1_rate,
        "best_candidate": item.ranked_rate,
        "top5": item.top5_rate,
    }


def source_figures(namings: Iterable[Naming]) -> dict[str, dict[str, float]]:
    """Return what each source of names did as plain data, by its name."""
    return {
        source.name.lower(): {
            "objects": item.count,
            "named": item.named,
            "named_right": item.right,
            "top1": item.first_rate,
            "top5": item.top5_rate,
        }
        for source, item in accuracy_by_source(namings).items()
    }
