import json

import numpy as np
import pytest

from clipomaly_ros.cli import main
from clipomaly_ros.cli.evaluate_fusion import table
from clipomaly_ros.evaluation.fusion import MASKS, evaluate_fusion
from clipomaly_ros.evaluation.kitti import (
    DataError,
    data_root,
    frame_names,
    read_frame,
    read_labels,
    read_scan,
)
from clipomaly_ros.hazard.types import Support

KITTI = data_root() / "kitti_labelled"
needs_kitti = pytest.mark.skipif(
    not (KITTI / "label_2").is_dir(),
    reason=f"labelled KITTI frames expected at {KITTI} (or in $CLIPOMALY_DATA)",
)


@needs_kitti
def test_zones_agree_with_the_labelled_boxes_of_real_frames():
    report = evaluate_fusion(KITTI)
    print("\n" + table(report))
    assert len(report.scores) >= 2
    for score in report.scores:
        assert score.support is Support.FUSED
        assert score.distance <= 20.0
        assert score.point_recall >= 0.97, score
        assert score.point_precision >= 0.95, score
        assert abs(score.edge_error) <= 0.15, score
    assert report.passed


@needs_kitti
def test_sloppy_masks_change_little():
    report = evaluate_fusion(KITTI, sloppy=True)
    print("\n" + table(report))
    assert {score.mask for score in report.scores} == set(MASKS)
    for score in report.scores:
        assert score.point_recall >= 0.97, score
        assert score.point_precision >= 0.95, score
        assert abs(score.edge_error) <= 0.15, score


@needs_kitti
def test_the_readers_frames_fit_together():
    # the LiDAR points in a 3D box must fall into the same object's 2D box
    for name in frame_names(KITTI):
        frame = read_frame(KITTI, name)
        rectified = frame.rectified_from_velodyne.apply(frame.cloud.xyz)
        uv, visible = frame.camera.project(frame.camera_from_velodyne.apply(frame.cloud.xyz))
        for labelled in frame.objects:
            inside = labelled.contains(rectified)
            left, top, right, bottom = labelled.box
            u, v = uv[inside & visible].T
            fits = (u >= left - 2) & (u <= right + 2) & (v >= top - 2) & (v <= bottom + 2)
            assert np.count_nonzero(inside) > 20
            assert fits.mean() > 0.98


@needs_kitti
def test_the_command_prints_the_figures_and_writes_them(tmp_path, capsys):
    file = tmp_path / "scores.json"
    assert main.main(["evaluate", "fusion", "--root", str(KITTI), "--json", str(file)]) == 0
    assert "Pedestrian" in capsys.readouterr().out
    content = json.loads(file.read_text())
    assert content["passed"] is True
    assert content["scores"][0]["support"] == "FUSED"


def test_the_command_without_data_says_where_it_looked(tmp_path, capsys):
    assert main.main(["evaluate", "fusion", "--root", str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err


def test_a_missing_or_broken_file_is_named(tmp_path):
    (tmp_path / "label_2").mkdir()
    labels = tmp_path / "label_2" / "000001.txt"
    labels.write_text("Car 0 0\n")
    with pytest.raises(DataError, match="image of frame 000001"):
        read_frame(tmp_path, "000001")
    with pytest.raises(DataError, match=r"000001\.txt:1: expected 15 columns"):
        read_labels(labels)
    labels.write_text("Car x\n")
    with pytest.raises(DataError, match=r"000001\.txt:1"):
        read_labels(labels)
    scan = tmp_path / "scan.bin"
    scan.write_bytes(b"12345")
    with pytest.raises(DataError, match="multiple of 16"):
        read_scan(scan)


@needs_kitti
def test_labels_that_lie_elsewhere_miss_the_limits(tmp_path, capsys):
    """The same frames with every 3D box one metre farther away: the figures must show it."""
    for folder in ("image_2", "velodyne", "calib"):
        (tmp_path / folder).symlink_to(KITTI / folder)
    (tmp_path / "label_2").mkdir()
    for path in sorted((KITTI / "label_2").glob("*.txt")):
        rows = [line.split() for line in path.read_text().splitlines()]
        for row in rows:
            row[13] = str(float(row[13]) + 1.0)
        (tmp_path / "label_2" / path.name).write_text("\n".join(" ".join(row) for row in rows))
    assert main.main(["evaluate", "fusion", "--root", str(tmp_path)]) == 1
    assert "MISSED" in capsys.readouterr().out
