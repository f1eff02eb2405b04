"""Hazard zones into messages."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from builtin_interfaces.msg import Duration, Time
from geometry_msgs.msg import Point, Point32, Vector3
from numpy.typing import NDArray
from unique_identifier_msgs.msg import UUID

from clipomaly_msgs.msg import HazardZone, HazardZoneArray, NameCandidate, StageLatency
from clipomaly_ros.hazard.polygon_sets import distances_to_point, stack
from clipomaly_ros.hazard.types import Zone
from clipomaly_ros.nodes.anomaly_frame_input import Provenance

MAXIMUM_CANDIDATES = 16
MAXIMUM_ZONES = 1024
MAXIMUM_LATENCIES = 32


def bounded_text(text: str, size: int) -> str:
    """Return a text cut to what a bounded string field holds: size bytes of UTF-8.

    rclpy publishes a longer one without a word, and then no subscriber can read the message.
    """
    return text.encode("utf-8", "replace")[:size].decode("utf-8", "ignore")


def time_message(nanoseconds: int) -> Time:
    """Convert nanoseconds to a stamp."""
    return Time(sec=nanoseconds // 1_000_000_000, nanosec=nanoseconds % 1_000_000_000)


def duration_message(seconds: float) -> Duration:
    """Convert seconds to a duration; one that never ends becomes the longest there is."""
    if not seconds < 2**31 - 1:
        return Duration(sec=2**31 - 1)
    whole = math.floor(seconds)
    return Duration(sec=whole, nanosec=min(round((seconds - whole) * 1e9), 999_999_999))


def distances_from(zones: Sequence[Zone], origin: NDArray[np.float64] | None) -> list[float]:
    """Return the horizontal distance from a point [3] to each zone's outline [m], NaN without a point."""
    if origin is None:
        return [math.nan] * len(zones)
    return distances_to_point(stack([zone.geometry.polygon for zone in zones]), origin[:2]).tolist()


def zone_message(zone: Zone, stamp: int, distance: float, provenance: Provenance) -> HazardZone:
    """Convert one zone; stamp: of the array [ns]; distance: nearest_edge_distance [m]."""
    geometry = zone.geometry
    velocity = np.zeros(3) if zone.velocity is None else zone.velocity
    return HazardZone(
        id=UUID(uuid=np.frombuffer(zone.id.bytes, np.uint8)),
        state=int(zone.state),
        first_seen=time_message(zone.first_seen),
        last_seen=time_message(zone.last_seen),
        validity=duration_message(zone.validity),
        observation_age=max(0.0, (stamp - zone.last_seen) * 1e-9),
        observation_count=zone.observation_count,
        polygon=[Point32(x=float(x), y=float(y), z=float(geometry.ground_z)) for x, y in geometry.polygon],
        z_min=float(geometry.z_min),
        z_max=float(geometry.z_max),
        centroid=Point(
            x=float(geometry.centroid[0]), y=float(geometry.centroid[1]), z=float(geometry.centroid[2])
        ),
        centroid_covariance=np.asarray(geometry.covariance, np.float64).reshape(9),
        keep_out_radius=float(zone.keep_out_radius),
        velocity=Vector3(x=float(velocity[0]), y=float(velocity[1]), z=float(velocity[2])),
        velocity_valid=zone.velocity is not None,
        nearest_edge_distance=float(distance),
        name=zone.name,
        name_source=int(zone.source),
        candidates=[
            NameCandidate(name=entry.name, score=float(entry.score), source=int(entry.source))
            for entry in zone.candidates[:MAXIMUM_CANDIDATES]
        ],
        anomaly_score=float(zone.anomaly_score),
        existence_probability=float(zone.existence_probability),
        severity=int(zone.severity),
        suggested_action=int(zone.action),
        sensor_support=int(zone.support),
        point_count=int(zone.point_count),
        vocabulary_hash=provenance.vocabulary_hash,
        model_id=provenance.model_id,
        untrained=provenance.untrained,
    )


def zone_messages(
    zones: Sequence[Zone],
    stamp: int,
    origin: NDArray[np.float64] | None,
    provenance: Mapping[object, Provenance],
) -> list[HazardZone]:
    """Convert zones, nearest first; at most 1024, the nearest.

    origin: of the reference frame in the fixed frame [3], None when unknown: zones then stay
    in the order they came. provenance: zone id -> what produced its name.
    """
    ranked = list(zip(distances_from(zones, origin), zones, strict=True))
    if origin is not None:
        ranked.sort(key=lambda pair: pair[0])
    return [
        zone_message(zone, stamp, distance, provenance.get(zone.id, Provenance()))
        for distance, zone in ranked[:MAXIMUM_ZONES]
    ]


def latency_messages(latencies: Mapping[str, float]) -> list[StageLatency]:
    """Convert seconds by stage."""
    return [
        StageLatency(stage=stage, duration=float(duration))
        for stage, duration in list(latencies.items())[:MAXIMUM_LATENCIES]
    ]


def health_of(level: int) -> int:
    """Translate a diagnostics level (OK, WARN, ERROR, STALE) to HazardZoneArray.HEALTH_*."""
    return (
        HazardZoneArray.HEALTH_OK,
        HazardZoneArray.HEALTH_DEGRADED,
        HazardZoneArray.HEALTH_ERROR,
        HazardZoneArray.HEALTH_STALE,
    )[level]
