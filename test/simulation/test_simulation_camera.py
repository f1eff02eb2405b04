"""The camera: windows, labels, depth, mirrors, night, glass."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.simulation.camera_models import CameraModel
from clipomaly_ros.simulation.camera_sensor import CameraSensor
from clipomaly_ros.simulation.classes import ANOMALY, CLASS_NAMES, VOID, class_index
from clipomaly_ros.simulation.conditions import SLICES
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import box, ellipsoid, pose
from clipomaly_ros.simulation.scene_types import Scene, SceneObject
from clipomaly_ros.simulation.world import World

WIDTH, HEIGHT = 160, 96
K = np.array([[130.0, 0.0, 79.5], [0.0, 130.0, 47.5], [0.0, 0.0, 1.0]])
BENT = CameraModel(WIDTH, HEIGHT, K, np.array([-0.06, 0.01, 0.0004, -0.0003, 0.0]), "bent")
STRAIGHT = CameraModel(WIDTH, HEIGHT, K, np.zeros(5), "straight")
POSE = np.eye(4)
POSE[:3, :3] = np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]])
POSE[:3, 3] = (0.0, 0.0, 1.7)
RED = Material((0.8, 0.05, 0.05), gloss=0.0, dirt=0.0)


def objects(block: Material = RED) -> tuple[SceneObject, ...]:
    """Stand a block in the middle, with a part of its own class, something odd and something unnamed."""
    return (
        SceneObject(
            "dolly",
            "vehicle",
            (
                box((1.0, 1.5, 1.6), block, pose((8.0, 0.0, 0.8))),
                replace(box((0.3, 0.3, 0.6), RED, pose((8.0, 0.0, 1.9))), label="engine nacelle"),
            ),
            0.0,
        ),
        SceneObject("no such class", "vehicle", (box((1.0, 1.0, 1.0), RED, pose((8.0, -2.5, 0.5))),), 0.0),
        SceneObject("hammer", "tools", (ellipsoid((0.5, 0.5, 0.5), RED, pose((8.0, 2.5, 0.5))),), 0.0, True),
    )


def scene(name: str = "dry", seed: int = 5, things: tuple[SceneObject, ...] | None = None) -> Scene:
    """Put the things into light and weather of a slice."""
    condition = SLICES[name](np.random.default_rng([seed, 1]))
    return Scene(objects() if things is None else things, condition, seed)


@pytest.mark.parametrize("name", SLICES)
def test_window_is_exactly_the_part_of_the_full_picture(name: str) -> None:
    glass = Material((0.3, 0.5, 0.6), opacity=0.4, mirror=0.3, gloss=0.9, pattern=Pattern.CHECKS, period=0.3)
    camera = CameraSensor(BENT, scene(name, things=objects(glass)))
    full = camera.render(POSE, generator=np.random.default_rng(4))
    for x, y, width, height in ((0, 0, 50, 40), (61, 30, 47, 33), (100, 56, 60, 40)):
        part = camera.render(POSE, (x, y, width, height), np.random.default_rng(4))
        rows = (slice(y, y + height), slice(x, x + width))
        assert part.rgb.shape == (height, width, 3)
        difference = np.abs(part.rgb.astype(int) - full.rgb[rows])
        assert difference.max() <= 2  # the same to rounding
        assert (difference > 0).mean() < 0.01
        for field in ("objects", "labels"):
            np.testing.assert_array_equal(getattr(part, field), getattr(full, field)[rows])
        np.testing.assert_allclose(part.depth, full.depth[rows], rtol=1e-5)


def test_same_generator_same_picture_and_another_one_other_noise() -> None:
    camera = CameraSensor(STRAIGHT, scene())
    first, again, other = (
        camera.render(POSE, generator=np.random.default_rng(seed)).rgb for seed in (1, 1, 2)
    )
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_labels_follow_parts_objects_and_ground() -> None:
    image = CameraSensor(STRAIGHT, scene()).render(POSE)
    labels = {
        index: {int(label) for label in np.unique(image.labels[image.objects == index])}
        for index in (-2, 0, 1, 2)
    }
    assert labels == {
        -2: {class_index("sky")},
        0: {class_index("dolly"), class_index("engine nacelle")},
        1: {VOID},
        2: {ANOMALY},
    }
    surfaces = {
        "apron pavement", "grass", "manhole", "drain", "pavement joint", "rubber deposit", "crack", "stain",
        "stand marking", "taxiway marking", "hold-short line",
    }  # fmt: skip
    assert {CLASS_NAMES[label] for label in np.unique(image.labels[image.objects == -1])} <= surfaces


@given(st.integers(0, 40))
@settings(max_examples=6, deadline=None)
def test_depth_is_that_of_the_rays(seed: int) -> None:
    turned = POSE.copy()
    angle = 0.02 * (seed - 20)
    turned[:3, :3] = pose(yaw=angle)[:3, :3] @ turned[:3, :3]
    content = scene(seed=seed)
    image = CameraSensor(BENT, content).render(turned)
    rays = BENT.rays().reshape(-1, 3)
    hits = World([item.parts for item in content.objects]).cast(turned[:3, 3], rays @ turned[:3, :3].T)
    np.testing.assert_allclose(
        image.depth.ravel(), np.where(hits.part == -2, np.inf, hits.distance * rays[:, 2]), rtol=1e-3
    )
    assert np.isinf(image.depth[image.objects == -2]).all()


def test_standing_water_mirrors_what_stands_behind_it() -> None:
    calm = replace(SLICES["rain"](np.random.default_rng(3)), rain=0.0, fog=0.0, noise=0.0, clutter=0.0)
    wall = SceneObject("barrier", "equipment", (box((0.5, 12.0, 2.0), RED, pose((9.0, 0.0, 1.0))),), 0.0)
    redness = []
    for puddles in (0.0, 0.9999):
        weather = replace(calm, wetness=0.0, puddles=puddles)
        rgb = CameraSensor(STRAIGHT, Scene((wall,), weather, 2)).render(POSE).rgb.astype(float)
        front = rgb[74:78, 40:120]
        redness.append((front[..., 0] - front[..., 1]).mean())
    assert redness[1] > redness[0] + 10


def test_night_is_darker_than_day_and_floodlights_light_it() -> None:
    day = CameraSensor(STRAIGHT, scene()).render(POSE).rgb.mean()
    night = scene("night")
    lit = CameraSensor(STRAIGHT, night).render(POSE).rgb.mean()
    unlit = (
        CameraSensor(STRAIGHT, replace(night, condition=replace(night.condition, lamps=())))
        .render(POSE)
        .rgb.mean()
    )
    assert unlit < lit < 0.7 * day


def test_the_sun_throws_shadows() -> None:
    condition = SLICES["shadows"](np.random.default_rng(1))
    condition = replace(condition, sun=np.array([0.0, 0.8, 0.6]), clutter=0.0, noise=0.0)
    bare = CameraSensor(STRAIGHT, Scene((), condition, 5)).render(POSE).rgb.astype(float)
    full = CameraSensor(STRAIGHT, Scene(objects(), condition, 5)).render(POSE)
    ground = full.objects == -1
    darker = (full.rgb.astype(float).mean(axis=2) < 0.75 * bare.mean(axis=2)) & ground
    assert darker.sum() > 20
    assert not darker[:, :22].any()  # the sun's side


def test_what_is_half_see_through_shows_what_is_behind() -> None:
    clear = replace(RED, opacity=0.15)
    image = CameraSensor(STRAIGHT, scene(things=objects(clear))).render(POSE)
    solid = CameraSensor(STRAIGHT, scene()).render(POSE)
    block = solid.labels == class_index("dolly")
    assert (image.objects[block] != 0).mean() > 0.4
    assert image.rgb[block].astype(int)[:, 1].mean() > solid.rgb[block].astype(int)[:, 1].mean()


@pytest.mark.parametrize("window", [(-1, 0, 10, 10), (0, 0, 0, 10), (150, 0, 20, 10), (0, 90, 10, 10)])
def test_window_outside_the_picture_is_refused(window: tuple[int, int, int, int]) -> None:
    with pytest.raises(ValueError, match="expected a window inside 160 x 96 pixels"):
        CameraSensor(STRAIGHT, scene()).render(POSE, window)
