"""Zone arrays as the fusion node publishes them, for the bridges."""

from __future__ import annotations

import uuid

import numpy as np
from builtin_interfaces.msg import Time
from geometry_msgs.msg import Point, Point32, Vector3
from std_msgs.msg import Header
from unique_identifier_msgs.msg import UUID

from clipomaly_msgs.msg import HazardZone, HazardZoneArray, NameCandidate

COVARIANCE = np.diag([0.04, 0.09, 0.16])


def zone(x: float = 10.0, y: float = 2.0, half: float = 0.5, **changes) -> HazardZone:
    """Return a square zone, clockwise seen from above, 0.8 m tall on ground at -0.2 m."""
    corners = [(x - half, y - half), (x - half, y + half), (x + half, y + half), (x + half, y - half)]
    fields = {
        "id": UUID(uuid=np.frombuffer(uuid.uuid5(uuid.NAMESPACE_OID, f"{x} {y}").bytes, np.uint8)),
        "state": HazardZone.STATE_CONFIRMED,
        "polygon": [Point32(x=a, y=b, z=-0.2) for a, b in corners],
        "z_min": -0.2,
        "z_max": 0.6,
        "centroid": Point(x=x, y=y, z=0.2),
        "centroid_covariance": COVARIANCE.ravel(),
        "keep_out_radius": 1.0,
        "name": "suitcase",
        "candidates": [NameCandidate(name="pallet", score=0.5), NameCandidate(name="suitcase", score=0.25)],
        "anomaly_score": 0.75,
        "existence_probability": 0.5,
        "suggested_action": HazardZone.ACTION_STOP,
        **changes,
    }
    return HazardZone(**fields)


def moving() -> HazardZone:
    return zone(velocity=Vector3(x=1.0, y=-2.0), velocity_valid=True)


def zone_array(*zones: HazardZone) -> HazardZoneArray:
    header = Header(stamp=Time(sec=1_700_000_000, nanosec=5), frame_id="map")
    return HazardZoneArray(header=header, zones=list(zones))
