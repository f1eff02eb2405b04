"""The LiDAR: geometry, own motion, and what light, water, fog and paint do to its returns."""

from dataclasses import replace

import numpy as np
import pytest

from clipomaly_ros.simulation.laser_optics import detection_probability
from clipomaly_ros.simulation.lidar_models import LIDARS, LidarModel
from clipomaly_ros.simulation.lidar_sensor import FALSE_RETURN, LidarSensor
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import box, pose
from clipomaly_ros.simulation.scene_types import Condition, Scene, SceneObject
from clipomaly_ros.simulation.vehicle_path import VehiclePath

HEIGHT = 1.95
AT = pose((0.0, 0.0, HEIGHT))
MODEL = LIDARS["32"]
AHEAD = replace(MODEL, sector=np.deg2rad(120))
BLACK, GREY = (0.02, 0.02, 0.02), (0.5, 0.5, 0.5)


def condition(**changes):
    sun = np.array([0.0, 0.6, 0.8])
    return Condition("dry", sun, (1, 1, 1), (0.3,) * 3, (0.2, 0.3, 0.6), (0.7,) * 3, **changes)


def thing(size, x, y, material, yaw=0.0):
    return SceneObject(
        "suitcase", "baggage", (box(size, material, pose((x, y, size[2] / 2), yaw=yaw)),), yaw, True
    )


def scan(*things, model=AHEAD, motion=AT, seed=0, **weather):
    scene = Scene(things, condition(**weather), 0)
    return LidarSensor(scene, None, model).scan(motion, np.random.default_rng(seed))


def test_a_full_turn_on_empty_ground():
    cloud = scan(model=MODEL)
    assert set(np.unique(cloud.objects)) == {-1}
    np.testing.assert_allclose(cloud.xyz[:, 2], -HEIGHT, atol=0.06)
    azimuth = np.arctan2(cloud.xyz[:, 1], cloud.xyz[:, 0])
    assert np.ptp(azimuth) > np.deg2rad(359)
    assert (np.diff(cloud.time_offset) >= 0).all()
    # clockwise, one turn in 0.1 s, straight ahead at 0
    np.testing.assert_allclose(cloud.time_offset, -azimuth / (2 * np.pi * MODEL.rate), atol=2e-4)
    elevation = np.arcsin(cloud.xyz[:, 2] / np.linalg.norm(cloud.xyz, axis=1))
    np.testing.assert_allclose(elevation, MODEL.elevations[cloud.ring], atol=2e-3)
    lengths = {len(cloud.xyz), *map(len, (cloud.intensity, cloud.ring, cloud.time_offset, cloud.objects))}
    assert len(lengths) == 1


def test_ranges_scatter_as_stated_and_coordinates_are_rounded():
    wall = thing((1.0, 40.0, 10.0), 20.5, 0.0, Material(GREY))
    model = replace(AHEAD, noise=0.03, sector=np.deg2rad(20))
    cloud = scan(wall, model=model)
    on_wall = cloud.xyz[cloud.objects == 0].astype(float)
    length = np.linalg.norm(on_wall, axis=1)
    residual = length - 20.0 * length / on_wall[:, 0]
    assert residual.std() == pytest.approx(0.03, rel=0.1)
    assert residual.mean() == pytest.approx(0.0, abs=0.005)
    np.testing.assert_array_equal(cloud.xyz / model.resolution % 1, 0)


@pytest.mark.parametrize("model", LIDARS.values(), ids=LIDARS)
def test_motion_bends_the_cloud_and_the_times_straighten_it(model):
    item = thing((1.5, 1.5, 3.0), 6.0, -8.0, Material(GREY), 0.4)
    path = VehiclePath(speed=12.0, turn_rate=0.4)
    to_lidar = pose((1.0, 0.0, HEIGHT), yaw=0.1)

    def motion(time):
        return path.poses(time) @ to_lidar

    cloud = scan(item, model=replace(model, noise=0.0, resolution=1e-6), motion=motion)
    mine = cloud.objects == 0
    assert mine.sum() > 50
    poses = motion(cloud.time_offset[mine].astype(float))
    straight = np.einsum("nij,nj->ni", poses[:, :3, :3], cloud.xyz[mine]) + poses[:, :3, 3]
    assert item.box.contains(straight, margin=1e-3).all()
    still = cloud.xyz[mine] @ motion(0.0)[:3, :3].T + motion(0.0)[:3, 3]
    assert not item.box.contains(still, margin=0.05).any()


def test_intensity_tells_paint_from_tape():
    dark, pale, tape = (
        thing((0.2, 2.0, 2.0), 15.0, y, material)
        for y, material in (
            (-5.0, Material(BLACK, reflectance=0.08)),
            (0.0, Material(GREY, reflectance=0.7)),
            (5.0, Material(GREY, retro=True)),
        )
    )
    cloud = scan(dark, pale, tape)
    low, middle, high = (cloud.intensity[cloud.objects == k] for k in range(3))
    assert low.max() < middle.min()
    assert middle.max() <= 100 < high.min()
    assert high.max() <= 255


def test_dark_paint_far_away_is_lost_and_tape_is_not():
    def count(material, distance=90.0):
        return (scan(thing((0.2, 6.0, 6.0), distance, 0.0, material)).objects == 0).sum()

    pale = count(Material(GREY, reflectance=0.6))
    assert count(Material(BLACK, reflectance=0.03)) < 0.3 * pale
    assert count(Material(GREY, retro=True)) >= pale
    assert count(Material(GREY, reflectance=0.9), 125.0) == 0  # beyond the range


def test_wet_ground_vanishes_where_it_mirrors_and_shows_things_upside_down():
    wall = thing((1.0, 20.0, 8.0), 30.0, 0.0, Material(GREY, reflectance=0.8))
    dry, wet = scan(wall), scan(wall, wetness=1.0)

    def reach(cloud):
        return np.percentile(np.linalg.norm(cloud.xyz[cloud.objects == -1], axis=1), 98)

    assert reach(wet) < 0.8 * reach(dry)
    assert FALSE_RETURN not in dry.objects
    ghosts = wet.xyz[wet.objects == FALSE_RETURN]
    assert len(ghosts) > 100
    # the mirror image of the wall: as far away, below the ground
    np.testing.assert_allclose(ghosts[:, 0], 29.5, atol=0.15)
    assert (ghosts[:, 2] < -HEIGHT + 0.1).all()
    assert (ghosts[:, 2] > -HEIGHT - 8.1).all()


def test_fog_shortens_the_view_and_rain_returns_from_close_by():
    wall = thing((1.0, 60.0, 20.0), 70.0, 0.0, Material(GREY))
    clear, fog, rain = scan(wall), scan(wall, fog=0.04), scan(wall, rain=1.0)
    assert (fog.objects == 0).sum() < 0.1 * (clear.objects == 0).sum()
    drops = rain.xyz[rain.objects == FALSE_RETURN]
    assert 0.003 < len(drops) / len(rain.xyz) < 0.05
    assert np.median(np.linalg.norm(drops, axis=1)) < 4.0


@pytest.mark.parametrize("opacity", [0.0, 0.3, 1.0])
def test_thin_film_lets_a_share_of_the_pulses_through(opacity):
    film = thing((0.01, 3.0, 3.0), 10.0, 0.0, Material(GREY, opacity=opacity))
    wall = thing((1.0, 30.0, 15.0), 20.0, 0.0, Material(GREY))
    narrow = replace(AHEAD, sector=np.deg2rad(16))
    cloud = scan(film, wall, model=narrow)
    through = np.isin(cloud.objects, (0, 1)) & (cloud.xyz[:, 2] < 0.8) & (cloud.xyz[:, 2] > -HEIGHT + 0.05)
    stopped = (cloud.objects[through] == 0).mean()
    expected = 1 - (1 - opacity) ** 2  # both faces
    # the film's shadow is a bit smaller than the part of the wall compared
    assert stopped == pytest.approx(expected, abs=0.25 if 0 < opacity < 1 else 0.2)


def test_equal_seeds_give_equal_clouds():
    first, again, other = scan(rain=0.5), scan(rain=0.5), scan(rain=0.5, seed=1)
    np.testing.assert_array_equal(first.xyz, again.xyz)
    np.testing.assert_array_equal(first.intensity, again.intensity)
    assert first.xyz.shape != other.xyz.shape or not np.array_equal(first.xyz, other.xyz)


def test_reach_is_the_distance_of_even_odds():
    reflectance, distance = np.float32([0.1, 0.4, 0.1]), np.float32([80.0, 160.0, 20.0])
    odds = detection_probability(reflectance, distance, reach=80.0, air=0.0)
    np.testing.assert_allclose(odds[:2], 0.5, atol=1e-6)
    assert odds[2] > 0.999
    assert (detection_probability(reflectance, distance, 80.0, 0.01) < odds).all()


@pytest.mark.parametrize(
    "bad",
    [
        {"elevations": np.array([0.1, 0.0])},
        {"rate": 0.0},
        {"sector": 7.0},
        {"noise": -0.1},
        {"dropout": 1.0},
    ],
)
def test_what_is_no_lidar_is_refused(bad):
    with pytest.raises(ValueError, match="expected"):
        LidarModel(**({"name": "x", "elevations": np.array([-0.1, 0.1])} | bad))
