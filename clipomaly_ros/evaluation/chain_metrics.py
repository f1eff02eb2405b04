"""Published zones against the objects that are really there, frame by frame and over a whole bag."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from clipomaly_ros.evaluation.chain_run import PublishedFrame, PublishedZone
from clipomaly_ros.hazard.types import Support, ZoneState
from clipomaly_ros.simulation.scenario_file import ScenarioObject
from clipomaly_ros.simulation.scene_types import OrientedBox

REPORTED_CLASSES = frozenset({"person", "cone", "chock", "barrier"})  # known, and hazards all the same


@dataclass(frozen=True)
class ChainRules:
    """What counts.

    gate: a zone is at an object when its centre is this near to the object's footprint [m], or
    when the two footprints' intersection over union is at least least_iou. visible_pixels: an
    object with fewer is not visible. least_frames: an object visible in fewer pictures within a
    range is not judged there. clear_range: within it a zone that goes is a hazard [m].
    """

    gate: float = 0.5
    least_iou: float = 0.1
    visible_pixels: int = 10
    least_frames: int = 5
    clear_range: float = 30.0


@dataclass
class ObjectRecord:
    """What became of one anomalous object.

    distances: of the frames in which it was visible [m]; confirmed: whether a confirmed zone was
    at it then. first_visible, first_confirmed: stamps [ns] or None;
    visible_at, confirmed_at: numbers of those frames.
    centre_errors, ious, bottom_errors, top_errors: of every frame with a confirmed zone, in
    metres (zone minus object for the last two). grounded: whether it rested on the ground
    plane, without LiDAR returns. false_clears: times its zone went while it was visible in clear
    range and nothing else covered it; uncovered: frames in which no zone was at it any more, for
    whatever reason.
    """

    bag: str
    condition: str
    number: int
    name: str
    group: str
    extent: float
    height: float
    distances: list[float] = field(default_factory=list)
    confirmed: list[bool] = field(default_factory=list)
    first_visible: int | None = None
    first_confirmed: int | None = None
    visible_at: int = 0
    confirmed_at: int = 0
    centre_errors: list[float] = field(default_factory=list)
    ious: list[float] = field(default_factory=list)
    bottom_errors: list[float] = field(default_factory=list)
    top_errors: list[float] = field(default_factory=list)
    grounded: list[bool] = field(default_factory=list)
    id_switches: int = 0
    false_clears: int = 0
    uncovered: int = 0
    zone_name: str = ""
    zone_names: tuple[str, ...] = ()

    @property
    def wait(self) -> tuple[int, float] | None:
        """Return frames and seconds from first visible to first confirmed; None without both."""
        if self.first_visible is None or self.first_confirmed is None:
            return None
        seconds = (self.first_confirmed - self.first_visible) * 1e-9
        return max(self.confirmed_at - self.visible_at, 0), max(seconds, 0.0)  # a speck may be known before

    def judged(self, low: float, high: float, least_frames: int) -> bool:
        """Tell whether it was visible often enough at distances from low to below high [m]."""
        return sum(low <= distance < high for distance in self.distances) >= least_frames

    def found(self, low: float, high: float) -> bool:
        """Tell whether it had a confirmed zone while it was visible at such distances."""
        pairs = zip(self.distances, self.confirmed, strict=True)
        return any(low <= distance < high and confirmed for distance, confirmed in pairs)


@dataclass
class ZoneRecord:
    """One zone that was confirmed at some time: in how many frames it was at what.

    anomaly, reported: at an anomalous object, or at one of the REPORTED_CLASSES. other: at
    another known object. nothing: at none.
    """

    id: str
    bag: str
    condition: str
    name: str = ""
    anomaly: int = 0
    reported: int = 0
    other: int = 0
    nothing: int = 0

    @property
    def verdict(self) -> str:
        """Return "anomaly", "reported", "other" or "nothing", where it was most often."""
        counts = {key: getattr(self, key) for key in ("anomaly", "reported", "other", "nothing")}
        return max(counts, key=lambda key: counts[key])


@dataclass
class BagScore:
    """All records of one bag. known: False when its known objects are not on record."""

    bag: str
    condition: str
    frames: int
    known: bool
    objects: list[ObjectRecord]
    zones: dict[str, ZoneRecord]


def score_bag(
    bag: str,
    condition: str,
    frames: Sequence[PublishedFrame],
    objects: Sequence[ScenarioObject],
    known: Sequence[ScenarioObject] | None,
    visible: Mapping[int, Mapping[int, int]],
    rules: ChainRules | None = None,
) -> BagScore:
    """Compare the zones of a bag with its objects.

    visible: stamp [ns] -> number of an object -> visible pixels.
    """
    rules = rules or ChainRules()
    records = [
        ObjectRecord(
            bag,
            condition,
            item.number,
            item.name,
            item.group,
            float(item.box.size.max()),
            float(item.box.size[2]),
        )
        for item in objects
    ]
    score = BagScore(bag, condition, len(frames), known is not None, records, {})
    follower = _Follower(objects, records, rules)
    reported = [item for item in known or () if item.name in REPORTED_CLASSES]
    others = [item for item in known or () if item.name not in REPORTED_CLASSES]
    for frame in frames:
        confirmed = [zone for zone in frame.zones if zone.state == ZoneState.CONFIRMED]
        at = _nearness(confirmed, objects, rules)
        follower.step(frame, confirmed, at, visible.get(frame.stamp, {}))
        at_reported, at_other = (
            _nearness(confirmed, items, rules).any(axis=1) for items in (reported, others)
        )
        for index, zone in enumerate(confirmed):
            record = score.zones.setdefault(zone.id, ZoneRecord(zone.id, bag, condition))
            record.name = zone.name
            if at[index].any():
                record.anomaly += 1
            elif at_reported[index]:
                record.reported += 1
            elif at_other[index]:
                record.other += 1
            else:
                record.nothing += 1
    return score


class _Follower:
    """Assigns confirmed zones to objects, one to one; a pair holds on as long as it may."""

    def __init__(
        self, objects: Sequence[ScenarioObject], records: Sequence[ObjectRecord], rules: ChainRules
    ) -> None:
        self._objects, self._records, self._rules = objects, records, rules
        self._last: dict[int, str] = {}  # index of the object -> id of the zone it had last
        self._number = -1  # of the frame

    def step(
        self,
        frame: PublishedFrame,
        confirmed: Sequence[PublishedZone],
        at: NDArray[np.float64],
        pixels: Mapping[int, int],
    ) -> None:
        """Take the next frame; at: nearness of confirmed zones to objects."""
        self._number += 1
        pairs = self._assign(confirmed, at)
        present = [zone for zone in frame.zones if zone.state != ZoneState.CLEARED]
        ids = {zone.id for zone in present}
        covered = _nearness(present, self._objects, self._rules).any(axis=0)
        for index, (item, record) in enumerate(zip(self._objects, self._records, strict=True)):
            distance = float(np.linalg.norm(item.box.centre[:2] - frame.vehicle[:2]))
            seen = pixels.get(item.number, 0) >= self._rules.visible_pixels
            if seen and record.first_visible is None:
                record.first_visible, record.visible_at = frame.stamp, self._number
            if seen:
                record.distances.append(distance)
                record.confirmed.append(index in pairs)
            last = self._last.get(index)
            near = seen and distance <= self._rules.clear_range
            if near and record.first_confirmed is not None and not covered[index]:
                record.uncovered += 1
                if last is not None and last not in ids:
                    record.false_clears += 1
                    del self._last[index]  # counted once
            if index in pairs:
                self._note(record, item, confirmed[pairs[index]], frame.stamp)
                if last is not None and last != confirmed[pairs[index]].id:
                    record.id_switches += 1
                self._last[index] = confirmed[pairs[index]].id

    def _assign(self, confirmed: Sequence[PublishedZone], at: NDArray[np.float64]) -> dict[int, int]:
        """Return index of the object -> index of its zone."""
        places = {zone.id: number for number, zone in enumerate(confirmed)}
        pairs: dict[int, int] = {}
        for index, last in self._last.items():
            number = places.get(last)
            if number is not None and at[number, index] > 0 and number not in pairs.values():
                pairs[index] = number
        zones = [number for number in range(len(confirmed)) if number not in pairs.values()]
        items = [index for index in range(len(self._objects)) if index not in pairs]
        if zones and items:
            rows, columns = linear_sum_assignment(at[np.ix_(zones, items)], maximize=True)
            for row, column in zip(rows, columns, strict=True):
                if at[zones[row], items[column]] > 0:
                    pairs[items[column]] = zones[row]
        return pairs

    def _note(self, record: ObjectRecord, item: ScenarioObject, zone: PublishedZone, stamp: int) -> None:
        box = item.box
        if record.first_confirmed is None:
            record.first_confirmed, record.confirmed_at = stamp, self._number
        record.centre_errors.append(float(np.linalg.norm(zone.centre[:2] - box.centre[:2])))
        record.ious.append(footprint_iou(zone.polygon, corners(box)))
        record.bottom_errors.append(zone.z_min - float(box.centre[2] - box.size[2] / 2))
        record.top_errors.append(zone.z_max - float(box.centre[2] + box.size[2] / 2))
        record.grounded.append(zone.support == Support.GROUND_PLANE)
        record.zone_name, record.zone_names = zone.name, zone.names


def _nearness(
    zones: Sequence[PublishedZone], objects: Collection[ScenarioObject], rules: ChainRules
) -> NDArray[np.float64]:
    """Return how well zones fit to objects, float64 [zones, objects]: 0 not at all, 2 perfectly."""
    result = np.zeros((len(zones), len(objects)))
    if not zones:
        return result
    centres = np.array([zone.centre[:2] for zone in zones])
    reach = np.array([np.linalg.norm(zone.polygon - zone.centre[:2], axis=1).max() for zone in zones])
    for column, item in enumerate(objects):
        away = footprint_distance(item.box, centres)
        near = away <= rules.gate
        result[near, column] = 1.0 - 0.9 * away[near] / max(rules.gate, 1e-9)
        for row in np.flatnonzero(away <= np.maximum(reach, rules.gate)):
            iou = footprint_iou(zones[row].polygon, corners(item.box))
            if near[row] or iou >= rules.least_iou:
                result[row, column] += iou
    return result


def corners(box: OrientedBox) -> NDArray[np.float64]:
    """Return the corners of a box on the ground, float64 [4, 2]; never thinner than 1 cm."""
    half = np.maximum(box.size[:2], 0.01) / 2
    local = np.array([[1, 1], [1, -1], [-1, -1], [-1, 1]]) * half
    c, s = np.cos(box.yaw), np.sin(box.yaw)
    return np.asarray(local @ np.array([[c, s], [-s, c]]) + box.centre[:2])


def footprint_distance(box: OrientedBox, points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distances [n] of points [n, 2] from a box's footprint, 0 inside [m]."""
    c, s = np.cos(box.yaw), np.sin(box.yaw)
    local = (points - box.centre[:2]) @ np.array([[c, -s], [s, c]])
    return np.asarray(np.linalg.norm(np.maximum(np.abs(local) - box.size[:2] / 2, 0.0), axis=1))


def footprint_iou(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Return intersection over union of two convex polygons [n, 2]."""
    origin = second.mean(axis=0)  # OpenCV works in float32
    one, other = (cv2.convexHull((part - origin).astype(np.float32)) for part in (first, second))
    common, _ = cv2.intersectConvexConvex(one, other)
    union = cv2.contourArea(one) + cv2.contourArea(other) - common
    return float(min(max(common / union, 0.0), 1.0)) if union > 0 else 0.0
