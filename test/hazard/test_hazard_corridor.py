"""Obstacles without a mask: what stands in the corridor, and what explains it."""

import cv2
import numpy as np
import pytest
from apron_scene import CAMERA, CAMERA_FROM_LIDAR, FIXED_FROM_LIDAR, draw, scan
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from sightings import SECOND, tracker

from clipomaly_ros.hazard.corridor import CorridorSettings, Watch, unexplained_things
from clipomaly_ros.hazard.corridor_outline import inside_outline, read_outline
from clipomaly_ros.hazard.fuser import FusionSettings, RegionFuser
from clipomaly_ros.hazard.polygons import contains, nearest_edge_distance
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import HazardError, Support, ZoneState

CRATE = (8.0, 9.0, -0.5, 0.7, 1.1)
BESIDE = (12.0, 12.6, 3.0, 3.6, 0.8)  # outside a corridor 4 m wide
VEHICLE, PAVEMENT = 3, 7
OBSTRUCTING = np.zeros(256, bool)
OBSTRUCTING[VEHICLE] = True
FUSER = RegionFuser(FusionSettings(corridor=CorridorSettings(enabled=True)))


def watch(labels=None, pose=None):
    if labels is None:
        labels = np.full((CAMERA.height, CAMERA.width), PAVEMENT, np.uint8)
    return Watch(pose or RigidTransform.identity(), labels, OBSTRUCTING)


def fuse(boxes, drawn=(), watched=None, fuser=FUSER, motion=None):
    image, regions = draw(drawn)
    fixed_from_lidar = FIXED_FROM_LIDAR if motion is None else motion @ FIXED_FROM_LIDAR
    fixed_from_camera = fixed_from_lidar @ CAMERA_FROM_LIDAR.inverse()
    return fuser.fuse(
        image, regions, CAMERA, scan(boxes), CAMERA_FROM_LIDAR, fixed_from_lidar, fixed_from_camera, watched
    ).measurements


def test_what_no_mask_explains_is_measured_and_says_so():
    (found,) = fuse([CRATE, BESIDE], watched=watch())
    assert found.support is Support.LIDAR_ONLY
    assert (found.region.name, found.region.source) == ("", 0)
    assert nearest_edge_distance(found.geometry.polygon, [0, 0]) == pytest.approx(8.0, abs=0.1)
    assert np.ptp(found.geometry.polygon[:, 1]) == pytest.approx(1.2, abs=0.15)
    assert found.geometry.z_max == pytest.approx(1.1, abs=0.12)


def test_a_region_explains_its_returns():
    (found,) = fuse([CRATE], [CRATE], watch())
    assert found.support is Support.FUSED


def test_a_known_thing_explains_its_returns_and_pavement_does_not():
    known = draw([CRATE])[0] * VEHICLE
    assert fuse([CRATE], watched=watch(known)) == ()
    assert len(fuse([CRATE], watched=watch(np.full_like(known, PAVEMENT)))) == 1


@pytest.mark.parametrize(
    "box",
    [(8.0, 9.0, -0.5, 0.5, 0.1), (30.0, 31.0, -0.5, 0.5, 1.0), (8.0, 9.0, 2.2, 3.0, 1.0)],
    ids=["unevenness", "beyond the end", "beside"],
)
def test_what_is_low_or_outside_is_none(box):
    assert fuse([box], watched=watch()) == ()


def test_off_by_default_and_without_a_watch():
    assert fuse([CRATE], watched=watch(), fuser=RegionFuser()) == ()
    assert fuse([CRATE]) == ()


def test_the_corridor_goes_with_the_vehicle():
    turned = RigidTransform.from_quaternion(Rotation.from_euler("z", np.pi / 2).as_quat(), [0, 0, 0])
    assert fuse([CRATE], watched=watch(pose=turned)) == ()
    behind = RigidTransform(np.eye(3), [12.0, 0.0, 0.0])
    assert fuse([CRATE], watched=watch(pose=behind)) == ()


@settings(max_examples=8, deadline=None)
@given(st.floats(-3.1, 3.1), st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5), st.floats(-100, 100)))
def test_a_rigid_motion_of_the_world_moves_the_obstacles_by_it(yaw, shift):
    motion = RigidTransform.from_quaternion(Rotation.from_euler("z", yaw).as_quat(), shift)
    (still,) = fuse([CRATE], watched=watch())
    (moved,) = fuse([CRATE], watched=watch(pose=motion), motion=motion)
    assert moved.geometry.centroid == pytest.approx(motion.apply(still.geometry.centroid[None])[0], abs=0.03)


def hanging(low, high, generator):
    """Return points of a thing between two heights, 5 m ahead."""
    return np.column_stack(
        [generator.uniform(5, 5.4, 60), generator.uniform(-0.3, 0.3, 60), generator.uniform(low, high, 60)]
    ).astype(np.float32)


@pytest.mark.parametrize(("low", "high", "number"), [(0.2, 1.0, 1), (1.5, 2.5, 0), (3.5, 5.0, 0)])
def test_what_hangs_above_the_apron_does_not_stand_on_it(low, high, number):
    points = hanging(low, high, np.random.default_rng(0))
    things = unexplained_things(
        points,
        lambda xyz: xyz[:, 2],
        lambda index: np.zeros(len(index), bool),
        RigidTransform.identity(),
        CorridorSettings(enabled=True),
    )
    assert len(things) == number


def test_returns_alone_never_confirm_and_a_mask_does():
    some = tracker()
    (bare,) = fuse([CRATE], watched=watch())
    for step in range(20):
        (zone,) = some.update([bare], step * SECOND // 10)
        assert zone.state is ZoneState.TENTATIVE
    assert (zone.support, zone.name, zone.point_count > 0) == (Support.LIDAR_ONLY, "", True)
    assert zone.keep_out_radius == 5.0, "the policy's unknown row: a high unknown thing"
    (masked,) = fuse([CRATE], [CRATE], watch())
    for step in range(20, 23):
        (seen,) = some.update([masked], step * SECOND // 10)
    assert seen.id == zone.id
    assert (seen.state, seen.support) == (ZoneState.CONFIRMED, Support.FUSED)


def test_a_missed_mask_leaves_zone_and_name():
    some = tracker()
    _, (region,) = draw([CRATE])
    (masked,) = fuse([CRATE], [CRATE], watch())
    (bare,) = fuse([CRATE], watched=watch())
    before = [some.update([masked], step * SECOND // 10) for step in range(3)][-1][0]
    (after,) = some.update([bare], SECOND)
    assert (after.id, after.state, after.candidates) == (before.id, ZoneState.CONFIRMED, before.candidates)
    assert after.anomaly_score == pytest.approx(region.score)
    assert contains(after.geometry.polygon, [[8.1, 0.0]]).all()


@pytest.mark.parametrize(
    "changes",
    [{"length": 0.0}, {"min_height": 4.0}, {"min_points": 0}, {"explained_share": 0.0}, {"cell": 0.001}],
)
def test_corridors_that_make_no_sense_are_refused(changes):
    with pytest.raises(HazardError, match="corridor"):
        CorridorSettings(**changes)


def test_labels_of_another_kind_are_refused():
    with pytest.raises(HazardError, match="label"):
        Watch(RigidTransform.identity(), np.zeros((3, 3), np.int32), OBSTRUCTING)
    with pytest.raises(HazardError, match="entry"):
        Watch(RigidTransform.identity(), np.zeros((3, 3), np.uint16), OBSTRUCTING)


def test_a_polygon_takes_the_place_of_the_rectangle():
    crate, beside = (
        FusionSettings(corridor=CorridorSettings(True, polygon=text))
        for text in (
            "[[1, -2], [26, -2], [26, 2], [1, 2]]",
            "[[1, -2], [7, -2], [7, 2], [20, 2], [20, 5], [1, 5]]",  # around the crate
        )
    )
    (rectangle,) = fuse([CRATE, BESIDE], watched=watch())
    (same,) = fuse([CRATE, BESIDE], watched=watch(), fuser=RegionFuser(crate))
    assert (same.geometry.points == rectangle.geometry.points).all()
    (other,) = fuse([CRATE, BESIDE], watched=watch(), fuser=RegionFuser(beside))
    assert other.geometry.centroid[:2] == pytest.approx([12.1, 3.2], abs=0.2)


@settings(max_examples=25)
@given(st.integers(3, 12), st.integers(0, 10_000), st.booleans())
def test_any_simple_outline_holds_what_lies_in_it(count, seed, clockwise):
    generator = np.random.default_rng(seed)
    angles = np.sort(generator.uniform(0, 2 * np.pi, count)) * (-1 if clockwise else 1)
    corners = np.column_stack([np.cos(angles), np.sin(angles)]) * generator.uniform(2, 30, (count, 1)) + 20
    assume(np.diff(np.sort(np.abs(angles))).max() < np.pi and np.ptp(angles) > np.pi)
    outline = read_outline(str(corners.tolist()))
    places = generator.uniform(-10, 50, (60, 2))
    expected = [cv2.pointPolygonTest(corners.astype(np.float32), place, True) for place in places]
    clear = np.abs(expected) > 1e-3  # OpenCV works in single precision
    assert (inside_outline(outline, *places.T) == (np.array(expected) > 0))[clear].all()


@pytest.mark.parametrize(
    "text",
    [
        "[[0, 0], [1, 1]]",
        "[[0, 0], [1, 0], [2, 0]]",
        "[[0, 0], [4, 4], [4, 0], [0, 4], [2, 9]]",  # crosses itself
        "[[0, 0], [1, .nan], [1, 1]]",
        "[[0, 0], [1e9, 0], [1, 1]]",
        "[[0, 0, 0], [1, 0, 0], [1, 1, 0]]",
        "[[0, 0], [1, a], [1, 1]]",
        "a corridor",
        "[[0, 0",
        "3",
        pytest.param("[" * 4000, id="deeper than it can be read"),
        pytest.param(f"[[0, 0], [1{'0' * 400}, 0], [1, 1]]", id="larger than a float"),
        str([[number, number % 7] for number in range(65)]),
    ],
)
def test_outlines_that_are_none_are_refused(text):
    with pytest.raises(HazardError, match="corridor polygon: expected"):
        CorridorSettings(polygon=text)
