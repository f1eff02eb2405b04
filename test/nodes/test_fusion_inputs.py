"""Messages at the edge of fusion: what is accepted, and the name of each refusal."""

from __future__ import annotations

from array import array

import fusion_scene as scene
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import PointCloud2, RegionOfInterest

from clipomaly_ros.nodes.anomaly_frame_input import read_anomaly_frame
from clipomaly_ros.nodes.camera_info_history import CameraInfoHistory, read_camera_info
from clipomaly_ros.nodes.cloud_input import read_cloud
from clipomaly_ros.nodes.message_buffers import image_message
from clipomaly_ros.nodes.message_checks import BadMessage, mono_pixels

T = 5_000_000_000


def refusal(read, message) -> str:
    with pytest.raises(BadMessage) as caught:
        read(message)
    assert str(caught.value)
    return caught.value.reason


def test_a_frame_becomes_arrays_and_observations():
    frame = read_anomaly_frame(scene.anomaly_frame(T))
    assert frame.stamp == T
    assert frame.frame_id == scene.CAMERA
    assert frame.size == (scene.WIDTH, scene.HEIGHT)
    np.testing.assert_array_equal(frame.region_image, scene.box_mask())
    (region,) = frame.regions
    assert (region.name, region.source, len(region.candidates)) == ("suitcase", 2, 2)
    assert frame.regions_with_groups({7: "baggage"})[0].group == "baggage"
    assert frame.regions_with_groups({})[0].group == ""


def test_a_frame_without_regions_is_fine():
    assert read_anomaly_frame(scene.anomaly_frame(T, np.zeros_like(scene.box_mask()))).regions == ()


def broken_frames():
    def change(name, edit):
        frame = scene.anomaly_frame(T)
        edit(frame)
        return pytest.param(frame, name, id=f"{name}-{edit.__name__}")

    def zero_stamp(frame):
        frame.header.stamp.sec = 0

    def negative_stamp(frame):
        frame.header.stamp.sec = -1

    def no_frame(frame):
        frame.header.frame_id = ""

    def labels_smaller(frame):
        frame.label_image = image_message(np.zeros((10, 10), np.uint8), "mono8", frame.header)

    def absurd_width(frame):
        frame.region_image.width = 2**31

    def empty_image(frame):
        frame.score_image.height = 0

    def short_step(frame):
        frame.region_image.step = 3

    def colour(frame):
        frame.label_image.encoding = "bgr8"

    def cut(frame):
        scene.truncated(frame.region_image)

    def twice(frame):
        frame.regions = [frame.regions[0], frame.regions[0]]

    def unlisted(frame):
        frame.regions = []

    def unpainted(frame):
        frame.regions[0].id = 2

    def zero_id(frame):
        frame.regions[0].id = 0

    def outside(frame):
        frame.regions[0].bounding_box.width = 5000

    def state(frame):
        frame.regions[0].state = 9

    def not_a_number(frame):
        frame.regions[0].score = float("nan")

    def candidate_score(frame):
        frame.regions[0].candidates[0].score = 1.5

    yield change("zero_stamp", zero_stamp)
    yield change("bad_stamp", negative_stamp)
    yield change("empty_frame_id", no_frame)
    for edit in (labels_smaller, absurd_width, empty_image, short_step):
        yield change("size", edit)
    yield change("encoding", colour)
    yield change("truncated", cut)
    for edit in (twice, unlisted, unpainted, zero_id):
        yield change("region_ids", edit)
    yield change("region_box", outside)
    for edit in (state, not_a_number, candidate_score):
        yield change("region_values", edit)


@pytest.mark.parametrize(("frame", "reason"), broken_frames())
def test_a_broken_frame_is_named(frame, reason):
    assert refusal(read_anomaly_frame, frame) == reason


@given(st.integers(1, 40), st.integers(1, 40), st.integers(0, 7), st.booleans())
def test_padded_rows_and_either_byte_order_are_read(height, width, padding, big):
    values = np.random.default_rng(height * 41 + width).integers(0, 65535, (height, width), np.uint16)
    image = image_message(values, "mono16", scene.anomaly_frame(T).header)
    rows = np.zeros((height, width + padding), ">u2" if big else "<u2")
    rows[:, :width] = values
    image.step, image.is_bigendian, image.data = rows.shape[1] * 2, int(big), array("B", rows.tobytes())
    np.testing.assert_array_equal(mono_pixels(image, "x"), values)


def test_a_cloud_becomes_finite_points():
    points = scene.scene_points()
    points[::7] = np.nan
    cloud = read_cloud(scene.cloud(T, points))
    assert cloud.points.non_finite == len(points[::7])
    assert len(cloud.points.xyz) == len(points) - len(points[::7])
    assert cloud.frame_id == scene.LIDAR


def broken_clouds():
    def change(name, **fields):
        cloud = scene.cloud(T)
        for key, value in fields.items():
            setattr(cloud, key, value)
        return pytest.param(cloud, name, id=f"{name}-{'-'.join(fields)}")

    whole = scene.cloud(T)
    yield change("no_xyz", fields=whole.fields[:2])
    yield change("no_xyz", fields=[])
    yield change("truncated", data=array("B", whole.data[:-1]))
    yield change("size", width=2**31, height=2**31)
    yield change("layout", point_step=4, row_step=4 * whole.width)
    yield change("empty_frame_id", header=scene.cloud(T, frame_id="").header)
    yield change("zero_stamp", header=scene.cloud(0).header)


@pytest.mark.parametrize(("cloud", "reason"), broken_clouds())
def test_a_broken_cloud_is_named(cloud, reason):
    assert refusal(read_cloud, cloud) == reason


@given(st.binary(max_size=200), st.integers(0, 2**32 - 1), st.integers(0, 2**32 - 1), st.integers(0, 64))
def test_any_cloud_is_read_or_refused(data, width, height, step):
    message = PointCloud2(
        header=scene.cloud(T, np.zeros((0, 3))).header,
        fields=scene.cloud(T, np.zeros((0, 3))).fields,
        width=width,
        height=height,
        point_step=step,
        row_step=min(width * step, 2**32 - 1),
        data=array("B", data),
    )
    try:
        outcome = len(read_cloud(message).points.xyz)
    except BadMessage as problem:
        outcome = problem.reason
    assert outcome in ("size", "truncated", "layout") or (isinstance(outcome, int) and outcome <= len(data))


def test_calibrations_that_cannot_be_used_are_named():
    for reason, fields in {
        "uncalibrated": {"k": np.zeros(9)},
        "distortion_model": {"distortion_model": "spherical"},
        "values": {"d": [0.0]},
        "binning": {"binning_x": 2, "binning_y": 2},
        "roi": {"roi": RegionOfInterest(x_offset=8, width=32, height=32)},
        "zero_stamp": {"header": scene.camera_info(0).header},
    }.items():
        message = scene.camera_info(T)
        for key, value in fields.items():
            setattr(message, key, value)
        assert refusal(read_camera_info, message) == reason


def test_the_calibration_at_a_stamp_is_the_exact_or_the_latest_before():
    history = CameraInfoHistory()
    assert history.at(T) is None
    wide = scene.camera_info(T)
    narrow = scene.camera_info(T + 200)
    narrow.k[0] = narrow.k[4] = 900.0
    for message in (wide, scene.camera_info(T + 100), narrow):
        history.add(message)
    assert history.at(T - 1) is None
    assert history.at(T).matrix[0, 0] == scene.FOCAL
    assert history.at(T + 199).matrix[0, 0] == scene.FOCAL
    assert history.at(T + 200).matrix[0, 0] == 900.0
    assert history.at(T + 10**12).matrix[0, 0] == 900.0


def test_after_a_jump_the_newest_calibration_holds_until_another_comes():
    history = CameraInfoHistory()
    narrow = scene.camera_info(T + 200)
    narrow.k[0] = narrow.k[4] = 900.0
    for message in (scene.camera_info(T), narrow):
        history.add(message)
    history.start_over()
    assert history.at(1).matrix[0, 0] == 900.0  # one that was sent only once is not lost
    history.add(scene.camera_info(T))
    assert history.at(T - 1).matrix[0, 0] == 900.0
    assert history.at(T + 300).matrix[0, 0] == scene.FOCAL


def test_a_region_of_interest_that_is_the_whole_picture_is_none():
    message = scene.camera_info(T)
    message.roi = RegionOfInterest(width=scene.WIDTH, height=scene.HEIGHT)
    message.binning_x = message.binning_y = 1
    assert read_camera_info(message).width == scene.WIDTH


def test_an_unchanged_calibration_reaches_back_for_ever():
    history = CameraInfoHistory()
    for i in range(1000):
        history.add(scene.camera_info(T + i))
    assert history.at(T) is not None
