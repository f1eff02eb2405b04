"""Matching, operator decisions, bounds and jumps of the tracker."""

import uuid
from dataclasses import replace

import numpy as np
import pytest
from sightings import SECOND, seen, tracker, watch

from clipomaly_ros.hazard.polygons import contains
from clipomaly_ros.hazard.tracker import TrackerSettings
from clipomaly_ros.hazard.types import (
    Action,
    HazardError,
    Severity,
    ZoneState,
)


def test_a_clock_that_jumps_back_starts_anew():
    some = tracker()
    old = watch(some, [seen(5, 0)], start=100)[0].id
    zones = watch(some, [seen(5, 0)], start=0)
    assert [zone.state for zone in zones] == [ZoneState.CONFIRMED]
    assert zones[0].id != old
    assert zones[0].last_seen < 100 * SECOND
    assert some.dropped["clock jumped back"] == 1


def test_a_slightly_late_picture_is_no_jump():
    some = tracker()
    identifier = watch(some, [seen(5, 0)], start=10)[0].id
    (zone,) = some.update([seen(5, 0)], int(10.1 * SECOND))
    assert zone.id == identifier
    assert zone.last_seen == int(10.2 * SECOND)


def test_an_operator_confirms_and_names():
    some = tracker()
    (zone,) = some.update([seen(5, 0, "", "")], 0)
    some.confirm(zone.id, "fox", "animals", operator="ops", reason="on camera 3")
    for stamp in (1, 1000 * SECOND):
        (zone,) = some.update([], stamp)
        assert zone.state is ZoneState.CONFIRMED
        assert (zone.name, zone.source, zone.group) == ("fox", 4, "animals")
    some.clear(zone.id)
    with pytest.raises(HazardError, match="no zone"):
        some.confirm(zone.id)
    with pytest.raises(HazardError, match="no zone"):
        some.clear(uuid.UUID(int=99))


def test_a_cleared_hazard_that_is_still_there_is_a_new_zone():
    some = tracker()
    old = watch(some, [seen(5, 0)])[0].id
    some.clear(old)
    zones = some.update([seen(5, 0)], SECOND)
    assert {zone.state for zone in zones} == {ZoneState.CLEARED, ZoneState.TENTATIVE}
    assert len({zone.id for zone in zones}) == 2


def test_the_bound_keeps_what_matters_and_counts_what_goes():
    some = tracker(max_zones=3)
    kept = watch(some, [seen(5, 0)])[0].id
    (*_, named) = watch(some, [seen(5, 0), seen(15, 0, "fluids", "fuel spill")], start=1)
    some.update([seen(10.0 * i, 40, number=i) for i in range(1, 7)], 2 * SECOND)
    zones = some.zones(2 * SECOND)
    assert len(zones) == 3
    assert {kept, named.id} <= {zone.id for zone in zones}
    assert some.dropped["capacity"] == 5


def test_two_regions_of_one_object_are_one_zone():
    some = tracker()
    watch(some, [seen(5, 0, half=0.4)])
    (zone,) = some.update([seen(5, 0, half=0.4), seen(5.6, 0, number=2, half=0.3)], SECOND)
    assert contains(zone.geometry.polygon, [[4.6, 0], [5.9, 0]], 1e-6).all()


def test_a_cone_in_a_puddle_is_two_zones():
    some = tracker()
    puddle, cone = seen(5, 0, "fluids", "fuel spill", half=2), seen(5.5, 0, "equipment", "cone", 2)
    zones = watch(some, [puddle, cone])
    assert {zone.name for zone in zones} == {"fuel spill", "cone"}


def test_neighbours_within_the_gate_keep_their_own_ids():
    some = tracker(edge_gate=1.0)
    first = {zone.geometry.centroid[0]: zone.id for zone in watch(some, [seen(5, 0), seen(5.6, 0, number=2)])}
    for step in range(10):
        zones = some.update([seen(5.62, 0.02), seen(5.02, 0.01, number=2)], SECOND + step)
        near, far = sorted(zones, key=lambda zone: zone.geometry.centroid[0])
        assert [near.id, far.id] == [first[key] for key in sorted(first)]


def test_severity_follows_the_distance_and_the_nearest_zone_comes_first():
    some = tracker()
    person = seen(20, 0, "person", "person", height=1.8)
    far = some.update([person, seen(40, 0)], 0, [0.0, 0.0])
    assert [zone.name for zone in far] == ["person", "wrench"]
    assert far[0].severity is Severity.MEDIUM
    near = some.zones(0, [19.0, 0.0])
    assert (near[0].severity, near[0].action) == (Severity.CRITICAL, Action.STOP)
    passed = some.zones(0, [41.0, 0.0])
    assert [zone.name for zone in passed] == ["wrench", "person"]


def test_the_name_with_most_votes_wins_and_a_single_slip_does_not():
    some = tracker()
    for step, name in enumerate(["wrench", "wrench", "bolt", "wrench"]):
        (zone,) = some.update([seen(5, 0, name=name)], step * SECOND // 10)
    assert zone.name == "wrench"


def test_measurements_that_cannot_be_are_refused_whole():
    some, bad = tracker(), seen(5, 0)
    bad = replace(bad, geometry=replace(bad.geometry, centroid=np.array([np.nan, 0, 0])))
    with pytest.raises(HazardError, match="finite"):
        some.update([seen(9, 9), bad], 0)
    assert some.zones(0) == ()


@pytest.mark.parametrize(
    "changes",
    [{"confirm_count": 0}, {"max_zones": 0}, {"max_zones": 5000}, {"gate": float("nan")}, {"edge_gate": -1}],
)
def test_settings_that_make_no_sense_are_refused(changes):
    with pytest.raises(HazardError):
        TrackerSettings(**changes)
