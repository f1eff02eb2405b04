"""Simulated cameras: viewing rays agree with the projection that fusion uses."""

import numpy as np
import pytest

from clipomaly_ros.hazard.camera import CameraModel as FusionCamera
from clipomaly_ros.simulation.camera_models import CAMERAS, DISTORTION_MODEL, CameraModel


def fusion_camera(lens):
    return FusionCamera.from_camera_info(lens.width, lens.height, DISTORTION_MODEL, lens.D, lens.K.ravel())


@pytest.mark.parametrize("name", CAMERAS)
def test_rays_project_back_onto_their_pixels(name):
    lens = CAMERAS[name]
    rays = lens.rays()
    assert rays.shape == (lens.height, lens.width, 3)
    np.testing.assert_allclose(np.linalg.norm(rays, axis=-1), 1, atol=1e-6)
    uv, visible = fusion_camera(lens).project(rays[::20, ::20].reshape(-1, 3).astype(float))
    v, u = np.mgrid[0 : lens.height : 20, 0 : lens.width : 20]
    assert visible.all()
    np.testing.assert_allclose(uv, np.column_stack([u.ravel(), v.ravel()]), atol=5e-3)


@pytest.mark.parametrize("name", ["hd", "hd_distorted"])
def test_a_window_is_a_part_of_the_whole(name):
    lens = CAMERAS[name]
    np.testing.assert_allclose(lens.rays((30, 200, 50, 20)), lens.rays()[200:220, 30:80], atol=1e-6)
    shifted = lens.rays((30, 200, 50, 20), shift=(1.0, 2.0))
    np.testing.assert_allclose(shifted, lens.rays((31, 202, 50, 20)), atol=1e-6)


def test_the_registry_holds_pinholes_and_bent_lenses_of_three_sizes():
    assert {(lens.width, lens.height) for lens in CAMERAS.values()} == {(640, 360), (1280, 720), (1920, 1080)}
    assert {lens.distorted for lens in CAMERAS.values()} == {True, False}
    assert all(name == lens.name for name, lens in CAMERAS.items())


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"width": 0}, "1 pixel or more"),
        ({"K": np.eye(2)}, "K \\[3, 3\\]"),
        ({"K": -np.eye(3)}, "focal lengths above 0"),
        ({"D": np.full(5, np.nan)}, "finite"),
    ],
)
def test_what_is_no_camera_is_refused(changes, words):
    good = {"width": 4, "height": 3, "K": np.eye(3), "D": np.zeros(5), "name": "x"}
    with pytest.raises(ValueError, match=words):
        CameraModel(**(good | changes))
