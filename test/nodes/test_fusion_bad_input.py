"""hazard_fusion over DDS: each bad input has its counter, and the next good pair its zones."""

from __future__ import annotations

from array import array

import fusion_scene as scene
import numpy as np
import pytest
from fusion_rig import running_fusion

from clipomaly_ros.nodes.message_buffers import image_message

pytestmark = pytest.mark.dds


@pytest.fixture(scope="module")
def rig(tmp_path_factory):
    with running_fusion(tmp_path_factory.mktemp("fusion"), tf_timeout=1.0) as running:
        running.good_pair()
        yield running


def frame_zero_stamp(stamp):
    return {"frame": scene.anomaly_frame(0)}


def frame_without_frame_id(stamp):
    return {"frame": scene.anomaly_frame(stamp, frame_id="")}


def frame_sizes_disagree(stamp):
    frame = scene.anomaly_frame(stamp)
    frame.label_image = image_message(np.zeros((4, 4), np.uint8), "mono8", frame.header)
    return {"frame": frame}


def frame_absurd_size(stamp):
    frame = scene.anomaly_frame(stamp)
    frame.region_image.width = 2**32 - 1
    return {"frame": frame}


def frame_truncated(stamp):
    frame = scene.anomaly_frame(stamp)
    scene.truncated(frame.region_image)
    return {"frame": frame}


def frame_encoding(stamp):
    frame = scene.anomaly_frame(stamp)
    frame.label_image.encoding = "32FC1"
    return {"frame": frame}


def frame_duplicate_ids(stamp):
    frame = scene.anomaly_frame(stamp)
    frame.regions = [frame.regions[0], frame.regions[0]]
    return {"frame": frame}


def frame_missing_ids(stamp):
    frame = scene.anomaly_frame(stamp)
    frame.regions = []
    return {"frame": frame}


def cloud_zero_stamp(stamp):
    return {"cloud": scene.cloud(0)}


def cloud_without_frame_id(stamp):
    return {"cloud": scene.cloud(stamp, frame_id="")}


def cloud_without_z(stamp):
    cloud = scene.cloud(stamp)
    cloud.fields = cloud.fields[:2]
    return {"cloud": cloud}


def cloud_truncated(stamp):
    cloud = scene.cloud(stamp)
    cloud.data = array("B", cloud.data[: len(cloud.data) // 2])
    return {"cloud": cloud}


def cloud_absurd_size(stamp):
    cloud = scene.cloud(stamp)
    cloud.width = cloud.height = 2**32 - 1
    return {"cloud": cloud}


def info_zero_stamp(stamp):
    return {"info": scene.camera_info(0)}


def info_all_zero(stamp):
    info = scene.camera_info(stamp)
    info.k = np.zeros(9)
    return {"info": info}


def info_unknown_model(stamp):
    info = scene.camera_info(stamp)
    info.distortion_model = "kaleidoscope"
    return {"info": info}


def info_not_finite(stamp):
    info = scene.camera_info(stamp)
    info.d = [float("nan")] * 5
    return {"info": info}


def info_binned(stamp):
    info = scene.camera_info(stamp)
    info.binning_x = info.binning_y = 2
    return {"info": info}


def info_cropped(stamp):
    info = scene.camera_info(stamp)
    info.roi.x_offset, info.roi.width, info.roi.height = 8, 320, 200
    return {"info": info}


def frame_encoding_in_many_bytes(stamp):
    frame = scene.anomaly_frame(stamp)
    frame.label_image.encoding = "\u65e5" * 300
    return {"frame": frame}


@pytest.mark.parametrize(
    ("make", "counter", "words"),
    [
        (frame_zero_stamp, "anomalies_zero_stamp", "/anomalies"),
        (frame_without_frame_id, "anomalies_empty_frame_id", "/anomalies"),
        (frame_sizes_disagree, "anomalies_size", "4x4"),
        (frame_absurd_size, "anomalies_size", "4294967295"),
        (frame_truncated, "anomalies_truncated", "region_image"),
        (frame_encoding, "anomalies_encoding", "32FC1"),
        (frame_encoding_in_many_bytes, "anomalies_encoding", "\u65e5"),
        (frame_duplicate_ids, "anomalies_region_ids", "twice"),
        (frame_missing_ids, "anomalies_region_ids", "without an entry: [1]"),
        (cloud_zero_stamp, "points_zero_stamp", "/points"),
        (cloud_without_frame_id, "points_empty_frame_id", "/points"),
        (cloud_without_z, "points_no_xyz", "z"),
        (cloud_truncated, "points_truncated", "bytes"),
        (cloud_absurd_size, "points_size", "4294967295"),
        (info_zero_stamp, "camera_info_zero_stamp", "/camera_info"),
        (info_all_zero, "camera_info_uncalibrated", "K is all zero"),
        (info_unknown_model, "camera_info_distortion_model", "kaleidoscope"),
        (info_not_finite, "camera_info_values", "finite"),
        (info_binned, "camera_info_binning", "2x2"),
        (info_cropped, "camera_info_roi", "320x200"),
    ],
)
def test_a_bad_message_is_counted_by_name_and_the_next_good_pair_gives_zones(rig, make, counter, words):
    before, stamp = rig.counter(counter), rig.stamp()
    rig.send(**make(stamp))
    assert words in rig.wait_counter(counter, before + 1)
    assert len(rig.good_pair().zones) == 1
    assert rig.counter("anomalies_failed") + rig.counter("pair_failed") + rig.counter("fusion_failed") == 0


def test_points_that_are_not_numbers_are_counted_and_the_rest_is_used(rig):
    before, stamp = rig.counter("points_non_finite"), rig.stamp()
    points = scene.scene_points()
    points[::10] = np.nan
    rig.send(scene.anomaly_frame(stamp), scene.camera_info(stamp), scene.cloud(stamp, points))
    assert len(rig.wait_zones(stamp).zones) == 1
    rig.wait_counter("points_non_finite", before + len(points[::10]))


def test_a_calibration_of_another_size_is_counted(rig):
    stamp = rig.stamp()
    info = scene.camera_info(stamp)
    info.width = 320
    before = rig.counter("camera_infos_in")
    rig.send(info=info)
    rig.wait_counter("camera_infos_in", before + 1)
    rig.send(scene.anomaly_frame(stamp), cloud=scene.cloud(stamp))
    assert "320x360" in rig.wait_counter("camera_info_size")
    assert len(rig.good_pair().zones) == 1


def test_frames_tf_does_not_know_are_counted(rig):
    before, stamp = rig.counter("transform_missing"), rig.stamp()
    rig.send(scene.anomaly_frame(stamp, frame_id="nose_camera"), scene.camera_info(stamp), scene.cloud(stamp))
    assert "'nose_camera'" in rig.wait_counter("transform_missing", before + 1)
    assert len(rig.good_pair().zones) == 1
