"""Aircraft, structures and people: every variant can be built, stands on the ground and has its size."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import yaml

from clipomaly_ros.simulation.assets.aircraft import AIRCRAFT
from clipomaly_ros.simulation.assets.asset import Asset, by_name
from clipomaly_ros.simulation.assets.people import PEOPLE
from clipomaly_ros.simulation.assets.structures import STRUCTURES
from clipomaly_ros.simulation.mesh import Part
from clipomaly_ros.simulation.world import World

ASSETS = AIRCRAFT + STRUCTURES + PEOPLE
VARIANTS = [
    pytest.param(asset, index, id=f"{asset.name}-{builder.__name__}")
    for asset in ASSETS
    for index, builder in enumerate(asset.variants)
]
NOT_CLASSES = {"light mast"}
AIRCRAFT_PARTS = {
    "fuselage",
    "aircraft nose",
    "wingtip",
    "aircraft tail",
    "landing gear",
    "engine nacelle",
    "open aircraft door",
}
# Least and greatest length, width, height [m] of each builder's instances.
SIZES = {
    "narrow_body": ((30, 33, 9), (46, 39, 14)),
    "wide_body": ((54, 55, 13), (73, 68, 20)),
    "regional_jet": ((25, 20, 5.5), (39, 28, 9)),
    "business_jet": ((12, 11, 3.5), (23, 25, 7)),
    "turboprop_twin": ((21, 24, 6), (33, 30, 9.5)),
    "person": ((0.2, 0.25, 0.15), (2.4, 3.2, 2.8)),
    "terminal building": ((12, 25, 9), (75, 210, 60)),
    "jet bridge": ((15, 3.5, 5), (36, 9, 10)),
    "blast fence": ((2, 11, 2.2), (8, 46, 4.8)),
    "bollard": ((0.1, 0.1, 0.55), (0.7, 0.7, 1.4)),
    "sign": ((0.1, 0.4, 0.55), (0.3, 3.5, 1.4)),
    "runway light": ((0.1, 0.1, 0.01), (0.4, 0.4, 0.6)),
    "taxiway light": ((0.1, 0.1, 0.01), (0.4, 0.4, 0.6)),
    "barrier": ((0.3, 0.8, 0.45), (1.5, 7, 1.5)),
    "light mast": ((0.5, 1, 13), (3, 6, 30)),
}


def build(asset: Asset, variant: int, seed: int) -> list[Part]:
    return asset.variants[variant](np.random.default_rng([seed, variant]))


def corners(parts: list[Part]) -> np.ndarray:
    return np.concatenate([part.vertices for part in parts])


@cache
def classes() -> dict[str, str]:
    path = Path(__file__).parents[3] / "config/vocabulary/airside_approved.yaml"
    return {entry["name"]: entry["group"] for entry in yaml.safe_load(path.read_text())["approved"]}


@pytest.mark.parametrize(("asset", "variant"), VARIANTS)
def test_every_instance_is_a_sound_mesh_of_its_size_on_the_ground(asset: Asset, variant: int) -> None:
    builder = asset.variants[variant].__name__
    low, high = SIZES.get(builder) or SIZES[asset.name]
    approved = classes()
    for seed in range(15):
        parts = build(asset, variant, seed)
        for part in parts:
            assert np.isfinite(part.vertices).all()
            assert part.faces.min() >= 0
            assert part.faces.max() < len(part.vertices)
            assert not part.label or part.label in approved
            material = part.material
            shares = [
                *material.colour,
                *material.second,
                material.gloss,
                material.mirror,
                material.reflectance,
            ]
            assert 0 <= min(shares) <= max(shares) <= 1
            assert material.period > 0
        points = corners(parts)
        assert points[:, 2].min() == pytest.approx(0.0, abs=0.01)
        size = np.ptp(points, axis=0)
        assert (size >= low).all(), (seed, size)
        assert (size <= high).all(), (seed, size)
        assert sum(len(part.faces) for part in parts) <= (40_000 if asset.group == "aircraft" else 15_000)


@pytest.mark.parametrize("asset", ASSETS, ids=lambda asset: asset.name)
def test_names_and_groups_are_those_of_the_vocabulary(asset: Asset) -> None:
    if asset.name in NOT_CLASSES:
        assert asset.name not in classes()
    else:
        assert classes()[asset.name] == asset.group


def test_no_name_is_given_twice() -> None:
    assert len(by_name(ASSETS)) == len(ASSETS)


@pytest.mark.parametrize(("asset", "variant"), VARIANTS)
def test_a_seed_gives_one_shape_and_another_seed_another(asset: Asset, variant: int) -> None:
    first, again, other = (build(asset, variant, seed) for seed in (3, 3, 4))
    np.testing.assert_array_equal(corners(first), corners(again))
    assert [part.material for part in first] == [part.material for part in again]
    a, b = corners(first), corners(other)
    assert a.shape != b.shape or not np.allclose(a, b)


@pytest.mark.parametrize("variant", range(len(AIRCRAFT[0].variants)))
def test_every_part_of_an_aircraft_is_a_class_of_its_own(variant: int) -> None:
    doors_open = 0
    for seed in range(15):
        labels = {part.label for part in build(AIRCRAFT[0], variant, seed)}
        assert labels | {"open aircraft door"} == AIRCRAFT_PARTS
        doors_open += "open aircraft door" in labels
    assert 0 < doors_open < 15


@pytest.mark.parametrize("variant", range(len(AIRCRAFT[0].variants)))
def test_an_aircraft_looks_along_x_and_stands_on_its_nose_wheel(variant: int) -> None:
    for seed in range(5):
        parts = build(AIRCRAFT[0], variant, seed)
        by_label = {
            label: corners([p for p in parts if p.label == label])
            for label in AIRCRAFT_PARTS - {"open aircraft door"}
        }
        assert by_label["aircraft nose"][:, 0].max() == pytest.approx(corners(parts)[:, 0].max())
        assert by_label["aircraft tail"][:, 0].max() < by_label["aircraft nose"][:, 0].min()
        wheels = by_label["landing gear"]
        ahead = wheels[(wheels[:, 2] < 0.05) & (wheels[:, 0] > -4)]
        assert np.abs(ahead.mean(axis=0)[:2]).max() < 0.3
        # Both sides carry the same; nothing but wheels touches the ground.
        touching = [part.label for part in parts if part.vertices[:, 2].min() < 0.1]
        assert set(touching) == {"landing gear"}
        wings = by_label["wingtip"]
        assert wings[:, 1].max() == pytest.approx(-wings[:, 1].min(), abs=1e-6)


@pytest.mark.parametrize("variant", range(len(AIRCRAFT[0].variants)))
def test_an_aircraft_is_closed_to_rays_from_the_side(variant: int) -> None:
    """Between nose and tail no ray from the side passes through the fuselage's middle."""
    parts = build(AIRCRAFT[0], variant, 1)
    world = World([parts])
    skin = corners([part for part in parts if part.label in ("fuselage", "aircraft nose")])
    x = np.linspace(skin[:, 0].min() * 0.8, skin[:, 0].max() * 0.8, 60)
    height = np.array([np.median(skin[np.abs(skin[:, 0] - at) < 1.5, 2]) for at in x])
    origins = np.column_stack([x, np.full(60, 100.0), height])
    hits = world.cast(origins, np.tile([0.0, -1.0, 0.0], (60, 1)))
    assert (hits.part >= 0).all()
    assert np.isfinite(hits.distance).all()


def test_people_wear_retro_reflective_bands() -> None:
    for variant in range(len(PEOPLE[0].variants)):
        for seed in range(5):
            assert any(part.material.retro for part in build(PEOPLE[0], variant, seed))


def test_buildings_face_the_apron() -> None:
    """The facade is near x = 0, the building behind it."""
    for builder in by_name(STRUCTURES)["terminal building"].variants:
        for seed in range(5):
            points = corners(builder(np.random.default_rng(seed)))
            assert -6 < points[:, 0].min() <= 0.3
            assert points[:, 0].max() > 10
