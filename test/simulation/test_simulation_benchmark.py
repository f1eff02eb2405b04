"""The benchmark's plan, and a tiny one written, continued and repeated."""

from __future__ import annotations

import json

import pytest

from clipomaly_ros.simulation.benchmark import (
    FIRST_BAG_SCENE,
    MANIFEST,
    BagPlan,
    BenchmarkPlan,
    benchmark_plan,
    write_benchmark,
)
from clipomaly_ros.simulation.conditions import SLICES
from clipomaly_ros.simulation.sources import simulator_hash


def test_the_whole_plan():
    plan = benchmark_plan()
    assert {name: item.count for name, item in plan.pictures.items()} == {
        "train": 1000,
        "train_drives": 900,
        "train_scenes": 1800,
        "validation": 120,
        "test": 320,
        "nofod": 400,
    }
    assert plan.pictures["train"].window is not None
    windows, drives = (set(plan.pictures[name].scenes) for name in ("train", "train_drives"))
    assert plan.pictures["train_drives"].split == "train"
    assert not windows & drives, "the same scene twice teaches less than another one"
    for bags, frames in (("test_bags", 60), ("nofod_bags", 30)):
        assert plan.bags[bags].frames == frames
        assert [condition for _, condition, _ in plan.bags[bags].names()] == list(SLICES)
    for settings in plan.pictures.values():
        if settings.split not in {bags.split for bags in plan.bags.values()}:
            continue
        assert settings.scenes.stop <= FIRST_BAG_SCENE, "a bag would show a scene of the pictures"


def test_parts_of_the_plan():
    plan = benchmark_plan(quick=True, parts=("test", "nofod_bags"))
    assert list(plan.pictures) == ["test"]
    assert list(plan.bags) == ["nofod_bags"]
    with pytest.raises(ValueError, match="parts"):
        benchmark_plan(parts=("everything",))


def test_bags_are_written_kept_and_mended(tmp_path):
    plan = BenchmarkPlan({}, {"nofod_bags": BagPlan("nofod", 2, 0, "vga", "32", ("dry", "night"))})
    first = write_benchmark(tmp_path / "one", plan)
    assert first == json.loads((tmp_path / "one" / MANIFEST).read_text(encoding="utf-8"))
    bag = tmp_path / "one" / "nofod_bags" / "nofod_night" / "nofod_night.mcap"
    kept = tmp_path / "one" / "nofod_bags" / "nofod_dry" / "nofod_dry.mcap"
    before = kept.stat().st_mtime_ns
    whole = bag.read_bytes()
    bag.write_bytes(whole[:-100])  # as if the disk had been full
    done = []
    assert write_benchmark(tmp_path / "one", plan, progress=done.append) == first
    assert bag.read_bytes() == whole
    assert kept.stat().st_mtime_ns == before
    assert sum(done) == plan.steps
    other = BenchmarkPlan({}, {"nofod_bags": BagPlan("nofod", 3, 0, "vga", "32", ("dry", "night"))})
    with pytest.raises(ValueError, match="other settings"):
        write_benchmark(tmp_path / "one", other)
    entry = first["bags"]["nofod_bags"]
    assert entry["simulator"] == simulator_hash()
    begun = {**first, "bags": {"nofod_bags": {**entry, "simulator": "0" * 64}}}
    (tmp_path / "one" / MANIFEST).write_text(json.dumps(begun), encoding="utf-8")
    with pytest.raises(ValueError, match="begun by another simulator, 000000000000"):
        write_benchmark(tmp_path / "one", plan)


@pytest.mark.parametrize(
    "content", ["", "[]", '{"format": 1}', '{"format": 1, "pictures": {"test": 3}, "bags": {}}']
)
def test_a_damaged_manifest_is_refused(tmp_path, content):
    (tmp_path / MANIFEST).write_text(content, encoding="utf-8")
    with pytest.raises(ValueError, match="expected the manifest"):
        write_benchmark(tmp_path, BenchmarkPlan({}, {}))
