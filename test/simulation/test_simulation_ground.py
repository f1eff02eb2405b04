"""The ground: filtered strokes, labels, weather; patterns of materials; noise tiles."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.simulation.classes import CLASS_NAMES, class_index
from clipomaly_ros.simulation.conditions import SLICES
from clipomaly_ros.simulation.ground_layout import draw_layout
from clipomaly_ros.simulation.ground_paint import GroundPaint
from clipomaly_ros.simulation.ground_strokes import Blob, GroundPoints, Stroke
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import box, pose
from clipomaly_ros.simulation.noise import noise_tile, pulse, sample
from clipomaly_ros.simulation.patterns import Patterns

DRY = SLICES["dry"](np.random.default_rng(0))


def points(x: np.ndarray, y: np.ndarray, across: float, along: float) -> GroundPoints:
    """Look along x at points whose pixels have a given size [m]."""
    ones = np.ones(len(x), np.float32)
    return GroundPoints(
        x.astype(np.float32), y.astype(np.float32), ones, 0 * ones, across * ones, along * ones, 0.5 * ones
    )


@given(st.floats(0.03, 0.4), st.floats(0.01, 2.0), st.floats(0.0, np.pi))
@settings(max_examples=40, deadline=None)
def test_a_line_has_the_same_area_whatever_the_size_of_a_pixel(
    half: float, pixel: float, heading: float
) -> None:
    ahead = np.array([np.cos(heading), np.sin(heading)])
    line = Stroke(tuple(-50 * ahead), tuple(50 * ahead), half, (1, 1, 1), "stand marking", 1.0)
    offset = np.linspace(-6, 6, 6001)
    across = np.array([-ahead[1], ahead[0]])
    cover = line.cover(points(offset * across[0], offset * across[1], pixel, pixel))
    assert np.trapezoid(cover, offset) == pytest.approx(2 * half, rel=0.05)


def test_an_arc_is_covered_between_its_angles_only() -> None:
    arc = Stroke((0.0, 0.0), (0.0, np.pi / 2), 0.2, (1, 1, 1), "taxiway marking", 1.0, radius=10.0)
    angles = np.radians([-20.0, 45.0, 110.0])
    cover = arc.cover(points(10 * np.cos(angles), 10 * np.sin(angles), 0.01, 0.01))
    np.testing.assert_allclose(cover, [0, 1, 0], atol=1e-3)


@pytest.mark.parametrize("seed", range(12))
def test_shapes_stay_inside_their_bounds(seed: int) -> None:
    layout = draw_layout(seed)
    generator = np.random.default_rng(seed)
    x, y = generator.uniform(-160, 160, (2, 400))
    for feature in layout.features:
        for shape in feature.shapes:
            assert isinstance(shape, Stroke | Blob)
            assert shape.label in CLASS_NAMES
            low_x, low_y, high_x, high_y = shape.bounds
            outside = (x < low_x - 0.1) | (x > high_x + 0.1) | (y < low_y - 0.1) | (y > high_y + 0.1)
            assert not shape.cover(points(x[outside], y[outside], 0.01, 0.01)).any()


def test_layouts_differ_by_seed_and_repeat() -> None:
    assert draw_layout(3) == draw_layout(3)
    tones = {round(draw_layout(seed).pavement[0], 3) for seed in range(30)}
    assert len(tones) > 25
    assert min(tones) < 0.12
    assert max(tones) > 0.35
    few, many = (np.mean([len(draw_layout(s, c).features) for s in range(20)]) for c in (0.3, 3.0))
    assert many > 5 * few


def look_down(seed: int, condition, count: int = 30_000):
    generator = np.random.default_rng(seed)
    place = np.zeros((count, 3), np.float32)
    place[:, :2] = generator.uniform((-5, -35), (75, 35), (count, 2))
    ray = np.tile(np.float32([0.6, 0.0, -0.8]), (count, 1))
    return GroundPaint(seed, condition).paint(place, ray, np.full(count, 0.004, np.float32))


def test_ground_is_a_possible_colour_and_shows_every_kind_of_surface() -> None:
    seen: set[str] = set()
    for seed in range(14):
        painted = look_down(seed, replace(DRY, clutter=1.5))
        assert painted.colour.dtype == np.float32
        assert painted.colour.min() > 0
        assert painted.colour.max() < 1
        assert not painted.water.any()
        seen |= {CLASS_NAMES[label] for label in np.unique(painted.label)}
    assert {
        "apron pavement", "grass", "stand marking", "taxiway marking", "hold-short line", "drain", "manhole",
        "pavement joint", "crack", "stain", "rubber deposit",
    } <= seen  # fmt: skip


@pytest.mark.parametrize("share", [0.05, 0.2, 0.5])
def test_puddles_cover_about_the_share_asked_for(share: float) -> None:
    covered = []
    for seed in range(10):
        painted = look_down(seed, replace(DRY, puddles=share, wetness=0.5), 8000)
        covered.append((painted.water[painted.label != class_index("grass")] > 0.5).mean())
    assert np.mean(covered) == pytest.approx(share, abs=0.1)


def test_wet_pavement_is_darker() -> None:
    dry, wet = look_down(2, DRY), look_down(2, replace(DRY, wetness=1.0))
    assert wet.colour.mean() < 0.75 * dry.colour.mean()
    np.testing.assert_array_equal(dry.label, wet.label)


@pytest.mark.parametrize("pattern", Pattern)
def test_patterns_mix_two_colours_and_move_with_the_part(pattern: Pattern) -> None:
    material = Material((0.8, 0.1, 0.1), (0.1, 0.1, 0.8), pattern, period=0.2, dirt=0.0)
    part = box((2.0, 1.0, 1.0), material)
    where = pose((4.0, -3.0, 1.0), yaw=0.7)
    generator = np.random.default_rng(1)
    local = np.column_stack(
        [generator.uniform(-1, 1, 500), np.full(500, 0.5), generator.uniform(-0.5, 0.5, 500)]
    )
    normal = np.tile([0.0, 1.0, 0.0], (500, 1))
    index, pixel = np.zeros(500, np.int32), np.full(500, 1e-3, np.float32)
    still = Patterns([part], 1).paint(index, local.astype(np.float32), normal.astype(np.float32), pixel)
    at, turned = local @ where[:3, :3].T + where[:3, 3], normal @ where[:3, :3].T
    there = Patterns([part.moved(where)], 1).paint(
        index, at.astype(np.float32), turned.astype(np.float32), pixel
    )
    assert (np.abs(still.colour - there.colour).max(axis=1) < 0.05).mean() > 0.97  # but at edges
    assert still.colour.min() >= 0
    assert still.colour.max() < 1.2
    assert (still.opacity < 1).any() == (pattern == Pattern.MESH)
    if pattern not in (Pattern.PLAIN, Pattern.RINGS):
        varied = np.concatenate([still.colour, still.opacity[:, None]], axis=1)
        assert np.ptp(varied, axis=0).max() > 0.05


def test_noise_repeats_and_is_spread_evenly() -> None:
    tile = noise_tile(3, 8, 5)
    u, v = np.random.default_rng(0).uniform(-3, 3, (2, 5000))
    np.testing.assert_allclose(sample(tile, u, v), sample(tile, u + 1, v - 2), atol=0.02)
    for threshold in (0.1, 0.5, 0.9):
        assert (tile > threshold).mean() == pytest.approx(1 - threshold, abs=0.02)
    assert len(sample(tile, u[:0], v[:0])) == 0


@given(st.floats(0.1, 3.0), st.floats(0.05, 0.95), st.floats(1e-3, 5.0))
@settings(max_examples=40, deadline=None)
def test_bands_cover_their_share_from_near_and_far(period: float, duty: float, pixel: float) -> None:
    x = np.linspace(0, 40 * period, 20_000, endpoint=False)
    cover = pulse(x, period, duty, np.full(len(x), pixel))
    assert cover.min() >= 0
    assert cover.max() <= 1
    if pixel < 0.05 * period * min(duty, 1 - duty) or pixel > period:
        assert cover.mean() == pytest.approx(duty, abs=0.03)


@pytest.mark.parametrize("name", SLICES)
def test_slices_draw_conditions_of_their_kind(name: str) -> None:
    for seed in range(30):
        condition = SLICES[name](np.random.default_rng(seed))
        assert condition.name == name
        assert np.linalg.norm(condition.sun) == pytest.approx(1)
        assert bool(condition.lamps) == (name == "night")
        assert (max(condition.sunlight) == 0) == (name in ("night", "rain")) or condition.clouds > 0.9
        assert (condition.rain > 0) == (name == "rain")
        assert (condition.tint > 0) == (name == "deicing")
        assert (condition.casters > 0) == (name == "shadows")
        if name == "low_sun":
            assert condition.sun[2] < 0.26
        if name in ("wet", "rain"):
            assert condition.wetness > 0.3
            assert condition.puddles > 0
