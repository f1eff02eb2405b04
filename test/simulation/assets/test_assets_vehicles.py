"""Ground vehicles and equipment: every shape, whatever the generator picks."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.simulation.assets.asset import by_name
from clipomaly_ros.simulation.assets.equipment import EQUIPMENT
from clipomaly_ros.simulation.assets.running_gear import cut, leaning, on_sides, rectangle
from clipomaly_ros.simulation.assets.vehicles import VEHICLES
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import Part
from clipomaly_ros.vocabulary.loading import load_vocabulary

CONFIG = Path(__file__).parents[3] / "config" / "vocabulary"
VOCABULARY = (CONFIG / "airside_approved.yaml", CONFIG / "airside_candidates.yaml")

ALL = by_name((*VEHICLES, *EQUIPMENT))
BUILDERS = [(asset.name, k) for asset in ALL.values() for k in range(len(asset.variants))]

# Length, width and height [m], each as the least and the greatest that may be found on an apron.
SIZES: Mapping[str, tuple[tuple[float, float], tuple[float, float], tuple[float, float]]] = {
    "baggage tractor": ((2.5, 4.0), (1.2, 2.3), (1.4, 2.5)),
    "dolly": ((3.0, 5.5), (1.3, 2.6), (0.5, 3.0)),
    "pushback tug": ((5.0, 10.0), (2.3, 4.5), (1.5, 3.2)),
    "belt loader": ((5.0, 9.0), (1.3, 2.6), (1.5, 5.0)),
    "container loader": ((7.5, 10.5), (3.2, 5.6), (2.5, 6.5)),
    "passenger stairs": ((5.0, 10.0), (1.5, 3.2), (2.5, 7.0)),
    "catering truck": ((6.5, 12.0), (2.3, 3.4), (3.0, 8.5)),
    "fuel truck": ((5.5, 15.5), (2.0, 3.4), (2.0, 4.5)),
    "lavatory truck": ((5.5, 8.0), (2.0, 3.2), (2.2, 4.5)),
    "water truck": ((5.5, 8.0), (2.0, 3.2), (2.0, 4.5)),
    "de-icer": ((8.0, 16.0), (2.3, 3.4), (2.5, 12.5)),
    "bus": ((6.5, 15.0), (2.1, 3.8), (2.5, 3.8)),
    "follow-me car": ((4.0, 5.8), (1.7, 2.8), (1.5, 3.0)),
    "maintenance van": ((4.5, 6.6), (1.7, 2.8), (1.6, 3.2)),
    "fire engine": ((8.0, 13.0), (2.8, 4.0), (3.3, 9.5)),
    "ambulance": ((5.5, 7.5), (1.9, 2.9), (2.4, 3.5)),
    "uld": ((1.5, 4.3), (1.4, 3.4), (1.0, 2.6)),
    "cone": ((0.25, 0.8), (0.25, 0.8), (0.4, 1.3)),
    "chock": ((0.5, 1.5), (0.2, 1.3), (0.1, 0.35)),
    "tow bar": ((3.5, 6.5), (0.4, 2.0), (0.3, 1.2)),
    "ground power unit": ((2.5, 5.5), (1.2, 2.2), (1.0, 2.3)),
    "air start unit": ((4.0, 7.5), (1.7, 3.2), (1.8, 4.0)),
}


def build(name: str, variant: int, seed: int) -> list[Part]:
    return ALL[name].variants[variant](np.random.default_rng(seed))


def test_the_assets_are_the_approved_vehicles_and_equipment() -> None:
    approved = {entry.name: entry.group for entry in load_vocabulary(*VOCABULARY).approved}
    assert {name: asset.group for name, asset in ALL.items()} == {name: approved.get(name) for name in ALL}
    vehicles = {name for name, group in approved.items() if group == "vehicle"}
    assert {asset.name for asset in VEHICLES} == vehicles
    assert set(SIZES) == set(ALL)


@pytest.mark.parametrize(("name", "variant"), BUILDERS)
@settings(max_examples=12, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_every_shape_is_a_sound_mesh_of_a_plausible_size(name: str, variant: int, seed: int) -> None:
    parts = build(name, variant, seed)
    for part in parts:
        assert np.isfinite(part.vertices).all()
        assert part.faces.min() >= 0
        assert part.faces.max() < len(part.vertices)
        assert all(0 <= share <= 1 for share in (*part.material.colour, *part.material.second))
        assert part.label in ("", "uld")
    vertices = np.concatenate([part.vertices for part in parts])
    low, high = vertices.min(axis=0), vertices.max(axis=0)
    assert abs(low[2]) <= 0.01
    for size, (least, greatest) in zip(high - low, SIZES[name], strict=True):
        assert least <= size <= greatest, f"{name} {variant}: {high - low}"
    assert sum(len(part.faces) for part in parts) <= 15_000


@pytest.mark.parametrize(("name", "variant"), BUILDERS)
def test_a_seed_always_builds_the_same_and_another_one_something_else(name: str, variant: int) -> None:
    first, again, other = (build(name, variant, seed) for seed in (3, 3, 4))
    assert [part.material for part in first] == [part.material for part in again]
    assert all(np.array_equal(a.vertices, b.vertices) for a, b in zip(first, again, strict=True))
    same = len(first) == len(other) and all(
        a.material == b.material and np.array_equal(a.vertices, b.vertices)
        for a, b in zip(first, other, strict=True)
    )
    assert not same


@pytest.mark.parametrize("variant", [1, 3])
def test_the_load_of_a_dolly_is_a_class_of_its_own(variant: int) -> None:
    parts = build("dolly", variant, 1)
    load = [part for part in parts if part.label == "uld"]
    frame = [part for part in parts if part.label == ""]
    assert load
    assert frame
    assert min(part.vertices[:, 2].min() for part in load) > 0.3


@settings(max_examples=50)
@given(height=st.floats(0.05, 0.95), slant=st.floats(-0.4, 0.4))
def test_cutting_an_outline_keeps_its_area(height: float, slant: float) -> None:
    def area(outline: list[tuple[float, float]]) -> float:
        x, z = np.array(outline).T
        return float(abs(np.sum(x * np.roll(z, -1) - np.roll(x, -1) * z)) / 2)

    outline = [(0.0, 0.0), (2.0, 0.0), (2.0 + slant, 1.0), (0.5, 1.0)]
    below, above = cut(outline, height)
    assert area(below) + area(above) == pytest.approx(area(outline))
    assert max(z for _, z in below) <= height <= min(z for _, z in above) + 1e-12


def test_leaning_narrows_only_what_lies_above_the_shoulder() -> None:
    plates = on_sides(rectangle(0.0, 1.0, 0.0, 2.0), 1.0, Material((0.5, 0.5, 0.5)), 0.01)
    vertices = np.concatenate([part.vertices for part in leaning(plates, 1.0, 0.1)])
    assert np.abs(vertices[vertices[:, 2] < 1.0][:, 1]).min() == pytest.approx(0.99)
    assert np.abs(vertices[vertices[:, 2] > 1.0][:, 1]).max() == pytest.approx(1.01 * 0.9)
