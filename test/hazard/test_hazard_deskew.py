"""Points of a moving LiDAR at one time, and the times that drivers give them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from clipomaly_ros.hazard.clouds import PointCloud, PointField, parse_cloud
from clipomaly_ros.hazard.deskew import Sweep, continued, merged, sweep_times, to_one_time
from clipomaly_ros.hazard.deskew_times import UntimedScan, offsets_from_stamp
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import HazardError

STAMP = 1_700_000_000_123_456_789
SCAN = np.linspace(0.0, 0.1, 1000)  # seconds


def moving(time: float, speed: float, turn: float) -> RigidTransform:
    """Return where a LiDAR is that drives with a speed [m/s] along x and turns [rad/s] on the spot."""
    rotation = Rotation.from_euler("z", turn * time).as_matrix()
    return RigidTransform(rotation, np.array([100.0 + speed * time, -50.0, 1.8]))


def scan_of(places: np.ndarray, offsets: np.ndarray, speed: float, turn: float) -> np.ndarray:
    """Return fixed places [N, 3] as the moving LiDAR measures each at its own time."""
    pairs = zip(places, offsets, strict=True)
    seen = [moving(float(t), speed, turn).inverse().apply(place[None])[0] for place, t in pairs]
    return np.array(seen, np.float32)


@settings(deadline=None, max_examples=30)
@given(
    st.floats(-20, 20),
    st.floats(-1, 1),
    st.floats(-0.1, 0.2),
    st.integers(0, 2**32 - 1),
    st.sampled_from([0.0, -0.1, -0.05]),
)
def test_fixed_places_come_back_wherever_the_picture_was_taken(speed, turn, reference, seed, start):
    generator = np.random.default_rng(seed)
    offsets = start + generator.permutation(SCAN[::20])
    places = generator.uniform([60, -90, 0], [140, -10, 5], (len(offsets), 3))
    points = PointCloud(scan_of(places, offsets, speed, turn), offsets=offsets.astype(np.float32))
    times = sweep_times(offsets.min(), offsets.max())
    sweep = Sweep(times, tuple(moving(float(t), speed, turn) for t in times))
    target = moving(reference, speed, turn)
    found = target.apply(to_one_time(points, sweep, target).astype(np.float64))
    np.testing.assert_allclose(found, places, atol=0.002)


def test_a_pole_is_smeared_without_and_sharp_with():
    """At 10 m/s a pole seen at both ends of a scan stands in two places a metre apart."""
    offsets = np.array([0.0, 0.1], np.float32)
    pole = np.array([[120.0, -50.0, 1.0]] * 2)
    points = PointCloud(scan_of(pole, offsets, 10.0, 0.0), offsets=offsets)
    sweep = Sweep(sweep_times(0.0, 0.1), tuple(moving(t, 10.0, 0.0) for t in (0.0, 0.05, 0.1)))
    assert np.ptp(points.xyz[:, 0]) == pytest.approx(1.0, abs=1e-3)
    moved = to_one_time(points, sweep, moving(0.05, 10.0, 0.0))
    assert np.ptp(moved[:, 0]) < 0.003
    np.testing.assert_allclose(moved[:, 0], 19.5, atol=0.003)


@given(speed=st.floats(-30, 30), turn=st.floats(-1.5, 1.5), share=st.floats(0, 2))
@example(speed=0.0, turn=1e-5, share=1.0)
def test_an_even_motion_is_continued(speed, turn, share):
    def pose(time):
        half = turn * time / 2
        return RigidTransform.from_quaternion((0, 0, np.sin(half), np.cos(half)), (speed * time, 1, -2))

    found = continued(pose(0.1), pose(0.2), share)
    expected = pose(0.2 + 0.1 * share)
    np.testing.assert_allclose(found.rotation, expected.rotation, atol=1e-7)
    np.testing.assert_allclose(found.translation, expected.translation, atol=1e-9)


def test_a_parked_vehicle_costs_nothing_and_changes_nothing():
    points = PointCloud(np.ones((3, 3), np.float32), offsets=np.array([0, 0.05, 0.1], np.float32))
    here = moving(0.0, 0.0, 0.0)
    assert to_one_time(points, Sweep(sweep_times(0.0, 0.1), (here,) * 3), here) is points.xyz


def test_several_lidars_become_one_cloud():
    timed = PointCloud(np.zeros((2, 3), np.float32), 3, 4, np.array([0, 0.1], np.float32))
    still = PointCloud(np.ones((1, 3), np.float32), 1, 0)
    there = RigidTransform(np.eye(3), np.array([5.0, 0.0, 0.0]))
    moves = tuple(RigidTransform(np.eye(3), np.array([x, 0.0, 0.0])) for x in (0.0, 0.5, 1.0))
    cloud = merged(
        [(timed, Sweep(sweep_times(0.0, 0.1), moves)), (still, Sweep(np.zeros(1), (there,)))], moves[0]
    )
    np.testing.assert_allclose(cloud.xyz, [[0, 0, 0], [1, 0, 0], [6, 1, 1]], atol=1e-6)
    assert (cloud.non_finite, cloud.zero) == (4, 4)


def test_a_sweep_that_makes_no_sense_is_refused():
    here = RigidTransform.identity()
    for times, number in (([], 0), ([0.0, 0.1], 2), ([0.0], 3), ([0.0, 0.0, 0.0], 3), ([0.0, 0.1, 0.3], 3)):
        with pytest.raises(HazardError):
            Sweep(np.array(times), (here,) * number)
    far = RigidTransform(np.eye(3), np.ones(3))
    points, sweep = PointCloud(np.ones((1, 3), np.float32)), Sweep(sweep_times(0.0, 1.0), (here, here, far))
    with pytest.raises(HazardError, match="times of the points"):
        to_one_time(points, sweep, here)


@pytest.mark.parametrize(
    ("values", "unit"),
    [
        ((SCAN * 1e9).astype(np.uint32), "auto"),
        ((SCAN * 1e9).astype(np.int32), "auto"),
        (SCAN.astype(np.float32), "auto"),
        ((SCAN * 1e3).astype(np.float32), "auto"),
        ((SCAN * 1e6).astype(np.float32), "auto"),
        ((SCAN * 1e9).astype(np.float64), "auto"),
        ((SCAN * 1e6).astype(np.uint32), "us"),
        (SCAN + STAMP * 1e-9, "auto"),
        ((SCAN * 1e6 + STAMP * 1e-3), "auto"),
        (SCAN * 1e9 + STAMP, "auto"),
        ((SCAN * 1e9 + STAMP).astype(">f8"), "ns"),
    ],
)
def test_times_of_common_drivers(values, unit):
    np.testing.assert_allclose(offsets_from_stamp(values, STAMP, unit), SCAN, atol=2e-6)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        (np.zeros(5, np.float32), "same time"),
        (np.array([0.0, np.nan]), "not all finite"),
        (np.array([], np.uint32), "no points"),
        (np.array([0, 4_000_000_000], np.uint32), "point_time_unit"),
        ((SCAN * 1e6).astype(np.uint32), "0.0001 s in ns: .* point_time_unit"),  # microseconds
        (SCAN * 1e-3, "point_time_unit"),
        (SCAN + 5.0, "from the scan's stamp"),
        (SCAN + STAMP * 1e-9 + 3600, "from the scan's stamp"),
        (SCAN + 12345.0, "from the scan's stamp"),
    ],
)
def test_times_that_are_none_are_told(values, words):
    with pytest.raises(UntimedScan, match=words):
        offsets_from_stamp(values, STAMP)


def test_a_unit_that_is_stated_holds_for_short_scans_as_well():
    values = np.array([0, 200_000], np.uint32)
    np.testing.assert_allclose(offsets_from_stamp(values, STAMP, "ns"), [0.0, 0.0002], atol=1e-9)
    with pytest.raises(UntimedScan, match="same time"):  # float32 half a second away holds no nanosecond
        offsets_from_stamp(values // 200_000 + 500_000_000, STAMP, "ns")


@pytest.mark.parametrize("big", [False, True])
def test_times_stay_with_their_points(big):
    order = ">" if big else "<"
    kind = np.dtype([("t", f"{order}u4"), ("x", f"{order}f4"), ("y", f"{order}f4"), ("z", f"{order}f4")])
    table = np.zeros(6, kind)
    table["t"] = np.arange(6) * 10_000_000
    table["x"] = [1, np.nan, 3, 0, 5, 6]
    fields = [PointField("t", 0, 6), *(PointField(name, 4 + 4 * i, 7) for i, name in enumerate("xyz"))]
    cloud = parse_cloud(fields, table.tobytes(), 3, 2, 16, 48, big, stamp=STAMP)
    np.testing.assert_allclose(cloud.offsets, [0, 0.02, 0.04, 0.05], atol=1e-6)
    np.testing.assert_allclose(cloud.xyz[:, 0], [1, 3, 5, 6])
    assert parse_cloud(fields, table.tobytes(), 3, 2, 16, 48, big).offsets is None
    bare = parse_cloud(fields[1:], table.tobytes(), 3, 2, 16, 48, big, stamp=STAMP)
    assert bare.offsets is None
    assert "looked for t, time" in bare.untimed
