"""The figures of the whole chain, from the records of its bags, and the limits they should keep."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from clipomaly_ros.evaluation.chain_metrics import BagScore, ChainRules, ObjectRecord, ZoneRecord
from clipomaly_ros.evaluation.detection_rates import DISTANCE_EDGES, SIZE_EDGES, bin_name, bin_names
from clipomaly_ros.simulation.splits import RESERVED_GROUPS

TOP = 5  # candidates among which the true name counts as found


@dataclass(frozen=True)
class Limit:
    """What a figure should keep: at least or at most a value."""

    figure: str
    value: float
    at_least: bool

    def kept(self, value: float | None) -> bool | None:
        """Tell whether a value keeps the limit; None when there is no value."""
        if value is None:
            return None
        return value >= self.value if self.at_least else value <= self.value


LIMITS = (
    Limit("recall_30cm_30m", 0.95, True),
    Limit("recall_10cm_20m", 0.80, True),
    Limit("centre_error_median", 0.3, False),
    Limit("false_clears", 0, False),
)
ALARM_LIMIT = Limit("false_alarms_per_1000_frames", 2.0, False)


def figures(scores: Sequence[BagScore], rules: ChainRules) -> dict[str, Any]:
    """Return all figures of some bags as plain data; None for what nothing speaks of.

    Fractions, metres, seconds, frames. recall: objects that had a confirmed zone while visible,
    of all that were visible in rules.least_frames frames (and in range). precision: confirmed
    zones that were at an anomalous or a reported known object in most of their frames.
    """
    objects = [item for score in scores for item in score.objects]
    zones = [zone for score in scores for zone in score.zones.values()]
    verdicts = [zone.verdict for zone in zones]
    true = sum(verdict in ("anomaly", "reported") for verdict in verdicts)
    return {
        "bags": len(scores),
        "frames": sum(score.frames for score in scores),
        "known_on_record": all(score.known for score in scores),
        "recall": _recall(objects, rules, 0.0, np.inf, np.inf),
        "recall_30cm_30m": _recall(objects, rules, 0.3, np.inf, 30.0),
        "recall_10cm_20m": _recall(objects, rules, 0.1, 0.3, 20.0),
        "judged": _count(objects, rules, 0.0, np.inf, np.inf),
        "judged_30cm_30m": _count(objects, rules, 0.3, np.inf, 30.0),
        "judged_10cm_20m": _count(objects, rules, 0.1, 0.3, 20.0),
        "zones": len(zones),
        "zones_at_anomalies": verdicts.count("anomaly"),
        "zones_at_reported_classes": verdicts.count("reported"),
        "zones_at_other_known": verdicts.count("other"),
        "zones_at_nothing": verdicts.count("nothing"),
        "precision": true / len(zones) if zones else None,
        "precision_of_frames": _precision_of_frames(zones),
        **_errors(objects),
        **_waits(objects),
        "id_switches": sum(item.id_switches for item in objects),
        "false_clears": sum(item.false_clears for item in objects),
        "frames_uncovered": sum(item.uncovered for item in objects),
        **_naming(objects),
    }


def false_alarms(scores: Sequence[BagScore]) -> dict[str, Any]:
    """Return the confirmed zones that stood at no reported class in bags without anomalies."""
    zones = [zone for score in scores for zone in score.zones.values() if zone.verdict != "reported"]
    frames = sum(score.frames for score in scores)
    return {
        "bags": len(scores),
        "frames": frames,
        "false_zones": len(zones),
        "false_zones_at_other_known": sum(zone.verdict == "other" for zone in zones),
        ALARM_LIMIT.figure: 1000 * len(zones) / frames if frames else None,
    }


def by_condition(scores: Sequence[BagScore]) -> dict[str, list[BagScore]]:
    """Return the scores by condition, in order of first appearance."""
    groups: dict[str, list[BagScore]] = {}
    for score in scores:
        groups.setdefault(score.condition, []).append(score)
    return groups


def detection_table(scores: Sequence[BagScore], rules: ChainRules) -> dict[str, dict[str, list[int]]]:
    """Return size bin -> distance bin -> [objects found, objects judged]."""
    objects = [item for score in scores for item in score.objects]
    table: dict[str, dict[str, list[int]]] = {name: {} for name in bin_names(SIZE_EDGES)}
    for item in objects:
        row = table[bin_name(item.extent, SIZE_EDGES)]
        for low, high in pairwise(DISTANCE_EDGES):
            if item.judged(low, high, rules.least_frames):
                cell = row.setdefault(bin_name(low, DISTANCE_EDGES), [0, 0])
                cell[0] += item.found(low, high)
                cell[1] += 1
    return table


def missed_limits(overall: Mapping[str, Any], alarms: Mapping[str, Any] | None) -> list[str]:
    """Return a sentence for every limit that is missed."""
    values = [(limit, overall.get(limit.figure)) for limit in LIMITS]
    if alarms is not None:
        values.append((ALARM_LIMIT, alarms[ALARM_LIMIT.figure]))
    return [
        f"{limit.figure}: {value:.3g}, expected at {'least' if limit.at_least else 'most'} {limit.value:g}"
        for limit, value in values
        if limit.kept(value) is False
    ]


def missed_objects(scores: Sequence[BagScore], rules: ChainRules, reach: float = 30.0) -> list[ObjectRecord]:
    """Return the objects judged within a reach [m] that had no confirmed zone there, largest first."""
    found = [
        item
        for score in scores
        for item in score.objects
        if item.judged(0.0, reach, rules.least_frames) and not item.found(0.0, reach)
    ]
    return sorted(found, key=lambda item: -item.extent)


def _chosen(
    objects: Sequence[ObjectRecord], rules: ChainRules, low: float, high: float, reach: float
) -> list[ObjectRecord]:
    return [
        item for item in objects if low <= item.extent < high and item.judged(0.0, reach, rules.least_frames)
    ]


def _count(objects: Sequence[ObjectRecord], rules: ChainRules, low: float, high: float, reach: float) -> int:
    return len(_chosen(objects, rules, low, high, reach))


def _recall(
    objects: Sequence[ObjectRecord], rules: ChainRules, low: float, high: float, reach: float
) -> float | None:
    chosen = _chosen(objects, rules, low, high, reach)
    return sum(item.found(0.0, reach) for item in chosen) / len(chosen) if chosen else None


def _precision_of_frames(zones: Sequence[ZoneRecord]) -> float | None:
    true = sum(zone.anomaly + zone.reported for zone in zones)
    total = true + sum(zone.other + zone.nothing for zone in zones)
    return true / total if total else None


def _errors(objects: Sequence[ObjectRecord]) -> dict[str, float | None]:
    centre = [error for item in objects for error in item.centre_errors]
    ious = [iou for item in objects for iou in item.ious]
    grounded = [flag for item in objects for flag in item.grounded]
    bottom = [abs(error) for item in objects for error in item.bottom_errors]
    top = [abs(error) for item in objects for error in item.top_errors]
    return {
        "centre_error_median": _quantile(centre, 0.5),
        "centre_error_p95": _quantile(centre, 0.95),
        "iou_median": _quantile(ious, 0.5),
        "bottom_error_median": _quantile(bottom, 0.5),
        "top_error_median": _quantile(top, 0.5),
        "top_error_p95": _quantile(top, 0.95),
        "ground_plane_share": sum(grounded) / len(centre) if centre else None,
        "centre_error_median_fused": _quantile(_of(centre, grounded, False), 0.5),
        "centre_error_median_ground_plane": _quantile(_of(centre, grounded, True), 0.5),
        "iou_median_fused": _quantile(_of(ious, grounded, False), 0.5),
        "iou_median_ground_plane": _quantile(_of(ious, grounded, True), 0.5),
    }


def _of(values: Sequence[float], flags: Sequence[bool], wanted: bool) -> list[float]:
    return [value for value, flag in zip(values, flags, strict=True) if flag is wanted]


def _waits(objects: Sequence[ObjectRecord]) -> dict[str, float | None]:
    waits = [item.wait for item in objects if item.wait is not None]
    return {
        "frames_to_confirm_median": _quantile([frames for frames, _ in waits], 0.5),
        "seconds_to_confirm_median": _quantile([seconds for _, seconds in waits], 0.5),
        "seconds_to_confirm_p95": _quantile([seconds for _, seconds in waits], 0.95),
    }


def _naming(objects: Sequence[ObjectRecord]) -> dict[str, float | None]:
    """Return the shares of confirmed objects whose zone bore the true name in the end."""
    confirmed = [item for item in objects if item.first_confirmed is not None]
    trained = [item for item in confirmed if item.group not in RESERVED_GROUPS]
    held_out = [item for item in confirmed if item.group in RESERVED_GROUPS]
    result: dict[str, float | None] = {}
    for text, items in (("naming", trained), ("naming_held_out", held_out)):
        total = len(items)
        first = sum(item.zone_name == item.name for item in items)
        among = sum(item.name in item.zone_names[:TOP] or item.zone_name == item.name for item in items)
        result[f"{text}_top1"] = first / total if total else None
        result[f"{text}_top{TOP}"] = among / total if total else None
    return result


def _quantile(values: Sequence[float], share: float) -> float | None:
    return float(np.quantile(values, share)) if values else None
