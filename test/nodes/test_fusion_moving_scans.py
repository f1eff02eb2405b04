"""hazard_fusion with scans that take time, several LiDARs and several cameras; no transport involved."""

from __future__ import annotations

import fusion_scene as scene
import numpy as np
import pytest
from fusion_direct import SECOND, START, STEP, DirectFusion, direct_fusion
from sensor_msgs.msg import PointCloud2, PointField

from clipomaly_ros.nodes.message_buffers import bytes_field

SPEED = 10.0
IMAGE = START + 20_000_000


def timed_cloud(speed: float = SPEED) -> PointCloud2:
    """Return the scene, measured in random order from 50 ms before START until 50 ms after it."""
    places = scene.scene_points()  # from where the LiDAR is when the picture is taken
    offsets = np.random.default_rng(1).uniform(-0.05, 0.05, len(places))
    kind = np.dtype([("x", "<f4"), ("y", "<f4"), ("z", "<f4"), ("time", "<f4")])
    table = np.zeros(len(places), kind)
    table["x"] = places[:, 0] - speed * (offsets - (IMAGE - START) / SECOND)
    table["y"], table["z"], table["time"] = places[:, 1], places[:, 2], offsets
    message = scene.cloud(START, np.zeros((0, 3)))
    message.fields = [PointField(name=n, offset=4 * i, datatype=7, count=1) for i, n in enumerate(kind.names)]
    message.width, message.point_step, message.row_step = len(table), 16, 16 * len(table)
    message.data = bytes_field(table)
    return message


def drive_by(fusion: DirectFusion, end: int, begin: int = START - SECOND) -> None:
    fusion.set_time(IMAGE)
    fusion.drive(SPEED, IMAGE, begin, end)
    fusion.receive("/camera_info", scene.camera_info(IMAGE))
    fusion.receive("/points", timed_cloud())
    fusion.receive("/anomalies", scene.anomaly_frame(IMAGE))


@pytest.mark.parametrize("deskew", [True, False])
def test_what_a_moving_vehicle_sees_stands_in_one_place_with_and_is_smeared_without(deskew):
    with direct_fusion(deskew=deskew) as fusion:
        drive_by(fusion, START + SECOND)
        (array,) = fusion.measured()
        (zone,) = array.zones
        x = [corner.x for corner in zone.polygon]
        error = abs(min(x) - (scene.BOX_CENTRE[0] - scene.BOX_SIDE / 2))
        told = fusion.told()["deskew /points"]
        if deskew:
            assert error < 0.06
            assert max(x) - min(x) == pytest.approx(scene.BOX_SIDE, abs=0.15)
            assert "0.100 s" in told
            assert "undeskewed" not in array.health_message
        else:
            assert error > 0.3
            assert "undeskewed: switched off" in told
            assert "undeskewed: /points" in array.health_message


def test_a_scan_that_ends_after_the_newest_transform_does_not_wait_for_the_next():
    with direct_fusion() as fusion:
        drive_by(fusion, IMAGE)
        ((zone,),) = [array.zones for array in fusion.measured()]
        near = min(corner.x for corner in zone.polygon)
        assert abs(near - (scene.BOX_CENTRE[0] - scene.BOX_SIDE / 2)) < 0.06
        assert fusion.count("scan_transform_missing") == 0


def test_without_the_way_during_the_scan_the_points_are_used_as_they_are():
    with direct_fusion(tf_timeout=0.3) as fusion:
        drive_by(fusion, START + SECOND, begin=START - SECOND // 50)  # the scan began before
        assert not fusion.measured()
        fusion.set_time(IMAGE + SECOND)
        fusion.look_again()
        assert len(fusion.measured()[0].zones) == 1
        assert fusion.count("scan_transform_missing") == 1
        assert fusion.count("pairs_dropped") == 0


def test_a_scan_that_began_before_time_zero_is_used_as_it_is():
    """A simulation begins at zero; the first scan's points lie before its stamp."""
    stamp = 20_000_000
    cloud = timed_cloud(0.0)
    cloud.header.stamp = scene.stamp(stamp)
    with direct_fusion(tf_timeout=0.3, max_age=0.0) as fusion:
        fusion.set_time(stamp)
        fusion.receive("/camera_info", scene.camera_info(stamp))
        fusion.receive("/points", cloud)
        fusion.receive("/anomalies", scene.anomaly_frame(stamp))
        fusion.park()
        fusion.look_again()
        fusion.set_time(SECOND)
        fusion.look_again()
        assert len(fusion.measured()[0].zones) == 1
        assert fusion.count("scan_transform_missing") == 1
        assert fusion.count("pair_failed") == 0


def test_two_cameras_and_two_lidars_of_one_node_and_a_lidar_that_dies():
    points = scene.scene_points()
    with direct_fusion(
        cameras=["front", "left"], lidars=["roof", "bumper"], input_timeout=1.0, max_age=0.0
    ) as fusion:
        fusion.park()

        def play(number: int, bumper: bool) -> None:
            stamp = START + number * STEP
            fusion.set_time(stamp)
            for camera in ("front", "left"):
                fusion.receive(f"/{camera}/camera_info", scene.camera_info(stamp))
                fusion.receive(f"/{camera}/anomalies", scene.anomaly_frame(stamp))
            fusion.receive("/roof/points", scene.cloud(stamp, points[::2]))
            if bumper:
                fusion.receive("/bumper/points", scene.cloud(stamp + 5_000_000, points[1::2]))
            fusion.measured()

        for number in range(5):
            play(number, bumper=True)
        whole = fusion.measured()
        assert len(whole) == 10
        assert all(len(array.zones) == 1 for array in whole)
        assert whole[-1].zones[0].observation_count >= 5
        for number in range(5, 30):
            play(number, bumper=False)
        rest = fusion.measured()[10:]
        assert len(rest) >= 2 * 25 - 2 * 3 - 2  # only the newest pair of a camera waits for its worker
        assert 0 < rest[-1].zones[0].point_count < whole[-1].zones[0].point_count
        assert "nothing received" in fusion.node.health.level_and_message()[1]
        play(30, bumper=True)  # heard again, after the frame has gone
        play(31, bumper=True)
        assert fusion.measured()[-1].zones[0].point_count == whole[-1].zones[0].point_count


def test_a_slow_segmenter_loses_the_points_of_no_lidar():
    points = scene.scene_points()
    counts = []
    for delay in (0, 3):
        with direct_fusion(lidars=["roof", "bumper"], max_age=0.0) as fusion:
            fusion.park()
            for number in range(8):
                stamp = START + number * STEP
                fusion.set_time(stamp)
                fusion.receive("/camera_info", scene.camera_info(stamp))
                fusion.receive("/roof/points", scene.cloud(stamp, points[::2]))
                fusion.receive("/bumper/points", scene.cloud(stamp + 5_000_000, points[1::2]))
                if number >= delay:
                    fusion.receive("/anomalies", scene.anomaly_frame(stamp - delay * STEP))
                fusion.measured()
            counts.append({array.zones[0].point_count for array in fusion.measured()})
            assert len(fusion.measured()) == 8 - delay
    assert counts[0] == counts[1]
    assert len(counts[0]) == 1
