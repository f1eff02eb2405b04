"""`clipomaly bench fusion`: its scene, its two ways, and its figures; never how fast."""

import json

import numpy as np
import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.evaluation.bench_fusion import agreement_of, fuse, parse
from clipomaly_ros.evaluation.bench_fusion_numpy import fuse_naively
from clipomaly_ros.evaluation.bench_fusion_scene import make_input
from clipomaly_ros.hazard.fuser import FusionSettings, RegionFuser
from clipomaly_ros.hazard.types import Support


def test_the_scene_is_as_large_as_asked_for_and_the_same_again():
    one, again = make_input(3000, 12, 5), make_input(3000, 12, 5)
    assert one.data == again.data != make_input(3000, 12, 6).data
    assert (one.region_image == again.region_image).all()
    cloud = parse(one)
    assert len(cloud.xyz) == 3000
    assert (cloud.non_finite, cloud.zero) == (0, 0)
    assert set(np.unique(one.region_image)) == {0, *(region.id for region in one.regions)}
    for region in one.regions:
        x, y, width, height = region.box
        assert (one.region_image[y : y + height, x : x + width] == region.id).sum() == (
            one.region_image == region.id
        ).sum()


def test_both_ways_give_regions_the_same_points_and_stains_lie_on_the_ground():
    made = make_input(60_000, 12)
    cloud = parse(made)
    result = fuse(RegionFuser(), made, cloud)
    support = {measurement.region.id: measurement.support for measurement in result.measurements}
    stains = [region.id for region in made.regions if region.state == 2]
    assert stains
    assert all(support[number] is Support.GROUND_PLANE for number in stains)
    own = {
        measurement.region.id: measurement.geometry.points
        for measurement in result.measurements
        if measurement.support is Support.FUSED
    }
    assert len(own) >= 8
    plain = {
        number: made.fixed_from_cloud.apply(cloud.xyz[index].astype(float))
        for number, index in fuse_naively(made, FusionSettings()).items()
    }
    assert agreement_of(own, plain) > 0.98


def test_agreement_is_the_share_of_common_points():
    points = np.arange(30.0).reshape(10, 3)
    assert agreement_of({1: points}, {1: points[::-1] + 0.001}) == 1.0
    assert agreement_of({1: points, 2: points}, {1: points, 2: points[:5]}) == pytest.approx(0.75)
    assert agreement_of({1: points}, {1: points + 0.1}) == 0.0
    assert agreement_of({1: points}, {2: points}) == 0.0
    assert agreement_of({}, {}) == 1.0


def test_the_command_prints_the_figures_and_writes_them(tmp_path, capsys):
    file = tmp_path / "fusion.json"
    arguments = ["--points", "20000", "--regions", "4", "8", "--frames", "2", "--naive-frames", "1"]
    assert main(["bench", "fusion", *arguments, "--json", str(file)]) == 0
    printed = capsys.readouterr().out
    assert "20000 points, 8 regions" in printed
    assert "the same points" in printed
    cases = json.loads(file.read_text())["cases"]
    assert [(case["points"], case["regions"]) for case in cases] == [(20000, 4), (20000, 8)]
    for case in cases:
        assert list(case["stages"]) == ["parse", "ground", "project", "place"]
        assert case["callbacks"] == 2
        assert all(stage["median"] > 0 for stage in case["stages"].values())
        assert case["agreement"] >= 0.98


def test_sizes_that_make_no_sense_are_refused(capsys):
    assert main(["bench", "fusion", "--points", "9000000"]) == 2
    assert "8000000 points" in capsys.readouterr().err
    with pytest.raises(SystemExit):
        main(["bench", "fusion", "--regions", "0"])
