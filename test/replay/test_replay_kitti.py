"""The main job: a real drive through the real nodes as separate processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from clipomaly_ros.replay.bag_reader import Bag

pytestmark = pytest.mark.dds
DATA = Path(os.environ.get("CLIPOMALY_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))


def test_all_frames_of_the_real_drive_become_zones(tiny_bundle, tmp_path):
    bag = DATA / "kitti_drive"
    if not bag.exists():
        pytest.skip(f"the real drive is not at {bag} (set CLIPOMALY_DATA)")
    options = ["--bag", str(bag), "--out", str(tmp_path / "out"), "--bundle", str(tiny_bundle.folder)]
    out = tmp_path / "out"
    environment = {key: value for key, value in os.environ.items() if key != "ROS_DOMAIN_ID"}
    done = subprocess.run(
        [sys.executable, "-m", "clipomaly_ros.cli.main", "replay", *options],
        env={**environment, "OMP_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    summary = json.loads((out / "summary.json").read_text())
    assert [summary[key] for key in ("images", "segmented", "matched", "with_zones")] == [20] * 4
    assert (summary["dropped"], summary["errors"]) == (0, {})
    assert summary["fixed_frame"] == "velodyne"
    assert len(list((out / "pictures").glob("*.jpg"))) == 40
    for name in ("index.html", "overlay.webm", "preview.png"):
        assert (out / name).stat().st_size > 1000
    with Bag(out / "bag") as recorded:
        counts = {c.topic: c.msgcount for c in recorded.connections}
        assert counts["/anomalies"] == counts["/lidar/points"] == 20
        assert counts["/hazard_zones"] >= 20
        assert {"/legend", "/hazard_markers", "/diagnostics", "/overlay", "/tf_static"} <= counts.keys()
        zones = [c for c in recorded.connections if c.topic == "/hazard_zones"]
        for connection, _, raw in recorded.messages(zones):
            assert recorded.read(raw, connection).header.frame_id == "velodyne"
