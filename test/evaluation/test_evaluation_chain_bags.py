"""Small simulated bags through the chain, with true masks and from the command line."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.evaluation.chain_bag import ChainBag
from clipomaly_ros.evaluation.chain_figures import figures
from clipomaly_ros.evaluation.chain_metrics import ChainRules, score_bag
from clipomaly_ros.evaluation.chain_run import Perturbation, play, segment_bag
from clipomaly_ros.evaluation.chain_settings import fusion_parameters, shipped_parameters
from clipomaly_ros.hazard.fuser import FusionSettings
from clipomaly_ros.hazard.tracker import TrackerSettings
from clipomaly_ros.nodes.fusion_settings import settings_from
from clipomaly_ros.nodes.parameters import ParameterError
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.simulation.bag_writer import write_bag
from clipomaly_ros.simulation.camera_models import CAMERAS
from clipomaly_ros.simulation.drive import Drive, DriveSettings
from clipomaly_ros.simulation.lidar_models import LIDARS
from clipomaly_ros.simulation.scenario_file import SCENARIO, read_scenario
from clipomaly_ros.simulation.scene import make_scene

FRAMES = 8
RULES = ChainRules(least_frames=3)


@pytest.fixture(scope="module")
def bag_folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("bags") / "drive"
    scene = make_scene(3, "dry", "test", 6)
    settings = DriveSettings(camera=CAMERAS["vga"], lidar=LIDARS["128"])
    write_bag(path, Drive(3, scene, settings), FRAMES)
    return path


@pytest.fixture(scope="module")
def parameters():
    return fusion_parameters(shipped_parameters())


@pytest.fixture(scope="module")
def opened(bag_folder):
    with ChainBag(bag_folder) as bag:
        yield bag, segment_bag(bag, None)


def scored(opened, parameters, perturbation=None):
    bag, segmented = opened
    played = play(bag, segmented, parameters, perturbation)
    found = score_bag(bag.name, bag.condition, played.frames, bag.objects, bag.known, bag.visible, RULES)
    return played, figures([found], RULES)


def test_the_shipped_parameters_are_the_defaults(parameters):
    assert settings_from(FusionSettings, parameters, "fusion") == FusionSettings()
    assert settings_from(TrackerSettings, parameters, "tracker") == TrackerSettings()


def test_a_wrong_parameter_is_named(tmp_path):
    path = tmp_path / "wrong.yaml"
    path.write_text("/**/hazard_fusion:\n  ros__parameters: {slop: -1.0, slob: 2}\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=r"slob.*slop"):
        fusion_parameters(path)


def test_the_scenario_says_what_the_scene_holds(bag_folder):
    scenario = read_scenario(bag_folder)
    scene = make_scene(3, "dry", "test", 6)
    assert (scenario.split, scenario.scene, scenario.condition) == ("test", 3, "dry")
    assert [item.name for item in scenario.objects] == [item.name for item in scene.objects]
    assert [item.anomalous for item in scenario.objects] == [item.anomalous for item in scene.objects]
    for item, original in zip(scenario.objects, scene.objects, strict=True):
        assert item.box.centre == pytest.approx(original.box.centre, abs=1e-3)
    assert sorted(item.number for item in scenario.objects if item.anomalous) == list(range(1, 7))


def test_a_broken_scenario_is_refused(bag_folder, tmp_path):
    (tmp_path / SCENARIO).write_text('{"format": 1, "split": "test"}', encoding="utf-8")
    with pytest.raises(BagError, match="scene"):
        read_scenario(tmp_path)
    whole = json.loads((bag_folder / SCENARIO).read_text(encoding="utf-8"))
    for key in ("scene", "frames"):
        (tmp_path / SCENARIO).write_text(json.dumps({**whole, key: float("inf")}), encoding="utf-8")
        with pytest.raises(BagError, match="not the scenario"):
            read_scenario(tmp_path)
    assert read_scenario(tmp_path / "elsewhere") is None


def test_markers_stand_in_for_a_missing_scenario(bag_folder, tmp_path, opened):
    copy = tmp_path / "drive"
    shutil.copytree(bag_folder, copy)
    (copy / SCENARIO).unlink()
    with ChainBag(copy) as bag:
        assert bag.known is None
        found = {item.number: item for item in bag.objects}
    for item in opened[0].objects:
        assert found[item.number].name == item.name
        assert found[item.number].box.centre == pytest.approx(item.box.centre, abs=1e-3)


def test_true_masks_give_sound_zones(opened, parameters):
    played, found = scored(opened, parameters)
    assert len(played.frames) == FRAMES
    assert not played.lost
    assert found["judged"] >= 2
    assert found["recall"] == 1.0
    assert found["precision"] == 1.0
    assert found["centre_error_median"] < 0.5
    assert found["false_clears"] == 0


def test_equal_input_gives_equal_zones(opened, parameters):
    first, second = (play(*opened, parameters) for _ in range(2))
    for one, other in zip(first.frames, second.frames, strict=True):
        assert len(one.zones) == len(other.zones)
        for a, b in zip(one.zones, other.zones, strict=True):
            assert np.array_equal(a.polygon, b.polygon)
            assert a.state == b.state


def test_an_error_of_calibration_moves_the_zones(opened, parameters):
    _, nominal = scored(opened, parameters)
    _, turned = scored(opened, parameters, Perturbation(rotation=(0.0, 0.0, np.deg2rad(1.5))))
    assert turned["centre_error_median"] > nominal["centre_error_median"]


def test_a_time_shift_moves_what_rests_on_returns(opened, parameters):
    """The vehicle drives 2.2 m/s: a cloud stamped 0.04 s late stands 0.088 m too far ahead."""
    bag, segmented = opened
    # one picture each, so that no filter and no choice of the cloud stands between
    shifted = play(bag, segmented, parameters, Perturbation(time_shift=0.03)).frames[0].zones
    nominal = play(bag, segmented, parameters).frames[0].zones
    assert len(shifted) == len(nominal)
    moved = [
        min(np.linalg.norm(a.centre[:2] - b.centre[:2]) for b in nominal if b.support == a.support)
        for a in shifted
        if a.support == 3 and any(b.support == 3 for b in nominal)
    ]
    assert moved
    assert np.median(moved) == pytest.approx(0.066, abs=0.06)


def test_a_shift_beyond_the_slop_takes_another_cloud(opened, parameters):
    """100 ms are a whole period: all pictures but the first meet the cloud of the one before."""
    played, _ = scored(opened, parameters, Perturbation(time_shift=0.1))
    assert len(played.frames) == FRAMES - 1
    assert played.lost["pictures without a cloud"] == 1
    narrow = replace_parameter(parameters, "slop", 0.001)
    assert not play(*opened, narrow).frames


def replace_parameter(parameters, name, value):
    changed = type(parameters)(**vars(parameters))
    setattr(changed, name, value)
    return changed


def test_rules_with_a_wide_gate_accept_more(opened, parameters):
    bag, segmented = opened
    played = play(bag, segmented, parameters, Perturbation(translation=(0.0, 1.0, 0.0)))
    recalls = []
    for gate in (0.1, 3.0):
        rules = replace(RULES, gate=gate)
        found = score_bag("b", "dry", played.frames, bag.objects, bag.known, bag.visible, rules)
        recalls.append(figures([found], rules)["recall"])
    assert recalls[0] <= recalls[1] == 1.0


def test_the_command_prints_and_writes_the_figures(bag_folder, tmp_path, capsys):
    out, file = tmp_path / "out", tmp_path / "figures.json"
    arguments = ["evaluate", "chain", "--perfect-masks", "--bags", str(bag_folder.parent), "--extrinsics"]
    main([*arguments, "--json", str(file), "--out", str(out)])
    printed = capsys.readouterr().out
    assert "precision" in printed
    assert "yaw [deg]" in printed
    content = json.loads(file.read_text(encoding="utf-8"))
    assert content == json.loads((out / "chain.json").read_text(encoding="utf-8"))
    assert content["figures"]["recall"] == content["yaw_errors"][0]["recall"]
    assert len(content["yaw_errors"]) == 5
    assert "## Figures" in (out / "chain.md").read_text(encoding="utf-8")
    assert (out / "chain_detection.png").stat().st_size > 1000


def test_a_bag_with_anomalies_is_no_campaign_without(bag_folder, capsys):
    assert main(["evaluate", "chain", "--perfect-masks", "--nofod", str(bag_folder)]) == 2
    assert "expected one without anomalies, found 6" in capsys.readouterr().err


def test_the_command_names_what_is_no_bag(tmp_path, capsys):
    assert main(["evaluate", "chain", "--perfect-masks", "--bags", str(tmp_path / "none")]) != 0
    assert "no such file" in capsys.readouterr().err
