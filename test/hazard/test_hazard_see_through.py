"""Rays of the LiDAR against places that a picture alone gave."""

from __future__ import annotations

import apron_scene as apron
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sightings import POLICY, seen, tracker

from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.fuser import RegionFuser
from clipomaly_ros.hazard.see_through import SeeThroughSettings, seen_through
from clipomaly_ros.hazard.types import Geometry, HazardError, Support, ZoneState

SETTINGS = SeeThroughSettings()
EYE = np.array([0.2, 0.0, -0.3])  # of the camera, from the LiDAR
GROUND = -apron.SENSOR_HEIGHT


def place(x: float, y: float, width: float, height: float) -> Geometry:
    """Return what the picture makes of a thing, its axes along the line of sight, origin at the LiDAR."""
    distance = np.hypot(x, y)
    ahead = np.array([x, y]) / distance
    aside = np.array([-ahead[1], ahead[0]])
    corners = [(-1, -1), (-1, 1), (1, 1), (1, -1)]
    polygon = np.array([[x, y] + (a * ahead + b * aside) * width / 2 for a, b in corners])
    centroid = np.array([x, y, GROUND + height / 2])
    none = np.empty((0, 3), np.float32)
    return Geometry(
        polygon, GROUND, GROUND, GROUND + height, centroid, doubt(distance) ** 2 * np.eye(3), none
    )


def doubt(distance: float) -> float:
    """Return the standard deviation along the line of sight that a place on the ground has [m]."""
    return 0.006 * (distance**2 + GROUND**2) / -GROUND


def returns(boxes) -> np.ndarray:
    return apron.scan(boxes, beams=128).xyz


EMPTY = returns([])


@given(
    distance=st.floats(8.0, 35.0),
    bearing=st.floats(-0.5, 0.5),
    width=st.floats(0.4, 1.5),
    height=st.floats(0.6, 1.5),
)
@settings(deadline=None)
def test_what_is_not_there_is_seen_through(distance, bearing, width, height):
    claimed = place(distance * np.cos(bearing), distance * np.sin(bearing), width, height)
    assert seen_through([claimed], EMPTY, EYE, SETTINGS) == [True]


@given(
    distance=st.floats(8.0, 35.0),
    width=st.floats(0.4, 1.5),
    height=st.floats(0.6, 1.5),
    error=st.floats(-1.5, 1.5),
)
@settings(deadline=None, max_examples=60)
def test_what_is_there_is_not_seen_through_wherever_along_the_ray_it_was_put(distance, width, height, error):
    thing = (distance - width / 2, distance + width / 2, -width / 2, width / 2, height)
    scale = (
        1.0 + error * doubt(distance) / distance
    )  # one line of sight, nearer and smaller or farther and larger
    claimed = place(distance * scale, 0.0, width * scale, height * scale)
    assert seen_through([claimed], returns([thing]), EYE, SETTINGS) == [False]


@given(distance=st.floats(8.0, 35.0), height=st.floats(0.6, 1.5))
@settings(deadline=None)
def test_rays_without_a_return_say_nothing(distance, height):
    claimed = place(distance, 0.0, 1.0, height)
    kept = EMPTY[np.abs(EMPTY[:, 1]) > 0.05 * EMPTY[:, 0]]  # wet ground: nothing comes back from there
    assert seen_through([claimed], kept, EYE, SETTINGS) == [False]
    assert seen_through([claimed], EMPTY[:0], EYE, SETTINGS) == [False]


def test_what_hides_a_place_does_not_speak_for_or_against_it():
    wall = (5.0, 5.2, -3.0, 3.0, 3.0)
    assert seen_through([place(15.0, 0.0, 1.0, 1.0)], returns([wall]), EYE, SETTINGS) == [False]


def test_low_things_and_what_may_lie_instead_of_stand_are_left_alone():
    low, lying, standing = place(15.0, 0.0, 1.0, 0.2), place(10.0, 0.0, 1.0, 0.3), place(15.0, 0.0, 1.0, 0.9)
    assert seen_through([low, lying, standing], EMPTY, EYE, SETTINGS) == [False, False, True]
    strict = SeeThroughSettings(max_lying=0.0)
    assert seen_through([lying], EMPTY, EYE, strict) == [True]


def test_the_answer_does_not_depend_on_which_way_is_ahead():
    claimed = [place(20.0, 0.0, 1.0, 1.0), place(15.0, 6.0, 1.0, 0.9), place(9.0, -2.0, 0.5, 0.2)]
    expected = seen_through(claimed, EMPTY, EYE, SETTINGS)
    for angle in (0.7, 2.0, -1.5):
        turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
        turned = [place(*(turn @ one.centroid[:2]), np.ptp(one.polygon[:, 1]), 1.0) for one in claimed[:1]]
        points = EMPTY.copy()
        points[:, :2] = points[:, :2] @ turn.T
        eye = np.array([*(turn @ EYE[:2]), EYE[2]])
        assert seen_through(turned, points, eye, SETTINGS) == expected[:1] == [True]


@pytest.mark.parametrize(
    "wrong", [{"min_height": 0.0}, {"min_rays": 0}, {"share": 0.0}, {"share": 1.1}, {"max_lying": -1.0}]
)
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(HazardError, match="see_through"):
        SeeThroughSettings(**wrong)


def test_points_whose_rays_began_elsewhere_are_not_asked():
    claimed, off = place(20.0, 0.0, 1.0, 1.0), SeeThroughSettings(enabled=False)
    assert seen_through([claimed], EMPTY, EYE, off) == [False]
    on_ground = Geometry(
        claimed.polygon, 0.0, 0.0, 1.0, claimed.centroid - [0, 0, GROUND], claimed.covariance, claimed.points
    )  # the same in base_link, with a wall behind that the LiDAR saw over its top
    wall = np.array([[40.0, y, z] for y in np.arange(-3, 3, 0.1) for z in np.arange(0.5, 3, 0.1)], np.float32)
    assert seen_through([on_ground], wall, EYE - [0, 0, GROUND], SETTINGS) == [False]


@pytest.mark.parametrize("there", [True, False])
def test_the_fuser_tells_which_region_without_returns_was_seen_through(there: bool):
    box = (14.0, 14.6, -0.3, 0.3, 0.9)
    image, regions = apron.draw([box])
    cloud = apron.scan([box] if there else [], beams=128)
    fixed_from_camera = apron.FIXED_FROM_LIDAR @ apron.CAMERA_FROM_LIDAR.inverse()
    result = RegionFuser().fuse(
        image,
        regions,
        apron.CAMERA,
        cloud,
        apron.CAMERA_FROM_LIDAR,
        apron.FIXED_FROM_LIDAR,
        fixed_from_camera,
    )
    (measurement,) = result.measurements
    assert measurement.support is (Support.FUSED if there else Support.GROUND_PLANE)
    assert measurement.seen_through is not there
    put_together = RegionFuser().fuse(
        image,
        regions,
        apron.CAMERA,
        cloud,
        apron.CAMERA_FROM_LIDAR,
        apron.FIXED_FROM_LIDAR,
        fixed_from_camera,
        one_lidar=False,
    )
    assert not put_together.measurements[0].seen_through
    blind = RegionFuser().fuse(
        image,
        regions,
        apron.CAMERA,
        PointCloud(np.empty((0, 3), np.float32)),
        apron.CAMERA_FROM_LIDAR,
        apron.FIXED_FROM_LIDAR,
        fixed_from_camera,
    )
    assert not blind.measurements[0].seen_through


@pytest.mark.parametrize(
    ("group", "confirmed"),
    [("equipment", False), ("person", False), ("fluids", True), ("soft", True), ("", True)],
)
def test_only_solid_things_need_stop_rays_to_be_confirmed(group: str, confirmed: bool):
    some, zones = tracker(), ()
    sighting = seen(20.0, 0.0, group, "thing" if group else "", support=Support.GROUND_PLANE, height=0.9)
    through = type(sighting)(sighting.region, sighting.geometry, sighting.support, seen_through=True)
    for step in range(8):
        zones = some.update([through], step * 100_000_000)
    (zone,) = zones  # it is published in any case
    assert zone.state is (ZoneState.CONFIRMED if confirmed else ZoneState.TENTATIVE)
    if not confirmed:
        assert zone.existence_probability == pytest.approx(0.5)
        for step in range(8, 13):  # returns come: now it stands there
            zones = some.update([seen(20.0, 0.0, group, "thing", height=0.9)], step * 100_000_000)
        assert zones[0].state is ZoneState.CONFIRMED


def test_the_shipped_policy_calls_nothing_solid_that_rays_go_through_or_that_lies_flat():
    assert not POLICY.solid & {"fluids", "soft", "events", "smoke_fire", "surface", "marking", "ice_snow", ""}
    assert {"person", "equipment"} <= POLICY.solid
