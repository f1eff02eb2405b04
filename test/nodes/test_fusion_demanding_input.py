"""hazard_fusion over DDS with inputs that are unusual but right: every one of them gives its zones."""

from __future__ import annotations

from collections.abc import Callable

import fusion_scene as scene
import numpy as np
import pytest
from fusion_rig import running_fusion
from ros_harness import wait_until
from sensor_msgs.msg import PointCloud2, RegionOfInterest

from clipomaly_msgs.msg import AnomalyFrame, HazardZone, HazardZoneArray
from clipomaly_ros.nodes.message_buffers import bytes_field, image_message

pytestmark = pytest.mark.dds
FAILURES = ("anomalies_failed", "points_failed", "pair_failed", "fusion_failed", "heartbeat_failed")


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    # A health message quotes what was counted since the latest report, after what is silent: reports
    # not too often, and no silence however slow the machine is.
    changes = {"diagnostics_period": 0.5, "input_timeout": 3600.0}
    with running_fusion(tmp_path_factory.mktemp("fusion"), **changes) as running:
        running.good_pair()
        yield running
        assert {name: running.counter(name) for name in FAILURES} == dict.fromkeys(FAILURES, 0)


def big_endian(stamp: int) -> PointCloud2:
    cloud = scene.cloud(stamp)
    cloud.data = bytes_field(scene.scene_points().astype(">f4"))
    cloud.is_bigendian = True
    return cloud


def organised(stamp: int) -> PointCloud2:
    """Rows of 64 points, the last one filled up with NaN, and three unused points after each."""
    points = scene.scene_points()
    rows = -(-len(points) // 64)
    grid = np.full((rows * 64, 3), np.nan, np.float32)
    grid[: len(points)] = points
    padded = np.full((rows, 67, 3), 7.0, np.float32)
    padded[:, :64] = grid.reshape(rows, 64, 3)
    cloud = scene.cloud(stamp, padded.reshape(-1, 3))
    cloud.height, cloud.width, cloud.row_step, cloud.is_dense = rows, 64, 67 * 12, False
    return cloud


def no_points(stamp: int) -> PointCloud2:
    return scene.cloud(stamp, np.empty((0, 3), np.float32))


def one_point(stamp: int) -> PointCloud2:
    return scene.cloud(stamp, scene.scene_points()[-1:])


@pytest.mark.parametrize(
    ("make", "supports"),
    [
        (big_endian, {HazardZone.SUPPORT_FUSED}),
        (organised, {HazardZone.SUPPORT_FUSED}),
        (no_points, {HazardZone.SUPPORT_GROUND_PLANE}),
        (one_point, {HazardZone.SUPPORT_GROUND_PLANE, HazardZone.SUPPORT_FUSED}),
    ],
)
def test_any_layout_of_a_cloud_gives_the_box(
    rig, make: Callable[[int], PointCloud2], supports: set[int]
) -> None:
    stamp = rig.stamp()
    rig.send(scene.anomaly_frame(stamp), scene.camera_info(stamp), make(stamp))
    (zone,) = rig.wait_zones(stamp).zones
    assert zone.sensor_support in supports
    assert np.hypot(zone.centroid.x - scene.BOX_CENTRE[0], zone.centroid.y - scene.BOX_CENTRE[1]) < 1.5


def test_a_picture_one_pixel_wide(rig) -> None:
    stamp = rig.stamp()
    info = scene.camera_info(stamp)
    info.width, info.k[2] = 1, 0.0
    mask = np.zeros((scene.HEIGHT, 1), np.uint8)
    mask[200:260] = 1
    rig.send(scene.anomaly_frame(stamp, mask), info, scene.cloud(stamp))
    assert len(rig.wait_zones(stamp).zones) >= 1
    assert rig.good_pair().zones


def test_a_change_of_resolution_takes_effect_with_its_first_image(rig) -> None:
    for scale in (2, 1):
        stamp = rig.stamp()
        info = scene.camera_info(stamp)
        info.width, info.height = scene.WIDTH // scale, scene.HEIGHT // scale
        info.k = np.array([*(info.k[:6] / scale), 0, 0, 1.0])
        mask = np.ascontiguousarray(scene.box_mask()[::scale, ::scale])
        rig.send(scene.anomaly_frame(stamp, mask), None, scene.cloud(stamp))  # the calibration comes last
        rig.send(info=info)
        near = [
            zone
            for zone in rig.wait_zones(stamp).zones
            if abs(zone.centroid.x - 10.0) < 1.0 and zone.observation_age == 0.0
        ]
        assert near
        assert near[0].sensor_support == HazardZone.SUPPORT_FUSED


def test_a_region_that_has_no_place_degrades_the_array_it_is_missing_from(rig) -> None:
    stamp = rig.stamp()
    sky = np.zeros((scene.HEIGHT, scene.WIDTH), np.uint8)
    sky[5:20, 100:140] = 1
    before = rig.counter("region_unplaced")
    rig.send(scene.anomaly_frame(stamp, sky), scene.camera_info(stamp), scene.cloud(stamp))
    array = rig.wait_zones(stamp)
    assert array.health == HazardZoneArray.HEALTH_DEGRADED
    assert "region_unplaced" in array.health_message
    assert "above the horizon" in rig.wait_counter("region_unplaced", before + 1)


def test_a_text_of_many_bytes_does_not_cost_the_arrays(rig) -> None:
    def quoted() -> bool:  # a report of the diagnostics may come between the two
        frame = scene.anomaly_frame(rig.stamp())
        frame.label_image.encoding = "\u65e5" * 300
        rig.send(frame)
        array = rig.good_pair()
        assert array.zones
        return "anomalies_encoding" in array.health_message

    wait_until(quoted, "an array whose health message tells of the encoding")


def test_frames_without_pixels_or_regions_beyond_the_list_are_refused(rig) -> None:
    before = rig.counter("anomalies_size")
    rig.send(AnomalyFrame(header=scene.anomaly_frame(rig.stamp()).header))
    wait_until(
        lambda: rig.counter("anomalies_size") + rig.counter("anomalies_encoding") > before, "a refusal"
    )
    assert rig.good_pair().zones


# The last one: the tracker keeps hundreds of its zones, which would cost time in every later test.
def test_a_thousand_regions_in_16_bits(rig) -> None:
    stamp = rig.stamp()
    frame = scene.anomaly_frame(stamp)
    pattern = frame.regions[0]
    image = np.zeros((scene.HEIGHT, scene.WIDTH), np.uint16)
    regions = []
    for number in range(1, 1001):
        x, y = 12 * ((number - 1) % 50), 190 + 8 * ((number - 1) // 50)
        image[y : y + 4, x : x + 6] = number
        region = type(pattern)(
            id=number,
            name=pattern.name,
            name_source=pattern.name_source,
            score=pattern.score,
            bounding_box=RegionOfInterest(x_offset=x, y_offset=y, width=6, height=4),
            state=pattern.state,
        )
        regions.append(region)
    frame.regions, frame.region_image = regions, image_message(image, "mono16", frame.header)
    rig.send(frame, scene.camera_info(stamp), scene.cloud(stamp))
    array = rig.wait_zones(stamp)
    assert 1 <= len(array.zones) <= 512  # tracker.max_zones; touching parts of one name are joined
    assert [zone.nearest_edge_distance for zone in array.zones] == sorted(
        zone.nearest_edge_distance for zone in array.zones
    )
    assert rig.good_pair().zones
