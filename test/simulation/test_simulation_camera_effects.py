"""Camera effects: stated noise and exposure come out, blur follows the camera's motion."""

import numpy as np
import pytest

from clipomaly_ros.simulation.camera_effects import CameraEffects, apply_effects, ego_flow, noise_curve
from clipomaly_ros.simulation.camera_models import CAMERAS
from clipomaly_ros.simulation.mesh import pose

GREY = np.full((200, 300, 3), 128, np.uint8)
STILL = CameraEffects(exposure_jitter=0.0, noise=0.0, shutter=0.0)


def generator():
    return np.random.default_rng(0)


def test_a_perfect_camera_changes_nothing():
    picture = generator().integers(0, 256, (50, 60, 3), np.uint8)
    np.testing.assert_array_equal(apply_effects(picture, STILL, generator()), picture)


@pytest.mark.parametrize("noise", [0.01, 0.03])
def test_mid_grey_is_as_noisy_as_stated(noise):
    effects = CameraEffects(exposure_jitter=0.0, noise=noise, shutter=0.0)
    noisy = apply_effects(GREY, effects, generator()).astype(float)
    assert noisy.std() / 255 == pytest.approx(noise, rel=0.05)
    assert noisy.mean() == pytest.approx(128, abs=0.1)


def test_light_makes_shot_noise_and_darkness_shows_it_through_the_gamma():
    levels = np.array([0.05, 0.5, 1.0])
    spread = noise_curve(levels, 0.01)
    assert spread[1] == pytest.approx(0.01)
    light = levels**2.2
    linear = spread * 2.2 * light ** (1 - 1 / 2.2)
    assert np.all(np.diff(linear[1:]) > 0)  # in linear light noise grows with the signal


def test_exposure_scales_the_light():
    brighter = apply_effects(GREY, CameraEffects(exposure=2.0, exposure_jitter=0, noise=0), generator())
    assert brighter[0, 0, 0] == round(255 * (2 * (128 / 255) ** 2.2) ** (1 / 2.2))
    assert apply_effects(GREY, CameraEffects(exposure=100.0), generator()).min() == 255


def test_flow_is_what_projection_says():
    lens = CAMERAS["hd"]
    motion = np.linalg.inv(pose((0.01, 0.002, 0.05), 0.001, -0.002, 0.003))
    depth = np.full((lens.height, lens.width), 7.0, np.float32)
    flow = ego_flow(lens, depth, motion)
    for u, v in ((100, 50), (640, 360), (1200, 700)):
        point = np.linalg.inv(lens.K) @ (u, v, 1) * 7.0
        moved = lens.K @ (motion[:3, :3] @ point + motion[:3, 3])
        np.testing.assert_allclose(flow[v, u], moved[:2] / moved[2] - (u, v), atol=1e-2)
    assert np.abs(ego_flow(lens, np.full_like(depth, np.inf), np.eye(4))).max() < 1e-3


def test_blur_smears_along_the_motion_only():
    picture = np.zeros((60, 60, 3), np.uint8)
    picture[:, 30:] = 200
    picture[30:] = 200 - picture[30:]
    across = np.zeros((60, 60, 2), np.float32)
    across[..., 0] = 6.0
    effects = CameraEffects(exposure_jitter=0.0, noise=0.0)
    blurred = apply_effects(picture, effects, generator(), across).astype(int)
    assert len(np.unique(blurred[10, 25:35, 0])) > 2
    np.testing.assert_array_equal(blurred[:, 10], picture[:, 10])


@pytest.mark.parametrize("bad", [{"exposure": 0.0}, {"noise": -1.0}, {"shutter": -0.1}])
def test_impossible_cameras_are_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        CameraEffects(**bad)
