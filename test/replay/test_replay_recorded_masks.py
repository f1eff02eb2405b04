"""Recorded masks instead of the segmenter: the real hazard_fusion over DDS, compared with the truth."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest
from simple_apron import simple_apron

from clipomaly_ros.hazard.types import Support, ZoneState
from clipomaly_ros.replay.bag_reader import Bag
from clipomaly_ros.simulation.bag_writer import TRUTH, write_bag
from clipomaly_ros.simulation.drive import Drive

pytestmark = pytest.mark.dds
FRAMES = 10
NEAR = 20.0  # [m]
CLEARANCE = 0.09  # lower returns cannot be told from the ground [m]


def replay(bag, out, *more):
    command = [sys.executable, "-m", "clipomaly_ros.cli.main", "replay", "--bag", str(bag), "--out", str(out)]
    environment = {key: value for key, value in os.environ.items() if key != "ROS_DOMAIN_ID"}
    done = subprocess.run(
        [*command, *more], env=environment, capture_output=True, text=True, timeout=300, check=False
    )
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="module")
def drive():
    return Drive(0, simple_apron(0))


@pytest.fixture(scope="module")
def bag(drive, tmp_path_factory):
    path = tmp_path_factory.mktemp("bags") / "drive"
    write_bag(path, drive, FRAMES)
    return path


@pytest.fixture(scope="module")
def first(bag, tmp_path_factory):
    """Replay the true masks once; return the output folder."""
    out = tmp_path_factory.mktemp("first") / "out"
    code, text = replay(bag, out, "--anomalies", TRUTH)
    assert code == 0, text
    return out


def last_zones(out):
    with Bag(out / "bag") as recorded:
        (topic,) = (c for c in recorded.connections if c.topic == "/hazard_zones")
        arrays = [recorded.read(raw, topic) for _, _, raw in recorded.messages([topic])]
    return [array for array in arrays if array.camera_frame][-1].zones


def returns_above_ground(drive, index):
    """Count the LiDAR returns from an object in the last frame that stand out from the ground."""
    frame = drive.frame(FRAMES - 1)
    pose = drive.odom_from_lidar(frame.cloud_time)
    height = (frame.cloud.xyz @ pose[:3, :3].T + pose[:3, 3])[:, 2]
    return int(((frame.cloud.objects == index) & (height > CLEARANCE)).sum())


def test_zones_lie_on_the_true_objects(drive, first):
    summary = json.loads((first / "summary.json").read_text())
    assert summary["masks"] == TRUTH
    assert [summary[key] for key in ("images", "segmented", "with_zones", "dropped")] == [FRAMES] * 3 + [0]
    assert summary["errors"] == {}
    zones = last_zones(first)
    for index in drive.scene.anomalies:
        item = drive.scene.objects[index]
        mine = [zone for zone in zones if zone.name == item.name]
        offsets = [
            float(np.hypot(zone.centroid.x - item.box.centre[0], zone.centroid.y - item.box.centre[1]))
            for zone in mine
        ]
        count = returns_above_ground(drive, index)
        print(
            f"{item.name}: {count} returns, zones at {[round(offset, 2) for offset in offsets]} m, "
            f"points {[zone.point_count for zone in mine]}, distance "
            f"{[round(float(zone.nearest_edge_distance), 1) for zone in mine]} m"
        )
        if count < 4:
            continue
        assert mine, item.name
        best = mine[int(np.argmin(offsets))]
        assert best.nearest_edge_distance < NEAR
        assert min(offsets) < 0.5, item.name
        assert best.state == ZoneState.CONFIRMED
        assert best.sensor_support == Support.FUSED
        assert best.severity > 0
    names = {drive.scene.objects[index].name for index in drive.scene.anomalies}
    assert {zone.name for zone in zones} <= names


def test_the_pictures_say_where_the_masks_come_from(first):
    page = (first / "index.html").read_text()
    assert f"recorded on {TRUTH}" in page
    assert "Untrained model" not in page
    assert not (first / "log" / "anomaly_segmenter.log").exists()


def test_an_earlier_result_is_fused_again_with_other_parameters(bag, first, tmp_path):
    params = tmp_path / "params.yaml"
    params.write_text("/**/hazard_fusion:\n  ros__parameters:\n    tracker:\n      confirm_count: 100\n")
    code, text = replay(
        first / "bag", tmp_path / "out", "--anomalies", TRUTH.lstrip("/"), "--params", str(params)
    )
    assert code == 0, text
    zones = last_zones(tmp_path / "out")
    assert len(zones) >= 3
    assert {zone.state for zone in zones} == {ZoneState.TENTATIVE}
    places = sorted((zone.centroid.x, zone.centroid.y) for zone in zones)
    before = sorted((zone.centroid.x, zone.centroid.y) for zone in last_zones(first))
    np.testing.assert_allclose(places, before, atol=1e-4)  # [m], the same input, whatever the parameter


@pytest.mark.parametrize(
    ("more", "words"),
    [
        (("--anomalies", "/nothing"), "no topic /nothing"),
        (("--anomalies", "/lidar/points"), "AnomalyFrame"),
        (("--params", "{missing}"), "not readable"),
        (("--params", "{text}"), "expected node names"),
        (("--params", "{shallow}"), "expected ros__parameters below /hazard_fusion"),
        (("--params", "{slop}"), "slop"),
    ],
)
def test_unusable_wishes_are_one_line(bag, tmp_path, more, words):
    files = {
        "text": "just words",
        "shallow": "hazard_fusion: 3",
        "slop": "/**:\n  ros__parameters:\n    slop: wide\n",
    }
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    more = [word.format(**{name: tmp_path / name for name in (*files, "missing")}) for word in more]
    code, text = replay(bag, tmp_path / "out", *more)
    assert code == 2, text
    lines = [line for line in text.splitlines() if line.startswith("clipomaly replay:")]
    assert len(lines) == 1
    assert words in lines[0]
