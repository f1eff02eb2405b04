from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.simulation.assets.animals import ANIMALS
from clipomaly_ros.simulation.assets.asset import Asset, by_name
from clipomaly_ros.simulation.assets.fluids import FLUIDS
from clipomaly_ros.simulation.assets.ice_snow import ICE_SNOW
from clipomaly_ros.simulation.assets.loose_equipment import LOOSE_EQUIPMENT
from clipomaly_ros.simulation.assets.organic import blot_outlines, loft
from clipomaly_ros.simulation.assets.pavement import PAVEMENT
from clipomaly_ros.simulation.assets.smoke_fire import SMOKE_FIRE
from clipomaly_ros.simulation.materials import Material, Pattern
from clipomaly_ros.simulation.mesh import Part

GROUPS = {
    "pavement": PAVEMENT,
    "loose_equipment": LOOSE_EQUIPMENT,
    "animals": ANIMALS,
    "fluids": FLUIDS,
    "ice_snow": ICE_SNOW,
    "smoke_fire": SMOKE_FIRE,
}
EVERY = by_name(tuple(asset for group in GROUPS.values() for asset in group))
# Largest extent in any direction that is plausible [m]: 5 m for what spreads, 3.6 m for a tow bar.
LARGEST = {
    "stray tow bar": 3.6,
    "hose": 3.2,
    "cable": 3.2,
    "deer": 2.2,
    "dog": 1.9,
    "fox": 1.6,
    "smoke": 3.5,
    "fire": 3.2,
    "starling": 0.5,
    "gull": 1.3,
    "goose": 1.4,
    "heron": 1.6,
    "cat": 1.2,
    "rabbit": 0.8,
    "hare": 1.1,
    "bird remains": 2.5,
    "bucket": 0.8,
    "fire extinguisher": 1.6,
    "tyre": 1.8,
    "tarpaulin": 2.8,
    "asphalt chunk": 1.5,
    "concrete chunk": 2.2,
    "stone": 1.2,
    "ice": 4.5,
    "snow clod": 2.5,
}
FLAT = {"fuel spill", "oil spill", "standing water"}
FORM_VARIANTS = [
    pytest.param(name, k, id=f"{name} {k}") for name, a in EVERY.items() for k in range(len(a.variants))
]


def built(name: str, variant: int, seed: int) -> list[Part]:
    return EVERY[name].variants[variant](np.random.default_rng([seed, variant]))


def extent(parts: list[Part]) -> tuple[np.ndarray, np.ndarray]:
    corners = np.concatenate([part.vertices for part in parts])
    return corners.min(0), corners.max(0)


@pytest.mark.parametrize("group", GROUPS)
def test_every_name_of_the_vocabulary_is_there_once(group: str) -> None:
    path = Path(__file__).parents[3] / "config/vocabulary/airside_candidates.yaml"
    wanted = [e["name"] for e in yaml.safe_load(path.read_text())["candidates"] if e["group"] == group]
    assert wanted
    assert sorted(asset.name for asset in GROUPS[group]) == sorted(wanted)
    assert all(isinstance(asset, Asset) and asset.group == group for asset in GROUPS[group])
    assert all(3 <= len(asset.variants) <= 4 for asset in GROUPS[group])


@pytest.mark.parametrize(("name", "variant"), FORM_VARIANTS)
def test_a_variant_is_sound_for_every_seed(name: str, variant: int) -> None:
    for seed in range(12):
        parts = built(name, variant, seed)
        assert parts
        for part in parts:
            assert np.isfinite(part.vertices).all()
            assert part.vertices.shape[1] == 3
            assert part.faces.shape[1] == 3
            assert part.faces.min() >= 0
            assert part.faces.max() < len(part.vertices)
            assert 0 < len(part.faces) <= 1500
            check_material(part.material)
        assert sum(len(part.faces) for part in parts) <= 15000
        low, high = extent(parts)
        assert abs(low[2]) < 0.01, "it should rest on the ground"
        size = high - low
        assert 0.025 <= size.max() <= LARGEST.get(name, 5.0), size
        # Its frame is its own: the thing is about the origin.
        assert (low[:2] < 0.6 * size[:2].max()).all()
        assert (high[:2] > -0.6 * size[:2].max()).all()
        if name in FLAT:
            assert size[2] <= 0.005


def check_material(material: Material) -> None:
    for value in (
        *material.colour,
        *material.second,
        material.gloss,
        material.metallic,
        material.mirror,
        material.opacity,
        material.reflectance,
        material.dirt,
    ):
        assert 0.0 <= value <= 1.0
    assert material.period > 0
    assert material.emission >= 0
    assert isinstance(material.pattern, Pattern)


@pytest.mark.parametrize(("name", "variant"), FORM_VARIANTS)
def test_no_two_instances_are_alike_but_a_seed_gives_one(name: str, variant: int) -> None:
    first, again, other = built(name, variant, 1), built(name, variant, 1), built(name, variant, 2)
    assert all(
        np.array_equal(a.vertices, b.vertices) and a.material == b.material
        for a, b in zip(first, again, strict=True)
    )
    assert not np.allclose(extent(first), extent(other))
    assert first[0].material != other[0].material


def test_smoke_lets_rays_through_and_fire_gives_light() -> None:
    for variant in range(len(EVERY["smoke"].variants)):
        assert all(part.material.opacity <= 0.45 for part in built("smoke", variant, 3))
    for variant in range(len(EVERY["fire"].variants)):
        assert max(part.material.emission for part in built("fire", variant, 3)) > 1


@given(st.integers(0, 10_000), st.floats(0.03, 1.0), st.floats(0.1, 3.0))
@settings(max_examples=40, deadline=None)
def test_a_loft_is_closed_and_faces_outwards(seed: int, radius: float, length: float) -> None:
    generator = np.random.default_rng(seed)
    spine = np.column_stack([np.linspace(0, length, 4), generator.normal(0, length / 20, (4, 2))])
    part = loft(spine, np.full(4, radius), np.full(4, radius), Material((0.5, 0.5, 0.5)))
    a, b, c = (part.vertices[part.faces[:, i]] for i in range(3))
    volume = float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)
    assert 0 < volume < 1.3 * np.pi * radius**2 * length


@given(st.integers(0, 10_000), st.floats(0.05, 0.6))
@settings(max_examples=30, deadline=None)
def test_one_drop_spreads_to_about_its_own_area(seed: int, radius: float) -> None:
    outlines = blot_outlines(np.random.default_rng(seed), [[1.0, -2.0, radius]], 0.1)
    assert len(outlines) >= 1
    ring = max(outlines, key=len)
    x, y = ring.T
    area = abs(float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y))) / 2
    assert 0.5 * np.pi * radius**2 < area < 2.0 * np.pi * radius**2
    assert np.hypot(*(ring.mean(0) - [1.0, -2.0])) < radius
