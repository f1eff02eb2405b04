"""Zones into messages and markers."""

from __future__ import annotations

import math
import uuid
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header
from visualization_msgs.msg import Marker, MarkerArray

from clipomaly_msgs.msg import HazardZone, HazardZoneArray
from clipomaly_ros.hazard.types import (
    Action,
    Geometry,
    ScoredName,
    Severity,
    Support,
    Zone,
    ZoneState,
)
from clipomaly_ros.nodes.anomaly_frame_input import Provenance
from clipomaly_ros.nodes.zone_markers import FILL, LABEL, OUTLINE, ZoneMarkers, label_text
from clipomaly_ros.nodes.zone_messages import (
    bounded_text,
    duration_message,
    health_of,
    latency_messages,
    time_message,
    zone_message,
    zone_messages,
)

T = 1_700_000_000_123_456_789


def zone(x: float = 10.0, y: float = 0.0, **changes) -> Zone:
    square = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, 0.5], [0.5, -0.5]]) + np.array([x, y])
    geometry = Geometry(
        polygon=square,
        ground_z=-0.1,
        z_min=-0.1,
        z_max=0.9,
        centroid=np.array([x, y, 0.4]),
        covariance=np.diag([0.01, 0.02, 0.03]),
        points=np.zeros((5, 3), np.float32),
    )
    values = {
        "id": uuid.uuid4(),
        "state": ZoneState.CONFIRMED,
        "first_seen": T - 2_000_000_000,
        "last_seen": T - 500_000_000,
        "validity": 2.5,
        "observation_count": 4,
        "geometry": geometry,
        "keep_out_radius": 1.5,
        "velocity": None,
        "name": "suitcase",
        "source": 2,
        "group": "baggage",
        "candidates": tuple(ScoredName(f"name {i}", 0.1, 2) for i in range(20)),
        "anomaly_score": 0.8,
        "existence_probability": 0.9,
        "severity": Severity.HIGH,
        "action": Action.SLOW,
        "support": Support.FUSED,
        "point_count": 5,
    }
    return Zone(**{**values, **changes})


def array_of(*zones: Zone, origin=None) -> HazardZoneArray:
    array = HazardZoneArray()
    array.header.frame_id, array.header.stamp = "odom", time_message(T)
    array.zones = zone_messages(zones, T, origin, {})
    return array


def test_every_field_of_a_zone_arrives():
    source = zone(velocity=np.array([1.0, 2.0, 0.0]))
    message = zone_message(source, T, 9.5, Provenance("ab" * 32, "model", True))
    message = deserialize_message(serialize_message(message), HazardZone)
    assert uuid.UUID(bytes=bytes(message.id.uuid)) == source.id
    assert (message.state, message.severity, message.suggested_action) == (1, 3, 2)
    assert (message.sensor_support, message.point_count, message.observation_count) == (3, 5, 4)
    assert message.first_seen.sec * 10**9 + message.first_seen.nanosec == source.first_seen
    assert message.last_seen.sec * 10**9 + message.last_seen.nanosec == source.last_seen
    assert (message.validity.sec, message.validity.nanosec) == (2, 500_000_000)
    assert message.observation_age == pytest.approx(0.5)
    corners = [(corner.x, corner.y) for corner in message.polygon]
    np.testing.assert_allclose(corners, source.geometry.polygon)
    assert all(corner.z == pytest.approx(-0.1) for corner in message.polygon)
    np.testing.assert_allclose(message.centroid_covariance, np.diag([0.01, 0.02, 0.03]).ravel())
    assert (message.velocity_valid, message.velocity.y) == (True, 2.0)
    assert (message.name, message.name_source, len(message.candidates)) == ("suitcase", 2, 16)
    assert (message.vocabulary_hash, message.model_id, message.untrained) == ("ab" * 32, "model", True)
    assert message.nearest_edge_distance == 9.5


@given(st.text(max_size=300), st.integers(0, 256))
def test_texts_fit_their_fields_in_bytes(text, size):
    cut = bounded_text(text, size)
    assert len(cut.encode()) <= size
    assert text.startswith(cut)
    assert len(text.encode()) <= size or len(cut.encode()) > size - 4


def test_zones_come_nearest_first_and_at_most_1024():
    zones = [zone(x=float(x)) for x in range(1100, 0, -1)]
    messages = zone_messages(zones, T, np.zeros(3), {})
    distances = [message.nearest_edge_distance for message in messages]
    assert len(messages) == 1024
    assert distances == sorted(distances)
    assert distances[0] == pytest.approx(0.5)


def test_without_a_reference_the_distance_is_unknown():
    (message,) = zone_messages([zone()], T, None, {})
    assert math.isnan(message.nearest_edge_distance)
    assert "m\n" not in label_text(message)


@given(st.floats(0.0, allow_nan=False))
def test_any_validity_fits_a_duration(seconds):
    message = duration_message(seconds)
    value = message.sec + message.nanosec * 1e-9
    assert value == pytest.approx(min(seconds, 2**31 - 1), abs=1e-6)


@given(st.integers(0, 2**31 * 10**9 - 1))
def test_times_keep_every_nanosecond(nanoseconds):
    message = time_message(nanoseconds)
    assert message.sec * 10**9 + message.nanosec == nanoseconds


def test_health_and_latencies_translate():
    assert [health_of(level) for level in range(4)] == [0, 1, 2, 3]
    (latency,) = latency_messages({"fuse": 0.25})
    assert (latency.stage, latency.duration) == ("fuse", 0.25)


def actions(array: MarkerArray, action: int) -> set[tuple[str, int]]:
    return {(marker.ns, marker.id) for marker in array.markers if marker.action == action}


def test_a_zone_keeps_its_marker_ids_and_is_deleted_when_gone():
    markers = ZoneMarkers(2.0)
    first, second = zone(), zone(x=20.0)
    shown = actions(markers.update(array_of(first, second)), Marker.ADD)
    assert shown == {(name, number) for name in (OUTLINE, FILL, LABEL) for number in (0, 1)}
    moved = replace(second, last_seen=T)
    after = markers.update(array_of(moved))
    assert actions(after, Marker.ADD) == {(name, 1) for name in (OUTLINE, FILL, LABEL)}
    assert actions(after, Marker.DELETE) == {(name, 0) for name in (OUTLINE, FILL, LABEL)}
    third = markers.update(array_of(moved, zone(x=5.0)))
    assert actions(third, Marker.ADD) == {(name, i) for name in (OUTLINE, FILL, LABEL) for i in (1, 2)}


def test_a_cleared_zone_is_not_shown():
    markers = ZoneMarkers(2.0)
    source = zone()
    markers.update(array_of(source))
    after = markers.update(array_of(replace(source, state=ZoneState.CLEARED)))
    assert not actions(after, Marker.ADD)
    assert len(actions(after, Marker.DELETE)) == 3


def test_a_reset_deletes_everything():
    markers = ZoneMarkers(2.0)
    markers.update(array_of(zone()))
    (marker,) = markers.reset(Header(frame_id="odom")).markers
    assert marker.action == Marker.DELETEALL
    assert not actions(markers.update(array_of()), Marker.DELETE)


@given(st.integers(3, 64), st.floats(0.0, 5.0))
def test_the_prism_is_closed_and_as_high_as_the_zone(corners, height):
    angles = -np.arange(corners) * 2 * np.pi / corners
    polygon = np.column_stack([10 + np.cos(angles), np.sin(angles)])
    source = zone()
    geometry = replace(source.geometry, polygon=polygon, z_min=0.0, z_max=height)
    outline, fill, label = ZoneMarkers(1.0).update(array_of(replace(source, geometry=geometry))).markers
    assert len(outline.points) == 2 * 3 * corners
    assert len(fill.points) == 3 * (2 * corners + corners - 2)
    heights = {point.z for point in outline.points}
    assert min(heights) == 0.0
    assert max(heights) == pytest.approx(max(height, 0.05), rel=1e-5)
    assert outline.header.frame_id == "odom"
    assert outline.lifetime.sec == 1
    assert label.text.startswith("suitcase (dictionary)")
    MarkerArray(markers=[outline, fill, label])
    for marker in (outline, fill, label):
        deserialize_message(serialize_message(marker), Marker)
