import cv2
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.types import HazardError

WIDTH, HEIGHT = 1280, 720
K = [900.0, 0.0, 650.0, 0.0, 905.0, 355.0, 0.0, 0.0, 1.0]
K_WIDE = [330.0, 0.0, 640.0, 0.0, 331.0, 360.0, 0.0, 0.0, 1.0]
BARREL = [-0.35, 0.15, 0.001, -0.0008, -0.03]  # k1 < 0: folds back outside the picture
RATIONAL = [0.9, 0.2, 0.0003, -0.0002, 0.01, 1.25, 0.4, 0.05]
FISHEYE = [0.02, -0.005, 0.0004, -0.00005]


def camera(model, d, k=K):
    return CameraModel.from_camera_info(WIDTH, HEIGHT, model, d, k)


CAMERAS = {
    "plain": camera("plumb_bob", [0.0] * 5),
    "plumb_bob": camera("plumb_bob", BARREL),
    "rational_polynomial": camera("rational_polynomial", RATIONAL),
    "equidistant": camera("equidistant", FISHEYE, K_WIDE),
    "fisheye": camera("fisheye", FISHEYE, K_WIDE),
}
PIXELS = st.lists(
    st.tuples(st.floats(-0.49, WIDTH - 0.51), st.floats(-0.49, HEIGHT - 0.51)), min_size=1, max_size=30
)


@pytest.mark.parametrize("name", CAMERAS)
@given(pixels=PIXELS, depth=st.floats(0.5, 100))
def test_rays_lead_back_to_their_pixels(name, pixels, depth):
    rays = CAMERAS[name].rays(pixels)
    assert np.linalg.norm(rays, axis=1) == pytest.approx(1.0)
    uv, visible = CAMERAS[name].project(depth * rays)
    assert visible.all()
    assert uv == pytest.approx(np.array(pixels), abs=1e-6)


@given(
    pixels=PIXELS,
    d=st.tuples(
        *[st.floats(-0.4, 0.4), st.floats(-0.2, 0.2), *[st.floats(-0.002, 0.002)] * 2, st.floats(-0.1, 0.1)]
    ),
)
def test_round_trip_holds_for_any_lens_where_a_ray_exists(pixels, d):
    some = camera("plumb_bob", d)
    rays = some.rays(pixels)
    exists = np.isfinite(rays).all(axis=1)
    assume(exists.any())
    uv, visible = some.project(10 * rays[exists])
    assert uv[visible] == pytest.approx(np.array(pixels)[exists][visible], abs=1e-4)


def points_in_view(name, count=2000):
    generator = np.random.default_rng(3)
    uv = generator.uniform([0, 0], [WIDTH - 1, HEIGHT - 1], (count, 2))
    return CAMERAS[name].rays(uv) * generator.uniform(1, 60, (count, 1))


@pytest.mark.parametrize(("name", "d"), [("plumb_bob", BARREL), ("rational_polynomial", RATIONAL)])
def test_projection_agrees_with_opencv(name, d):
    points = points_in_view(name)
    expected = cv2.projectPoints(points, np.zeros(3), np.zeros(3), np.reshape(K, (3, 3)), np.array(d))[0][
        :, 0
    ]
    uv, visible = CAMERAS[name].project(points)
    assert visible.all()
    assert uv == pytest.approx(expected, abs=1e-6)
    single, _ = CAMERAS[name].project(points.astype(np.float32))
    assert single.dtype == np.float32
    assert single == pytest.approx(expected, abs=5e-3)


@pytest.mark.parametrize("name", ["equidistant", "fisheye"])
def test_fisheye_projection_agrees_with_opencv(name):
    points = points_in_view(name)
    points = points[points[:, 2] > 0.1]  # OpenCV divides by z
    k = np.reshape(K_WIDE, (3, 3))
    expected = cv2.fisheye.projectPoints(points[:, None], np.zeros(3), np.zeros(3), k, np.array(FISHEYE))[0][
        :, 0
    ]
    uv, visible = CAMERAS[name].project(points)
    assert visible.all()
    assert uv == pytest.approx(expected, abs=1e-6)


def test_points_folded_into_the_picture_by_the_polynomial_are_not_visible():
    angles = np.deg2rad(np.linspace(45, 89, 300))
    outside = np.column_stack([np.sin(angles), np.zeros(300), np.cos(angles)]) * 10
    folded = cv2.projectPoints(outside, np.zeros(3), np.zeros(3), np.reshape(K, (3, 3)), np.array(BARREL))[0]
    assert ((folded[:, 0, 0] >= 0) & (folded[:, 0, 0] < WIDTH)).any(), "the lens of this test must fold"
    assert not CAMERAS["plumb_bob"].project(outside)[1].any()


def test_points_folded_into_the_picture_by_the_tangential_part_are_not_visible():
    decentred = [0.0, 0.0, -0.05, 0.0, 0.0]
    outside = np.column_stack([np.zeros(50), np.linspace(6.4, 6.9, 50), np.ones(50)])
    folded = cv2.projectPoints(outside, np.zeros(3), np.zeros(3), np.reshape(K, (3, 3)), np.array(decentred))[
        0
    ]
    assert ((folded[:, 0, 1] >= 0) & (folded[:, 0, 1] < HEIGHT)).any(), "the lens of this test must fold"
    assert not camera("plumb_bob", decentred).project(outside)[1].any()


@pytest.mark.parametrize("name", CAMERAS)
def test_points_behind_the_camera_are_not_visible(name):
    points = np.random.default_rng(1).uniform([-0.3, -0.3, -1], [0.3, 0.3, -0.9], (200, 3))
    assert not CAMERAS[name].project(points)[1].any()
    assert CAMERAS[name].project(points * [1, 1, -1])[1].all()


@pytest.mark.parametrize("name", CAMERAS)
def test_whatever_is_in_the_picture_is_in_view_and_little_else(name):
    points = np.random.default_rng(5).uniform(-20, 20, (20_000, 3)).astype(np.float32)
    _, visible = CAMERAS[name].project(points)
    chosen = CAMERAS[name].in_view(points)
    assert np.isin(np.flatnonzero(visible), chosen).all()
    assert len(chosen) < 3 * np.count_nonzero(visible)


def test_no_points_give_no_pixels():
    uv, visible = CAMERAS["plumb_bob"].project(np.empty((0, 3), np.float32))
    assert uv.shape == (0, 2)
    assert visible.shape == (0,)


def test_rectified_pictures_use_the_projection_matrix():
    turn = cv2.Rodrigues(np.array([0.01, -0.02, 0.005]))[0]
    p = [880.0, 0, 640.0, -88.0, 0, 880.0, 360.0, 0, 0, 0, 1.0, 0]
    rectified = CameraModel.from_camera_info(
        WIDTH, HEIGHT, "plumb_bob", BARREL, K, turn.ravel(), p, rectified=True
    )
    point = np.array([[1.0, 0.5, 12.0]])
    homogeneous = np.reshape(p, (3, 4)) @ np.append(turn @ point[0], 1.0)
    uv, _ = rectified.project(point)
    assert uv[0] == pytest.approx(homogeneous[:2] / homogeneous[2])
    ray = rectified.rays(uv)[0]
    reached = rectified.origin + ray * np.linalg.norm(point[0] - rectified.origin)
    assert reached == pytest.approx(point[0])


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"distortion_model": "division"}, "division.*plumb_bob"),
        ({"distortion_model": ""}, "unknown distortion model"),
        ({"k": [0.0] * 9}, "all zero"),
        ({"k": [1.0] * 8}, "9 numbers"),
        ({"k": [np.nan, *K[1:]]}, "finite"),
        ({"k": [-900.0, *K[1:]]}, "fx"),
        ({"d": [0.0] * 4}, "5 numbers"),
        ({"d": []}, "5 numbers"),
        ({"d": [0.0, np.inf, 0.0, 0.0, 0.0]}, "finite"),
        ({"width": 0}, "pixels"),
        ({"height": 0}, "pixels"),
        ({"width": 1 << 30}, "pixels"),
        ({"rectified": True}, "12 numbers"),
        ({"rectified": True, "p": [0.0] * 12}, "all zero"),
    ],
)
def test_calibration_that_cannot_be_used_is_refused(changes, word):
    info = {
        "width": WIDTH,
        "height": HEIGHT,
        "distortion_model": "plumb_bob",
        "d": [0.0] * 5,
        "k": K,
        **changes,
    }
    with pytest.raises(HazardError, match=word):
        CameraModel.from_camera_info(**info)


@settings(max_examples=50)
@given(st.tuples(*[st.floats(-1e3, 1e3)] * 8))
def test_any_finite_coefficients_give_a_camera_that_does_not_raise(d):
    some = camera("rational_polynomial", d)
    uv, visible = some.project(np.random.default_rng(0).normal(0, 10, (100, 3)))
    assert np.isfinite(uv[visible]).all()
