"""Scenes and splits: what is held out stays out, nothing stands in anything else, seeds say it all."""

from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.simulation.anomaly_placement import pick
from clipomaly_ros.simulation.assets.registry import ANOMALIES, KNOWN
from clipomaly_ros.simulation.conditions import SLICES
from clipomaly_ros.simulation.ground_plan import GroundPlan
from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import box, pose
from clipomaly_ros.simulation.scene import make_scene
from clipomaly_ros.simulation.splits import RESERVED_GROUPS, SPLITS

SEEDS = st.integers(0, 9_999_999)
OPEN = [split for split in SPLITS.values() if not split.reserved]
SCENES = [("train", 1), ("test", 2), ("nofod", 3), ("demo", 0), ("validation", 4)]


@cache
def crowded(split, seed):
    """Make a scene of a split, once for all tests."""
    return make_scene(seed, "shadows", split, 8)


@settings(max_examples=75, deadline=None)
@given(seed=SEEDS, name=st.sampled_from(sorted(ANOMALIES)), split=st.sampled_from(OPEN))
def test_no_split_but_the_test_split_ever_draws_what_is_held_out(seed, name, split):
    generator = split.generator(seed)
    for asset in pick(split, generator, 20):
        assert asset.group not in RESERVED_GROUPS
        variant = split.pick_variant(asset, True, generator)
        assert variant < len(asset.variants) - 1 or len(asset.variants) == 1
        assert asset.group != "generic" or split.name == "train"
    aircraft = KNOWN["aircraft"]
    assert split.pick_variant(aircraft, False, generator) < len(aircraft.variants) - 1
    if ANOMALIES[name].group in RESERVED_GROUPS:
        assert not split.allows(ANOMALIES[name])


def test_the_test_split_shows_what_is_held_out_for_about_half_of_its_things():
    split = SPLITS["test"]
    drawn = [
        (asset, split.pick_variant(asset, True, generator))
        for seed in range(300)
        for generator in [split.generator(seed)]
        for asset in pick(split, generator, 5)
    ]
    assert {asset.group for asset, _ in drawn} >= RESERVED_GROUPS
    assert all(asset.group != "generic" for asset, _ in drawn)
    last = np.mean([variant == len(asset.variants) - 1 for asset, variant in drawn])
    assert 0.5 < last < 0.75


def test_scenes_of_different_splits_never_share_a_seed():
    numbers = [split.scene_seed(seed) for split in SPLITS.values() for seed in (0, 1, 9_999_999)]
    assert len(set(numbers)) == len(numbers)
    first = [split.generator(0).integers(2**62) for split in SPLITS.values()]
    assert len(set(first)) == len(first)
    for seed in (-1, 10_000_000):
        with pytest.raises(ValueError, match="seed"):
            SPLITS["demo"].generator(seed)


def _outline(item):
    """Return the corners of an object's box seen from above, [4, 2], with a millimetre to spare."""
    c, s = np.cos(item.yaw), np.sin(item.yaw)
    half = item.box.size[:2] / 2 - 1e-3
    return item.box.centre[:2] + np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]]) * half @ np.array(
        [[c, s], [-s, c]]
    )


def _apart(a, b):
    """Tell whether two convex outlines lie apart: separating axis theorem."""
    for first, second in ((a, b), (b, a)):
        for edge in np.roll(first, -1, axis=0) - first:
            axis = np.array([-edge[1], edge[0]])
            if (first @ axis).max() < (second @ axis).min() or (second @ axis).max() < (first @ axis).min():
                return True
    return False


@pytest.mark.parametrize(("split", "seed"), SCENES)
def test_nothing_stands_in_anything_else_nor_in_the_vehicles_way(split, seed):
    scene = crowded(split, seed)
    # Boxes of what is larger have free corners under wings and behind wheels.
    solid = [
        item for item in scene.objects if item.box.size.max() < 4.5 and item.name not in ("chock", "tow bar")
    ]
    outlines = [_outline(item) for item in solid]
    for k, first in enumerate(outlines):
        for j in range(k):
            assert _apart(first, outlines[j]), f"{solid[k].name} overlaps {solid[j].name}"
    # No known thing reaches into the way, whatever its size; tall lost things are not driven over.
    for item in scene.objects:
        corners = np.concatenate([part.vertices for part in item.parts])
        near = corners[(corners[:, 0] > 0) & (corners[:, 0] < 22) & (np.abs(corners[:, 1]) < 0.8)]
        if len(near):
            assert item.anomalous, item.name
            assert item.box.size[2] < 1.0 or near[:, 2].max() < 0.5, item.name


@pytest.mark.parametrize(("split", "seed"), SCENES)
def test_a_scene_holds_what_its_split_allows_and_comes_again(split, seed):
    scene, again = crowded(split, seed), make_scene(seed, "shadows", split, 8)
    assert [item.name for item in scene.objects] == [item.name for item in again.objects]
    for one, other in zip(scene.objects, again.objects, strict=True):
        for mine, yours in zip(one.parts, other.parts, strict=True):
            np.testing.assert_array_equal(mine.vertices, yours.vertices)
    assert scene.condition.name == again.condition.name
    assert len(scene.anomalies) == (0 if split == "nofod" else 8)
    assert scene.anomalies == list(range(len(scene.objects) - len(scene.anomalies), len(scene.objects)))
    for index in scene.anomalies:
        item = scene.objects[index]
        assert item.name in ANOMALIES
        assert item.variant in SPLITS[split].variants(ANOMALIES[item.name], True)
        assert 3 < item.box.centre[0] < 70
        assert abs(item.box.centre[1]) < 16
    known = [item for item in scene.objects if not item.anomalous]
    assert all(item.name in KNOWN for item in known)
    assert len(known) > 10


def test_wrong_names_and_numbers_are_told():
    for arguments, text in (
        ((0, "fog"), "condition"),
        ((0, "dry", "exam"), "split"),
        ((0, "dry", "demo", -1), "anomalies"),
    ):
        with pytest.raises(ValueError, match=text):
            make_scene(*arguments)
    assert "dry" in SLICES


@settings(max_examples=50, deadline=None)
@given(
    x=st.floats(-40, 140),
    y=st.floats(-80, 80),
    yaw=st.floats(-3, 3),
    bottom=st.floats(0, 3),
    aside=st.floats(0, 4),
)
def test_the_plan_knows_what_is_taken_at_each_height(x, y, yaw, bottom, aside):
    plan = GroundPlan()
    assert plan.free([box((2, 1, 1), Material((1, 1, 1)), pose((x, y, 0.5)))])
    plan.take([box((3, 1, 0.5), Material((1, 1, 1)), pose((x, y, 3.5), yaw=yaw))])  # a wing
    below = [box((1, 1, 1.0), Material((1, 1, 1)), pose((x, y, 0.5)))]
    assert plan.free(below)
    assert not plan.free([box((1, 1, 3.0), Material((1, 1, 1)), pose((x, y, bottom + 1.5)))])
    away = [box((1, 1, 3.0), Material((1, 1, 1)), pose((x + 4.0 + aside, y, 1.5)))]
    assert plan.free(away)
    plan.take(below)
    assert not plan.free(below)
    assert not plan.standable(x, y, 0.5)
