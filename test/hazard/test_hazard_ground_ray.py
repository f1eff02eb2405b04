import numpy as np
import pytest
from apron_scene import CAMERA, CAMERA_FROM_LIDAR, FIXED_FROM_LIDAR, pixels
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from clipomaly_ros.hazard.ground import GroundPlane
from clipomaly_ros.hazard.ground_placing import place_regions
from clipomaly_ros.hazard.ground_ray import (
    GroundRaySettings,
    NoIntersection,
    cut_ground,
    place_on_ground,
    ray_covariance,
)
from clipomaly_ros.hazard.ground_relief import GroundRelief
from clipomaly_ros.hazard.polygons import contains
from clipomaly_ros.hazard.terrain import Terrain
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import RegionObservation

FIXED_FROM_CAMERA = FIXED_FROM_LIDAR @ CAMERA_FROM_LIDAR.inverse()
LEVEL = GroundPlane(0.0, 0.0, 0.0, 0.02, 1.0, True)


def test_rays_meet_the_ground_where_the_pixels_come_from():
    places = np.array([[8.0, 1.0, 0.0], [20.0, -4.0, 0.0], [40.0, 3.0, 0.0]])
    rays = FIXED_FROM_CAMERA.rotate(CAMERA.rays(pixels(places)))
    assert cut_ground(rays, FIXED_FROM_CAMERA.translation, LEVEL) == pytest.approx(places, abs=1e-6)


def test_rays_that_do_not_come_down_meet_nothing():
    rays = np.array([[1.0, 0, 0], [0.7, 0, 0.7], [np.nan] * 3])
    assert np.isnan(cut_ground(rays, np.array([0, 0, 1.5]), LEVEL)).all()
    down = np.array([[0.6, 0.0, -0.8]])
    assert np.isnan(cut_ground(down, np.array([0, 0, -1.0]), LEVEL)).all(), "the camera is under the ground"


def test_beyond_the_range_the_reason_says_so():
    far = pixels(np.array([[90.0, 0.0, 0.0]]))[0].round().astype(int)
    with pytest.raises(NoIntersection, match="beyond 60 m"):
        place_on_ground(
            np.ones((2, 4), bool), (far[0], far[1]), 1, CAMERA, FIXED_FROM_CAMERA, LEVEL, GroundRaySettings()
        )


def test_a_flat_region_is_its_outline_on_the_ground():
    uv = pixels(np.array([[9.0, -1.0, 0], [9.0, 1.0, 0], [12.0, -1.0, 0], [12.0, 1.0, 0]]))
    left, top = np.floor(uv.min(axis=0)).astype(int)
    right, bottom = np.ceil(uv.max(axis=0)).astype(int)
    mask = np.ones((bottom - top + 1, right - left + 1), bool)
    geometry = place_on_ground(mask, (left, top), 2, CAMERA, FIXED_FROM_CAMERA, LEVEL, GroundRaySettings())
    assert contains(geometry.polygon, [[9.0, -0.9], [9.0, 0.9], [11.9, -0.9], [11.9, 0.9]], 0.1).all()
    assert geometry.z_max - geometry.z_min < 0.1


@pytest.mark.parametrize("distance", [5.0, 12.0, 25.0])
def test_covariance_agrees_with_monte_carlo(distance):
    chosen = GroundRaySettings(pixel_sigma=2.0, angle_sigma=0.001)
    ground_sigma, generator, count = 0.01, np.random.default_rng(5), 20000
    origin = FIXED_FROM_CAMERA.translation
    place = np.array([[distance, 1.0, 0.0]])
    uv = pixels(place) + generator.normal(0, chosen.pixel_sigma, (count, 2))
    rays = FIXED_FROM_CAMERA.rotate(CAMERA.rays(uv))
    turns = Rotation.from_rotvec(generator.normal(0, chosen.angle_sigma, (count, 3)))
    rays = turns.apply(rays)
    heights = generator.normal(0, ground_sigma, count)
    reached = origin + rays * ((heights - origin[2]) / rays[:, 2])[:, None]
    expected = np.cov(reached[:, :2].T)
    ours = ray_covariance(place[0, :2] - origin[:2], origin[2], ground_sigma, CAMERA.focal_length, chosen)[
        :2, :2
    ]
    assert np.sqrt(np.diag(ours)) == pytest.approx(np.sqrt(np.diag(expected)), rel=0.15)


def test_nothing_in_the_mask_is_a_reason():
    with pytest.raises(NoIntersection, match="no pixels"):
        place_on_ground(
            np.zeros((3, 3), bool), (0, 0), 1, CAMERA, RigidTransform.identity(), LEVEL, GroundRaySettings()
        )


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(0, 6))
def test_regions_placed_together_are_those_placed_alone(seed, count):
    generator = np.random.default_rng(seed)
    offsets = generator.uniform(-0.2, 0.2, (40, 40)).astype(np.float32)
    terrain = Terrain(GroundPlane(0.01, -0.02, 0.05, 0.02, 1.0, True), GroundRelief(offsets, (-40, -40), 2.0))
    image = np.zeros((CAMERA.height, CAMERA.width), np.uint8)
    regions = []
    for number in range(1, count + 1):
        x, y = generator.integers(0, CAMERA.width - 40), generator.integers(0, CAMERA.height - 30)
        width, height = generator.integers(2, 40), generator.integers(2, 30)
        image[y : y + height, x : x + width] = number  # a later one may hide an earlier one
        state, box = int(generator.integers(1, 3)), (int(x), int(y), int(width), int(height))
        regions.append(RegionObservation(number, "", 0, (), 0.9, box, state))
    chosen = GroundRaySettings()
    together = list(place_regions(regions, image, CAMERA, terrain, FIXED_FROM_CAMERA, chosen))
    assert len(together) == len(regions)
    for region, found in zip(regions, together, strict=True):
        x, y, width, height = region.box
        base = FIXED_FROM_CAMERA.rotate(CAMERA.rays([[x + width / 2, y + height - 1]]))
        (plane,) = terrain.planes_below(base, FIXED_FROM_CAMERA.translation)
        crop = image[y : y + height, x : x + width] == region.id
        alone, reason = None, ""
        try:
            alone = place_on_ground(crop, (x, y), region.state, CAMERA, FIXED_FROM_CAMERA, plane, chosen)
        except NoIntersection as why:
            reason = str(why)
        if alone is None:
            assert str(found) == reason
            continue
        assert found.polygon == pytest.approx(alone.polygon, abs=1e-9)
        assert found.covariance == pytest.approx(alone.covariance, abs=1e-9)
        assert (found.ground_z, found.z_max) == pytest.approx((alone.ground_z, alone.z_max), abs=1e-9)
