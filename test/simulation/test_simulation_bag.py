"""The simulated bag: what is written is what is read, and the command says what is wrong."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from rosbags.interfaces import QosDurability
from simple_apron import simple_apron

from clipomaly_ros.cli.main import main
from clipomaly_ros.hazard.policy import load_policy
from clipomaly_ros.replay.bag_reader import Bag
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.simulation.bag_writer import (
    RAW_IMAGE,
    TOPICS,
    TRUTH_DEPTH,
    TRUTH_LABELS,
    BagOptions,
    write_bag,
)
from clipomaly_ros.simulation.drive import Drive, DriveSettings
from clipomaly_ros.simulation.message_factory import POINT

POLICY = Path(__file__).resolve().parents[2] / "config" / "hazard_policy.yaml"


def make(**settings):
    return Drive(1, simple_apron(1), DriveSettings(**settings))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("bags") / "drive"
    write_bag(path, make(), 2)
    return path


def test_every_topic_comes_back(folder):
    with Bag(folder) as bag:
        assert {c.topic: c.msgtype for c in bag.connections} == TOPICS
        counts = {c.topic: c.msgcount for c in bag.connections}
        assert counts["/camera/image_raw/compressed"] == counts["/lidar/points"] == 2
        assert counts["/tf"] >= 11
        qos = {c.topic: c.ext.offered_qos_profiles[0].durability for c in bag.connections}
        assert qos["/tf_static"] == QosDurability.TRANSIENT_LOCAL
        assert qos["/tf"] == QosDurability.VOLATILE


def test_cloud_and_truth_survive_the_round_trip(folder):
    frame = make().frame(0)
    with Bag(folder) as bag:
        by_topic = {c.topic: c for c in bag.connections}
        connection, _, raw = next(bag.messages([by_topic["/lidar/points"]]))
        cloud = bag.read(raw, connection)
        assert [field.name for field in cloud.fields] == ["x", "y", "z", "intensity", "ring", "time"]
        table = np.frombuffer(cloud.data.tobytes(), POINT)
        np.testing.assert_array_equal(np.column_stack([table[a] for a in "xyz"]), frame.cloud.xyz)
        np.testing.assert_array_equal(table["intensity"], frame.cloud.intensity)
        np.testing.assert_array_equal(table["ring"], frame.cloud.ring)
        np.testing.assert_array_equal(table["time"], frame.cloud.time_offset)
        connection, _, raw = next(bag.messages([by_topic["/ground_truth/anomalies"]]))
        truth = bag.read(raw, connection)
        mask = truth.region_image.data.reshape(360, 640)
        scene = simple_apron(1)
        for region in truth.regions:
            index = scene.anomalies[region.id - 1]
            assert region.name == scene.objects[index].name
            np.testing.assert_array_equal(mask == region.id, frame.image.objects == index)
            assert region.pixel_area == (mask == region.id).sum()


def test_the_legend_names_the_labels_and_groups_that_the_policy_knows(folder):
    policy = load_policy(POLICY)
    with Bag(folder) as bag:
        by_topic = {c.topic: c for c in bag.connections}
        ((connection, _, raw),) = bag.messages([by_topic["/ground_truth/legend"]])
        legend = bag.read(raw, connection)
        groups = {entry.label: (entry.name, entry.group) for entry in legend.entries}
        for connection, _, raw in bag.messages([by_topic["/ground_truth/anomalies"]]):
            frame = bag.read(raw, connection)
            assert frame.legend_id == legend.legend_id
            assert all(groups[region.label][0] == region.name for region in frame.regions)
    assert {policy.row(group).name for _, group in groups.values()} == {"fod"}


def test_boxes_stand_where_the_objects_do(folder):
    with Bag(folder) as bag:
        by_topic = {c.topic: c for c in bag.connections}
        ((connection, _, raw),) = bag.messages([by_topic["/ground_truth/boxes"]])
        markers = bag.read(raw, connection).markers
    scene = simple_apron(1)
    assert [marker.ns for marker in markers] == [scene.objects[index].name for index in scene.anomalies]
    for marker, index in zip(markers, scene.anomalies, strict=True):
        box, at = scene.objects[index].box, marker.pose.position
        np.testing.assert_allclose([at.x, at.y, at.z], box.centre)
        np.testing.assert_allclose([marker.scale.x, marker.scale.y, marker.scale.z], box.size)


def test_pictures_of_depth_and_labels_and_raw_images_by_option(tmp_path):
    drive = make(clock_offset=0.03)
    write_bag(tmp_path / "bag", drive, 1, options=BagOptions(jpeg_quality=0, depth=True, labels=True))
    frame = drive.frame(0)
    with Bag(tmp_path / "bag") as bag:
        found = {}
        for connection, time, raw in bag.messages(bag.connections):
            found[connection.topic] = (bag.read(raw, connection), time)
    image, time = found[RAW_IMAGE]
    assert image.encoding == "rgb8"
    np.testing.assert_array_equal(image.data.reshape(360, 640, 3), frame.image.rgb)
    assert image.header.stamp.sec * 10**9 + image.header.stamp.nanosec == time + 30_000_000
    depth = np.frombuffer(found[TRUTH_DEPTH][0].data.tobytes(), "<u2").reshape(360, 640) / 1000
    near = frame.image.depth < 60
    assert near.any()
    np.testing.assert_allclose(depth[near], frame.image.depth[near], atol=6e-4)
    assert (depth[frame.image.objects == -2] == 0).all()
    np.testing.assert_array_equal(found[TRUTH_LABELS][0].data.reshape(360, 640), frame.image.labels)
    clock = found["/clock"][0].clock
    assert clock.sec * 10**9 + clock.nanosec == found["/clock"][1]
    with pytest.raises(BagError, match="JPEG quality"):
        BagOptions(jpeg_quality=101)


def test_a_drive_past_nothing_odd_has_empty_truth(tmp_path):
    scene = simple_apron(1)
    usual = replace(scene, objects=tuple(item for item in scene.objects if not item.anomalous))
    write_bag(tmp_path / "bag", Drive(1, usual), 1)
    with Bag(tmp_path / "bag") as bag:
        found = {c.topic: bag.read(raw, c) for c, _, raw in bag.messages(bag.connections)}
    assert found["/ground_truth/legend"].entries == []
    assert found["/ground_truth/boxes"].markers == []
    assert found["/ground_truth/anomalies"].regions == []
    assert not found["/ground_truth/anomalies"].region_image.data.any()


@pytest.mark.parametrize("turn", ["sector", "full"])
def test_stamps_can_be_interpolated(folder, tmp_path, turn):
    if turn == "full":
        folder = tmp_path / "bag"
        write_bag(folder, Drive(1, simple_apron(1), DriveSettings(sector=None)), 1)
    with Bag(folder) as bag:
        by_topic = {c.topic: c for c in bag.connections}
        stamps = []
        for connection, _, raw in bag.messages([by_topic["/tf"]]):
            stamp = bag.read(raw, connection).transforms[0].header.stamp
            stamps.append(stamp.sec * 10**9 + stamp.nanosec)
        points = [
            bag.read(raw, connection) for connection, _, raw in bag.messages([by_topic["/lidar/points"]])
        ]
    assert stamps == sorted(stamps)
    for cloud in points:  # each point's own time too
        stamp = cloud.header.stamp.sec * 10**9 + cloud.header.stamp.nanosec
        offsets = np.frombuffer(cloud.data.tobytes(), POINT)["time"]
        first, last = (round(1e9 * float(offset)) for offset in (offsets.min(), offsets.max()))
        assert stamps[0] <= stamp + first
        assert stamp + last <= stamps[-1]
        assert last - first > (0.09e9 if turn == "full" else 0.03e9)


def test_nothing_is_overwritten_and_a_half_made_bag_is_removed(folder, tmp_path):
    with pytest.raises(BagError, match="exists already"):
        write_bag(folder, make(), 1)

    def interrupted(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_bag(tmp_path / "half", make(), 2, interrupted)
    assert not (tmp_path / "half").exists()


def test_more_anomalies_than_the_masks_can_number_are_refused(tmp_path):
    scene = simple_apron(1)
    many = replace(scene, objects=scene.objects[:1] + (scene.objects[-1],) * 256)
    with pytest.raises(BagError, match="at most 255 anomalies"):
        write_bag(tmp_path / "bag", Drive(1, many), 1)
    assert not (tmp_path / "bag").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["--frames", "0"],
        ["--seed", "-1"],
        ["--frames", "300"],
        ["--rate", "1"],
        ["--rate", "nan"],
        ["--noise", "nan"],
        ["--exposure", "inf"],
    ],
)
def test_the_command_refuses_odd_numbers_in_one_line(tmp_path, capsys, arguments):
    assert main(["simulate", "bag", "-o", str(tmp_path / "bag"), *arguments]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "clipomaly simulate" in line]
    assert len(lines) == 1
    assert "expected" in lines[0]
    assert not (tmp_path / "bag").exists()
