"""The node's tables: complete, described, and of one mind with the hazard path's settings."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from clipomaly_ros.hazard.fuser import FusionSettings
from clipomaly_ros.hazard.tracker import TrackerSettings
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.nodes.fusion_interface import FUSION_PARAMETERS, FUSION_TOPICS
from clipomaly_ros.nodes.fusion_settings import settings_from
from clipomaly_ros.nodes.segmenter_interface import SEGMENTER_TOPICS


def fields_of(settings, prefix: str) -> dict[str, object]:
    """Return every setting by its dotted name."""
    found = {}
    for field in dataclasses.fields(settings):
        value, name = getattr(settings, field.name), f"{prefix}.{field.name}"
        found.update(fields_of(value, name) if dataclasses.is_dataclass(value) else {name: value})
    return found


SETTINGS = {**fields_of(FusionSettings(), "fusion"), **fields_of(TrackerSettings(), "tracker")}


def values(**changes) -> SimpleNamespace:
    table = {row.attribute: row.default for row in FUSION_PARAMETERS}
    return SimpleNamespace(**{**table, **changes})


def test_the_example_for_two_cameras_names_parameters_and_allowed_values():
    path = Path(__file__).resolve().parents[2] / "config" / "two_cameras.yaml"
    (chosen,) = [node["ros__parameters"] for node in yaml.safe_load(path.read_text()).values()]
    rows = {row.name: row for row in FUSION_PARAMETERS}
    assert {name: rows[name].problem(value) for name, value in chosen.items()} == dict.fromkeys(chosen)
    assert len(chosen["cameras"]) == len(chosen["lidars"]) == 2


def test_every_setting_of_the_hazard_path_is_a_parameter_with_its_default():
    parameters = {row.name: row.default for row in FUSION_PARAMETERS}
    settings = {name: value for name, value in parameters.items() if name.startswith(("fusion.", "tracker."))}
    assert settings == SETTINGS
    assert all(type(parameters[name]) is type(value) for name, value in SETTINGS.items())


@pytest.mark.parametrize("row", FUSION_PARAMETERS, ids=lambda row: row.name)
def test_every_parameter_is_described_and_its_default_allowed(row):
    assert row.text.endswith(".")
    assert row.problem(row.default) is None
    if isinstance(row.default, (int, float)) and not isinstance(row.default, bool):
        assert row.minimum is not None
        assert row.maximum is not None


def test_names_are_unique():
    names = [row.name for row in FUSION_PARAMETERS]
    assert len(set(names)) == len(names)


def test_values_reach_the_setting_of_their_name():
    settings = settings_from(FusionSettings, values(fusion_ground_cell=0.75), "fusion")
    assert settings.ground.cell == 0.75
    assert settings_from(FusionSettings, values(), "fusion") == FusionSettings()
    assert settings_from(TrackerSettings, values(), "tracker") == TrackerSettings()
    with pytest.raises(HazardError):
        settings_from(TrackerSettings, values(tracker_confirm_count=0), "tracker")


@pytest.mark.parametrize("topic", FUSION_TOPICS, ids=lambda topic: topic.name)
def test_every_topic_has_a_type_that_exists(topic):
    assert topic.load_type().__name__ == topic.type.rsplit("/", 1)[1]


def test_every_name_is_relative_but_those_that_ros_shares():
    shared = {"/tf", "/tf_static", "/diagnostics"}
    names = {topic.name for topic in (*FUSION_TOPICS, *SEGMENTER_TOPICS)}
    assert {name for name in names if name.startswith("/")} <= shared
