"""The command as a whole, with small stand-ins for the nodes as real processes over DDS."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import cv2
import pytest
from replay_bags import small_drive

from clipomaly_ros.replay.bag_reader import Bag

pytestmark = pytest.mark.dds
FAKE = Path(__file__).with_name("fake_node.py")


@pytest.fixture
def environment(tmp_path):
    """Return the environment in which the stand-ins are found and have a domain of their own."""
    folder = tmp_path / "bin"
    folder.mkdir()
    for name in ("anomaly_segmenter", "hazard_fusion"):
        script = folder / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{FAKE}" {name} "$@"\n')
        script.chmod(0o755)
    chosen = {**os.environ, "CLIPOMALY_EXECUTABLES": str(folder)}
    chosen.pop("ROS_DOMAIN_ID")  # the replay finds a free one
    return chosen


# The command, but for how long it waits for a node that does not end [s].
SHORT_GRACE = """
import sys
from clipomaly_ros.cli import main
from clipomaly_ros.replay import processes
processes.GRACE = 0.5
sys.exit(main.main())
"""


def replay(environment, bag, out, *more, behaviour="", start=("-m", "clipomaly_ros.cli.main")):
    command = [sys.executable, *start, "replay", "--bag", str(bag), "--out", str(out)]
    return subprocess.Popen(
        [*command, *more],
        env={**environment, "FAKE_BEHAVIOUR": behaviour},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def finish(process, timeout=300):
    text, _ = process.communicate(timeout=timeout)
    return process.returncode, text


def summary_of(out):
    return json.loads((out / "summary.json").read_text())


def figures(summary, *names):
    return [summary[name] for name in names]


def children(folder):
    """List the processes whose command line names a folder."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                words = (entry / "cmdline").read_bytes().decode(errors="replace")
            except OSError:
                continue
            if str(folder) in words and "replay" not in words.split("\0"):
                found.append((entry.name, words))
    return found


@pytest.mark.parametrize("odometry", [False, True])
def test_every_frame_comes_back_and_everything_is_recorded(environment, tmp_path, odometry):
    bag = small_drive(tmp_path / "bag", frames=5, odometry=odometry)
    out = tmp_path / "out"
    code, text = finish(replay(environment, bag, out))
    assert code == 0, text
    summary = summary_of(out)
    assert figures(summary, "images", "segmented", "with_zones", "dropped") == [5, 5, 5, 0]
    assert summary["fixed_frame"] == ("odom" if odometry else "lidar")
    assert summary["untrained"] is True
    with Bag(out / "bag") as recorded, Bag(bag) as played:
        counts = {c.topic: c.msgcount for c in recorded.connections}
        for connection in played.connections:
            assert counts[connection.topic] == connection.msgcount
        assert counts["/anomalies"] == counts["/hazard_zones"] == 5
        raw = {
            topic: [data for _, _, data in bag_.messages([c for c in bag_.connections if c.topic == topic])]
            for bag_, topic in ((recorded, "/top/points"), (played, "/front/image_raw/compressed"))
        }
        again = [c for c in recorded.connections if c.topic == "/front/image_raw/compressed"]
        assert [d for _, _, d in recorded.messages(again)] == raw["/front/image_raw/compressed"]
    assert not (out / "UNFINISHED").exists()
    page = (out / "index.html").read_text()
    assert "Untrained model" in page
    assert "http" not in page.replace("http-equiv", "")
    assert len(list((out / "pictures").glob("overlay_*.jpg"))) == 5
    video = cv2.VideoCapture(str(out / "overlay.webm"))
    frames = 0
    while video.read()[0]:
        frames += 1
    assert frames == 5
    assert not children(out)


def test_frames_without_a_cloud_are_not_waited_for(environment, tmp_path):
    bag = small_drive(tmp_path / "bag", frames=4, skip_clouds=(1, 2))
    code, text = finish(replay(environment, bag, tmp_path / "out", "--timeout", "1000"))
    assert code == 0, text
    summary = summary_of(tmp_path / "out")
    assert figures(summary, "segmented", "matched", "with_zones", "dropped") == [4, 2, 2, 0]


def test_a_lost_frame_is_reported_and_the_rest_goes_on(environment, tmp_path):
    bag = small_drive(tmp_path / "bag", frames=4)
    process = replay(environment, bag, tmp_path / "out", behaviour="drop 2")
    code, text = finish(process)
    assert code == 0, text
    summary = summary_of(tmp_path / "out")
    assert figures(summary, "images", "with_zones", "dropped") == [4, 3, 1]


def test_recorded_timing_plays_everything_too(environment, tmp_path):
    bag = small_drive(tmp_path / "bag", frames=4, odometry=True, with_qos=True)
    code, text = finish(replay(environment, bag, tmp_path / "out", "--realtime"))
    assert code in (0, 1), text
    summary = summary_of(tmp_path / "out")
    assert summary["mode"] == "recorded timing"
    assert summary["images"] == 4
    assert summary["segmented"] + summary["dropped"] >= 4


def test_a_node_that_dies_ends_the_replay_with_its_last_words(environment, tmp_path):
    bag = small_drive(tmp_path / "bag", frames=4)
    code, text = finish(replay(environment, bag, tmp_path / "out", behaviour="die 2"))
    assert code == 1
    assert "anomaly_segmenter ended unexpectedly (exit code 3)" in text
    assert "about to fail" in text
    assert "Traceback" not in text
    assert not children(tmp_path / "out")


def test_a_node_that_refuses_its_configuration_is_one_line_and_exit_code_2(environment, tmp_path):
    bag = small_drive(tmp_path / "bag", frames=2)
    code, text = finish(replay(environment, bag, tmp_path / "out", behaviour="refuse"))
    assert code == 2
    line = text.splitlines()[-1]
    assert line == (
        "clipomaly replay: anomaly_segmenter stays unconfigured: configure failed: the bundle's hash is wrong"
    )
    assert not children(tmp_path / "out")


@pytest.mark.parametrize("when", ["waiting for the nodes", "playing in lockstep"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(environment, tmp_path, when, number):
    bag = small_drive(tmp_path / "bag", frames=4)
    process = replay(environment, bag, tmp_path / "out", "--timeout", "1000", behaviour="drop 1")
    for line in process.stdout:
        if when in line:
            break
    process.send_signal(number)
    code, text = finish(process)
    assert code == 130, text
    assert text.splitlines()[-1] == "interrupted"
    assert (tmp_path / "out" / "UNFINISHED").exists()
    assert "Traceback" not in text
    deadline = time.monotonic() + 60
    while children(tmp_path / "out"):
        assert time.monotonic() < deadline, children(tmp_path / "out")
        time.sleep(0.05)


def test_a_deaf_node_is_killed_after_a_signal(environment, tmp_path):
    bag = small_drive(tmp_path / "bag", frames=4)
    more = ("--timeout", "1000")
    process = replay(environment, bag, tmp_path / "out", *more, behaviour="deaf", start=("-c", SHORT_GRACE))
    for line in process.stdout:
        if "playing in lockstep" in line:
            break
    process.send_signal(signal.SIGINT)
    code, _ = finish(process)
    assert code in (0, 130)  # the four frames may be through before the signal comes
    assert not children(tmp_path / "out")
