"""Small lost things: every name of its group, real sizes, resting on the ground, no two alike."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from clipomaly_ros.simulation.assets.asset import by_name
from clipomaly_ros.simulation.assets.baggage import BAGGAGE
from clipomaly_ros.simulation.assets.clutter import CLUTTER
from clipomaly_ros.simulation.assets.forms import settled
from clipomaly_ros.simulation.assets.hardware import HARDWARE
from clipomaly_ros.simulation.assets.soft import SOFT
from clipomaly_ros.simulation.assets.tools import TOOLS
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import box, pose

ROOT = Path(__file__).resolve().parents[3]
CANDIDATES = ROOT / "config" / "vocabulary" / "airside_candidates.yaml"
GROUPS = {"hardware": HARDWARE, "tools": TOOLS, "soft": SOFT, "baggage": BAGGAGE}
EVERY = [asset for assets in (*GROUPS.values(), CLUTTER) for asset in assets]
VARIANTS = [
    pytest.param(asset, index, id=f"{asset.name}-{index}")
    for asset in EVERY
    for index in range(len(asset.variants))
]
SEEDS = 12


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_has_every_name_of_the_vocabulary_once(group):
    entries = yaml.safe_load(CANDIDATES.read_text())["candidates"]
    assert set(by_name(GROUPS[group])) == {entry["name"] for entry in entries if entry["group"] == group}
    assert {asset.group for asset in GROUPS[group]} == {group}


@pytest.mark.parametrize("asset", EVERY, ids=lambda asset: asset.name)
def test_there_are_several_different_builders(asset):
    assert len(set(asset.variants)) == len(asset.variants) >= 3


@pytest.mark.parametrize(("asset", "index"), VARIANTS)
def test_a_variant_is_sound_for_any_seed(asset, index):
    for seed in range(SEEDS):
        parts = asset.variants[index](np.random.default_rng([seed, index]))
        vertices = np.concatenate([part.vertices for part in parts])
        assert np.isfinite(vertices).all()
        assert abs(vertices[:, 2].min()) < 0.01, f"seed {seed}"
        extent = np.ptp(vertices, axis=0).max()
        assert 0.029 < extent < 2.2, f"seed {seed}: {extent} m"
        assert sum(len(part.faces) for part in parts) < 15_000
        for part in parts:
            assert part.faces.min() >= 0
            assert part.faces.max() < len(part.vertices)
            assert len(part.faces) <= 1_500
            assert min(part.material.colour) >= 0.0
            assert max(part.material.colour) <= 1.0
            assert 0.0 < part.material.opacity <= 1.0


@pytest.mark.parametrize(("asset", "index"), VARIANTS)
def test_the_generator_alone_decides(asset, index):
    def build(seed):
        return asset.variants[index](np.random.default_rng(seed))

    def shapes(parts):
        return np.concatenate([part.vertices for part in parts])

    first, again, other = build(3), build(3), build(4)
    assert np.array_equal(shapes(first), shapes(again))
    assert [part.material for part in first] == [part.material for part in again]
    assert shapes(first).shape != shapes(other).shape or not np.allclose(shapes(first), shapes(other))
    assert [part.material for part in first] != [part.material for part in other]


@pytest.mark.parametrize("seed", range(20))
def test_a_thrown_plank_comes_to_rest_on_a_face(seed):
    turn = np.random.default_rng(seed).uniform(0, 2 * np.pi, 3)
    plank = box((1.0, 0.3, 0.1), Material((0.5, 0.5, 0.5)), pose(roll=turn[0], pitch=turn[1], yaw=turn[2]))
    (part,) = settled([plank])
    assert part.vertices[:, 2].min() == pytest.approx(0.0, abs=1e-9)
    height = np.ptp(part.vertices[:, 2])
    assert any(height == pytest.approx(edge, abs=1e-6) for edge in (1.0, 0.3, 0.1))
