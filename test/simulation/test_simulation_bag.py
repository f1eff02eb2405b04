"""The simulated bag: what is written is what is read, and the command says what is wrong."""

from pathlib import Path

import numpy as np
import pytest
from rosbags.interfaces import QosDurability

from clipomaly_ros.cli.main import main
from clipomaly_ros.hazard.policy import load_policy
from clipomaly_ros.replay.bag_reader import Bag
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.simulation.bag_writer import TOPICS, write_bag
from clipomaly_ros.simulation.catalogue import ANOMALIES
from clipomaly_ros.simulation.drive import Drive

POLICY = Path(__file__).resolve().parents[2] / "config" / "hazard_policy.yaml"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("bags") / "drive"
    write_bag(path, Drive(1), 2)
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
    frame = Drive(1).frame(0)
    with Bag(folder) as bag:
        by_topic = {c.topic: c for c in bag.connections}
        connection, _, raw = next(bag.messages([by_topic["/lidar/points"]]))
        cloud = bag.read(raw, connection)
        table = np.frombuffer(cloud.data.tobytes(), "<f4").reshape(-1, 4)
        np.testing.assert_array_equal(table[:, :3], frame.cloud.xyz)
        connection, _, raw = next(bag.messages([by_topic["/ground_truth/anomalies"]]))
        truth = bag.read(raw, connection)
        mask = truth.region_image.data.reshape(360, 640)
        scene = Drive(1).scene
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


def test_every_kind_of_anomaly_has_a_group_of_the_policy():
    policy = load_policy(POLICY)
    for name, (group, _) in ANOMALIES.items():
        assert policy.row(group).name == "fod", name


def test_stamps_can_be_interpolated(folder):
    with Bag(folder) as bag:
        by_topic = {c.topic: c for c in bag.connections}
        stamps = []
        for connection, _, raw in bag.messages([by_topic["/tf"]]):
            stamp = bag.read(raw, connection).transforms[0].header.stamp
            stamps.append(stamp.sec * 10**9 + stamp.nanosec)
        _, last, _ = list(bag.messages([by_topic["/lidar/points"]]))[-1]
    assert stamps == sorted(stamps)
    assert stamps[-1] >= last


def test_nothing_is_overwritten_and_a_half_made_bag_is_removed(folder, tmp_path):
    with pytest.raises(BagError, match="exists already"):
        write_bag(folder, Drive(1), 1)

    def interrupted(done):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write_bag(tmp_path / "half", Drive(1), 2, interrupted)
    assert not (tmp_path / "half").exists()


@pytest.mark.parametrize("arguments", [["--frames", "0"], ["--seed", "-1"]])
def test_the_command_refuses_odd_numbers_in_one_line(tmp_path, capsys, arguments):
    assert main(["simulate", "-o", str(tmp_path / "bag"), *arguments]) == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "clipomaly simulate" in line]
    assert len(lines) == 1
    assert "expected" in lines[0]
    assert not (tmp_path / "bag").exists()
