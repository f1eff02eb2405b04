"""What is painted lies where the geometry says."""

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.replay.results import pixels
from clipomaly_ros.replay.top_view import TopView
from clipomaly_ros.replay.video import VideoWriter
from clipomaly_ros.replay.zone_drawing import colour, draw_prisms

OPTICAL = RigidTransform(np.array([[0.0, -1, 0], [0, 0, -1], [1, 0, 0]]), np.array([0.0, 1.5, 0.0]))


def zone(x, y, half=0.5, severity=3, name="tyre", age=0.0):
    corners = [(x - half, y - half), (x - half, y + half), (x + half, y + half), (x + half, y - half)]
    return SimpleNamespace(
        polygon=[SimpleNamespace(x=a, y=b, z=0.0) for a, b in corners],
        z_max=0.8,
        severity=severity,
        keep_out_radius=2.0,
        name=name,
        nearest_edge_distance=x - half,
        observation_age=age,
    )


def changed(before, after):
    rows, columns = np.nonzero((before != after).any(axis=2))
    return rows, columns


@pytest.fixture
def camera():
    return CameraModel.from_camera_info(
        640, 360, "plumb_bob", [0.0] * 5, [400.0, 0, 320, 0, 400, 180, 0, 0, 1]
    )


@pytest.mark.parametrize(("x", "y"), [(8.0, 0.0), (12.0, 3.0), (6.0, -2.0)])
def test_a_prism_is_drawn_around_the_projected_zone(camera, x, y):
    picture = np.zeros((720, 1280, 3), np.uint8)
    drawn = picture.copy()
    draw_prisms(drawn, SimpleNamespace(zones=[zone(x, y)]), camera, OPTICAL, 2.0)
    corners = np.array([(x + a, y + b, c) for a in (-0.5, 0.5) for b in (-0.5, 0.5) for c in (0, 0.8)])
    uv, visible = camera.project(OPTICAL.apply(corners))
    assert visible.all()
    rows, columns = changed(picture, drawn)
    low, high = 2 * uv.min(axis=0), 2 * uv.max(axis=0)
    assert abs(columns.min() - low[0]) < 6
    assert abs(columns.max() - high[0]) < 6
    assert abs(rows.min() - low[1]) < 6
    assert high[1] - 6 < rows.max() < high[1] + 40  # the distance is written below


def test_zones_behind_the_camera_and_remembered_ones(camera):
    picture = np.zeros((360, 640, 3), np.uint8)
    drawn = picture.copy()
    draw_prisms(drawn, SimpleNamespace(zones=[zone(-8.0, 0.0)]), camera, OPTICAL, 1.0)
    assert not changed(picture, drawn)[0].size
    fresh, old = picture.copy(), picture.copy()
    draw_prisms(fresh, SimpleNamespace(zones=[zone(8.0, 0.0)]), camera, OPTICAL, 1.0)
    draw_prisms(old, SimpleNamespace(zones=[zone(8.0, 0.0, age=0.5)]), camera, OPTICAL, 1.0)
    assert 0 < old.sum() < 0.5 * fresh.sum()


def test_the_top_view_shows_zones_and_points_at_their_places():
    view = TopView(side=400, ahead=36.0, behind=4.0)  # 10 pixels a metre
    empty = view.draw(None, None, None)
    zones = SimpleNamespace(zones=[zone(20.0, 5.0, name="")])
    drawn = view.draw(None, zones, RigidTransform.identity())
    rows, columns = changed(empty, drawn)
    # x = 20 is 16 m below the top edge, y = 5 is 5 m left of the middle; 2.5 m around it.
    assert (rows.min(), rows.max()) == pytest.approx((135, 185), abs=3)
    assert (columns.min(), columns.max()) == pytest.approx((125, 175), abs=3)
    assert drawn[160, 150].astype(int) == pytest.approx(
        0.55 * np.array(colour(3)) + 0.45 * empty[160, 150], abs=6
    )
    cloud = np.array([[10.0, -8.0, 0.0], [500.0, 0.0, 0.0], [np.nan, 0.0, 0.0]], np.float32)[:2]
    rows, columns = changed(empty, view.draw(cloud, None, None))
    assert (rows.mean(), columns.mean()) == pytest.approx((260, 280), abs=2)


def test_the_video_is_played_back_with_every_picture(tmp_path):
    shades = [20, 90, 160, 230]
    with VideoWriter(tmp_path / "a.webm", 10.0) as video:
        for shade in shades:
            video.write(np.full((101, 203, 3), (shade, 30, 30), np.uint8))
    capture = cv2.VideoCapture(str(tmp_path / "a.webm"))
    seen = []
    while True:
        good, bgr = capture.read()
        if not good:
            break
        seen.append(int(bgr[..., 2].mean()))
    assert seen == pytest.approx(shades, abs=8)
    assert (tmp_path / "a.webm").read_bytes()[:4] == b"\x1a\x45\xdf\xa3"  # EBML, i.e. WebM


@pytest.mark.parametrize(("encoding", "kind"), [("mono8", "u1"), ("mono16", "<u2")])
def test_padded_label_images_are_read(encoding, kind):
    table = np.arange(12, dtype=kind).reshape(3, 4) * 20
    padded = np.pad(table.view(np.uint8), ((0, 0), (0, 5)))
    message = SimpleNamespace(
        encoding=encoding, is_bigendian=0, height=3, width=4, step=padded.shape[1], data=padded.ravel()
    )
    np.testing.assert_array_equal(pixels(message), table)
