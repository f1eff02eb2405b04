"""Scores of hand-made zones around hand-made objects."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipomaly_ros.evaluation.chain_figures import false_alarms, figures, missed_limits, missed_objects
from clipomaly_ros.evaluation.chain_metrics import (
    BagScore,
    ChainRules,
    corners,
    footprint_distance,
    footprint_iou,
    score_bag,
)
from clipomaly_ros.evaluation.chain_run import PublishedFrame, PublishedZone
from clipomaly_ros.hazard.types import ZoneState
from clipomaly_ros.simulation.scenario_file import ScenarioObject
from clipomaly_ros.simulation.scene_types import OrientedBox

RULES = ChainRules(least_frames=3)
PERIOD = 100_000_000  # [ns]


def thing(number, x, y=0.0, size=(0.6, 0.5, 0.4), yaw=0.3, name="suitcase", group="baggage"):
    box = OrientedBox(np.array([x, y, size[2] / 2]), np.array(size), yaw)
    return ScenarioObject(number, name, group, box)


def zone_at(item, identifier=None, state=ZoneState.CONFIRMED, shift=(0.0, 0.0), rise=0.0):
    box = item.box
    polygon = corners(box) + np.asarray(shift)
    centre = np.add(box.centre, (*shift, 0.0))
    low, high = box.centre[2] - box.size[2] / 2, box.centre[2] + box.size[2] / 2
    name = item.name
    return PublishedZone(
        identifier or f"zone {item.number}", int(state), polygon, centre, low, high + rise, name, (name,)
    )


def frame(number, zones, vehicle=(0.0, 0.0)):
    return PublishedFrame(number * PERIOD, np.asarray(vehicle, float), tuple(zones))


def score(frames, objects, known=(), pixels=400, rules=RULES) -> BagScore:
    visible = {item.stamp: {thing.number: pixels for thing in objects} for item in frames}
    return score_bag("bag", "dry", frames, objects, known, visible, rules)


OBJECTS = (thing(1, 8.0), thing(2, 15.0, 4.0, (0.2, 0.1, 0.15)), thing(3, 27.0, -5.0, (2.0, 1.0, 1.5)))


def test_perfect_zones_give_perfect_figures():
    found = figures([score([frame(k, map(zone_at, OBJECTS)) for k in range(6)], OBJECTS)], RULES)
    assert found["recall"] == found["recall_30cm_30m"] == found["recall_10cm_20m"] == 1.0
    assert found["precision"] == found["precision_of_frames"] == 1.0
    assert (found["judged"], found["judged_30cm_30m"], found["judged_10cm_20m"]) == (3, 2, 1)
    assert found["centre_error_p95"] == pytest.approx(0, abs=1e-9)
    assert found["iou_median"] == pytest.approx(1, abs=1e-3)
    assert found["top_error_median"] == found["bottom_error_median"] == 0
    assert found["id_switches"] == found["false_clears"] == found["frames_uncovered"] == 0
    assert found["naming_top1"] == found["naming_top5"] == 1.0
    assert missed_limits(found, None) == []


def test_no_zones_give_no_recall_and_no_precision():
    scored = score([frame(k, ()) for k in range(6)], OBJECTS)
    found = figures([scored], RULES)
    assert found["recall"] == found["recall_30cm_30m"] == 0.0
    assert found["precision"] is None
    assert found["centre_error_median"] is None
    assert [item.number for item in missed_objects([scored], RULES)] == [3, 1, 2]
    assert any("recall_30cm_30m" in line for line in missed_limits(found, None))


@given(st.floats(0.0, 0.45), st.floats(-np.pi, np.pi))
def test_a_shifted_zone_has_the_shift_as_centre_error(length, angle):
    shift = (length * np.cos(angle), length * np.sin(angle))
    frames = [frame(k, [zone_at(OBJECTS[0], shift=shift, rise=0.07)]) for k in range(4)]
    found = figures([score(frames, OBJECTS[:1])], RULES)
    assert found["recall"] == 1.0
    assert found["centre_error_median"] == pytest.approx(length, abs=1e-6)
    assert found["top_error_median"] == pytest.approx(0.07)


def test_a_zone_far_from_its_object_is_no_match():
    frames = [frame(k, [zone_at(OBJECTS[0], shift=(0.0, 1.5))]) for k in range(4)]
    found = figures([score(frames, OBJECTS[:1])], RULES)
    assert found["recall"] == 0.0
    assert found["precision"] == 0.0
    assert found["zones_at_nothing"] == 1


def test_a_tentative_zone_is_not_yet_found():
    states = [ZoneState.TENTATIVE] * 2 + [ZoneState.CONFIRMED] * 4
    frames = [frame(k, [zone_at(OBJECTS[0], state=state)]) for k, state in enumerate(states)]
    found = figures([score(frames, OBJECTS[:1])], RULES)
    assert found["frames_to_confirm_median"] == 2
    assert found["seconds_to_confirm_median"] == pytest.approx(0.2)
    only_tentative = score(frames[:2] * 2, OBJECTS[:1])
    assert figures([only_tentative], RULES)["recall"] == 0.0


def test_a_new_id_is_counted_once():
    ids = ["a", "a", "b", "b", "b", "b"]
    frames = [frame(k, [zone_at(OBJECTS[0], name)]) for k, name in enumerate(ids)]
    found = figures([score(frames, OBJECTS[:1])], RULES)
    assert found["id_switches"] == 1
    assert found["zones_at_anomalies"] == 2
    assert found["false_clears"] == 0


def test_a_second_zone_at_an_object_is_no_switch_and_no_false_one():
    ids = [("a",), ("a", "b"), ("b", "a"), ("a", "b")]
    frames = [frame(k, [zone_at(OBJECTS[0], name) for name in names]) for k, names in enumerate(ids)]
    found = figures([score(frames, OBJECTS[:1])], RULES)
    assert found["id_switches"] == 0
    assert found["precision"] == 1.0


@pytest.mark.parametrize("cleared", [True, False])
def test_a_confirmed_zone_that_goes_is_a_false_clear_counted_once(cleared):
    last = [zone_at(OBJECTS[0], state=ZoneState.CLEARED)] if cleared else []
    frames = [frame(k, [zone_at(OBJECTS[0])]) for k in range(4)]
    frames += [frame(4, last), frame(5, []), frame(6, [])]
    found = figures([score(frames, OBJECTS[:1])], RULES)
    assert found["false_clears"] == 1
    assert found["frames_uncovered"] == 3
    assert any("false_clears" in line for line in missed_limits(found, None))


def test_a_zone_that_waits_for_review_is_not_cleared():
    frames = [frame(k, [zone_at(OBJECTS[0])]) for k in range(4)]
    frames += [frame(k, [zone_at(OBJECTS[0], state=ZoneState.UNCONFIRMED)]) for k in range(4, 8)]
    assert figures([score(frames, OBJECTS[:1])], RULES)["false_clears"] == 0


@pytest.mark.parametrize("reason", ["hidden", "far", "covered"])
def test_a_zone_may_go_when_nothing_is_lost(reason):
    item = OBJECTS[0]
    gone = [zone_at(item, "other", ZoneState.TENTATIVE)] if reason == "covered" else []
    vehicle = (-40.0, 0.0) if reason == "far" else (0.0, 0.0)
    frames = [frame(k, [zone_at(item)]) for k in range(4)] + [frame(k, gone, vehicle) for k in range(4, 7)]
    visible = {
        found.stamp: {1: 0 if reason == "hidden" and found.stamp >= 4 * PERIOD else 400} for found in frames
    }
    scored = score_bag("bag", "dry", frames, (item,), (), visible, RULES)
    assert figures([scored], RULES)["false_clears"] == 0


def test_zones_of_known_things_are_told_apart():
    person = thing(0, 12.0, -6.0, (0.5, 0.5, 1.8), name="person", group="person")
    truck = thing(0, 20.0, 8.0, (6.0, 2.5, 3.0), name="fuel truck", group="vehicle")
    nothing = thing(0, 5.0, 5.0)
    zones = [zone_at(OBJECTS[0], "a"), zone_at(person, "b"), zone_at(truck, "c"), zone_at(nothing, "d")]
    scored = score([frame(k, zones) for k in range(4)], OBJECTS[:1], (person, truck))
    found = figures([scored], RULES)
    assert found["precision"] == 0.5
    assert (found["zones_at_reported_classes"], found["zones_at_other_known"]) == (1, 1)
    assert found["zones_at_nothing"] == 1
    alarms = false_alarms([score([frame(k, zones[1:]) for k in range(4)], (), (person, truck))])
    assert alarms["false_zones"] == 2
    assert alarms["false_alarms_per_1000_frames"] == 500.0


def test_what_is_hardly_visible_is_not_judged():
    frames = [frame(k, ()) for k in range(6)]
    assert figures([score(frames, OBJECTS, pixels=RULES.visible_pixels - 1)], RULES)["judged"] == 0
    assert figures([score(frames[:2], OBJECTS)], RULES)["judged"] == 0


def test_names_of_held_out_groups_count_apart():
    tool = thing(4, 10.0, 3.0, name="wrench", group="tools")
    wrong = replace(zone_at(tool), name="bolt", names=("bolt", "wrench"))
    frames = [frame(k, [zone_at(OBJECTS[0]), wrong]) for k in range(4)]
    found = figures([score(frames, (OBJECTS[0], tool))], RULES)
    assert found["naming_top1"] == 1.0
    assert found["naming_held_out_top1"] == 0.0
    assert found["naming_held_out_top5"] == 1.0


@given(st.floats(-3, 3), st.floats(0.1, 3), st.floats(0.1, 3), st.floats(-1, 1), st.floats(-1, 1))
def test_overlap_is_symmetric_and_at_most_one(yaw, length, width, dx, dy):
    one = corners(OrientedBox(np.array([1e4, -1e4, 0.0]), np.array([length, width, 1.0]), yaw))
    other = corners(OrientedBox(np.array([1e4 + dx, dy - 1e4, 0.0]), np.array([1.0, 0.7, 1.0]), 0.4))
    iou = footprint_iou(one, other)
    assert 0.0 <= iou <= 1.0
    assert iou == pytest.approx(footprint_iou(other, one), abs=2e-3)
    assert footprint_iou(one, one) == pytest.approx(1.0, abs=2e-3)


def test_distance_from_a_turned_footprint():
    box = OrientedBox(np.array([2.0, 1.0, 0.5]), np.array([4.0, 2.0, 1.0]), np.pi / 2)
    points = np.array([[2.0, 1.0], [3.0, 3.0], [4.0, 1.0], [2.0, 3.5]])
    assert footprint_distance(box, points) == pytest.approx([0.0, 0.0, 1.0, 0.5])
