import itertools
import uuid
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.hazard.policy import load_policy
from clipomaly_ros.hazard.polygons import contains, nearest_edge_distance
from clipomaly_ros.hazard.tracker import TrackerSettings, ZoneTracker
from clipomaly_ros.hazard.types import (
    Action,
    Geometry,
    HazardError,
    RegionObservation,
    ScoredName,
    Severity,
    Support,
    ZoneMeasurement,
    ZoneState,
)

POLICY = load_policy(Path(__file__).resolve().parents[2] / "config" / "hazard_policy.yaml")
SECOND = 1_000_000_000


def tracker(**changes):
    numbers = itertools.count(1)
    return ZoneTracker(TrackerSettings(**changes), POLICY, lambda: uuid.UUID(int=next(numbers)))


def seen(x, y, group="tools", name="wrench", number=1, support=Support.FUSED, half=0.1, height=0.1):
    polygon = np.array(
        [[x - half, y - half], [x - half, y + half], [x + half, y + half], [x + half, y - half]]
    )
    sigma = 0.03 if support is Support.FUSED else 0.8
    points = np.array([[x, y, height / 2]] * 6, np.float32) if support is Support.FUSED else np.empty((0, 3))
    geometry = Geometry(
        polygon,
        0.0,
        0.0,
        height,
        np.array([x, y, height / 2]),
        sigma**2 * np.eye(3),
        points.astype(np.float32),
    )
    candidates = (ScoredName(name, 0.7, 2), ScoredName("bolt", 0.2, 2)) if name else ()
    region = RegionObservation(
        number, name, 2 if name else 0, candidates, 0.9, (0, 0, 9, 9), 1, group if name else ""
    )
    return ZoneMeasurement(region, geometry, support)


def watch(some, measurements, start=0, count=3, period=0.1):
    zones = ()
    for step in range(count):
        zones = some.update(measurements, int((start + step * period) * SECOND))
    return zones


def test_a_zone_is_published_at_once_and_confirmed_by_the_third_sighting():
    some = tracker()
    states = [some.update([seen(5, 0)], int(step * 0.1 * SECOND))[0].state for step in range(4)]
    assert states == [ZoneState.TENTATIVE, ZoneState.TENTATIVE, ZoneState.CONFIRMED, ZoneState.CONFIRMED]
    zone = some.zones(int(0.3 * SECOND))[0]
    assert (zone.observation_count, zone.first_seen, zone.last_seen) == (4, 0, int(0.3 * SECOND))
    assert (zone.name, zone.group, zone.source) == ("wrench", "tools", 2)
    assert [candidate.name for candidate in zone.candidates] == ["wrench", "bolt"]
    assert zone.candidates[0].score == pytest.approx(0.7)
    assert 0.9 < zone.existence_probability < 1.0
    assert zone.support is Support.FUSED
    assert zone.point_count == 6
    assert zone.velocity is None


def test_sightings_too_far_apart_do_not_confirm():
    zones = watch(tracker(confirm_window=1.0), [seen(5, 0)], count=5, period=0.9)
    assert zones[0].state is ZoneState.TENTATIVE


def test_lost_debris_becomes_unconfirmed_and_stays_until_cleared():
    some = tracker()
    watch(some, [seen(5, 0)])
    assert some.update([], 4 * SECOND)[0].state is ZoneState.CONFIRMED
    for hour in (1, 24, 24 * 365):
        zone = some.update([], hour * 3600 * SECOND)[0]
        assert zone.state is ZoneState.UNCONFIRMED
        assert nearest_edge_distance(zone.geometry.polygon, [5, 0]) == 0.0
    some.clear(zone.id, "ops", "picked up")
    assert some.update([], 24 * 366 * 3600 * SECOND)[0].state is ZoneState.CLEARED
    assert some.zones(24 * 366 * 3600 * SECOND) == ()
    assert [(entry.decision, entry.operator) for entry in some.audit] == [("clear", "ops")]


def test_an_unconfirmed_zone_seen_again_is_the_same_zone_confirmed():
    some = tracker()
    identifier = watch(some, [seen(5, 0)])[0].id
    some.update([], 600 * SECOND)
    (zone,) = some.update([seen(5.02, 0.01)], 601 * SECOND)
    assert zone.id == identifier
    assert zone.state is ZoneState.CONFIRMED


def test_one_sighting_expires_unconfirmed_and_is_counted_when_it_goes():
    some = tracker(tentative_retention=30.0)
    some.update([seen(5, 0)], 0)
    assert some.update([], 6 * SECOND)[0].state is ZoneState.UNCONFIRMED
    assert len(some.update([], 34 * SECOND)) == 1
    assert some.update([], 40 * SECOND) == ()
    assert some.dropped["tentative expired"] == 1


def test_a_lost_person_becomes_a_growing_dormant_zone_then_unconfirmed():
    some = tracker()
    watch(some, [seen(5, 0, "person", "person", height=1.8)])
    (soon,) = some.update([], 4 * SECOND)
    (later,) = some.update([], 6 * SECOND)
    assert soon.state is later.state is ZoneState.DORMANT
    assert contains(later.geometry.polygon, soon.geometry.polygon).all()
    assert nearest_edge_distance(later.geometry.polygon, [5 + 1.5 * 5.5, 0]) == 0.0
    (last,) = some.update([], 100 * SECOND)
    (much_later,) = some.update([], 10_000 * SECOND)
    assert last.state is much_later.state is ZoneState.UNCONFIRMED
    assert np.ptp(last.geometry.polygon[:, 0]) < 2 * (10 + 0.2) * 1.05, "the growth is bounded"
    assert last.geometry.polygon == pytest.approx(much_later.geometry.polygon)
    (found,) = some.update([seen(6, 0, "person", "person", height=1.8)], 10_001 * SECOND)
    assert found.id == soon.id
    assert found.state is ZoneState.CONFIRMED


def test_a_walking_person_keeps_its_id_and_gets_a_velocity():
    some, zones = tracker(), ()
    for step in range(30):
        zones = some.update([seen(8 + 0.14 * step, -3, "person", "person")], int(step * 0.1 * SECOND))
    (zone,) = zones
    assert zone.velocity == pytest.approx([1.4, 0, 0], abs=0.2)


def test_a_thing_that_lies_still_has_no_velocity_and_its_place_settles():
    generator, some, variances = np.random.default_rng(0), tracker(), []
    for step in range(30):
        x, y = generator.normal([20, 3], 0.3)
        (zone,) = some.update([seen(x, y, support=Support.GROUND_PLANE)], int(step * 0.1 * SECOND))
        variances.append(zone.geometry.covariance[0, 0])
    assert zone.velocity is None
    assert variances == pytest.approx([0.8**2] * 30)  # more of the same makes the eye no better
    assert zone.geometry.centroid[:2] == pytest.approx([20, 3], abs=0.3)
    assert zone.support is Support.GROUND_PLANE


@pytest.mark.parametrize("seed", range(3))
def test_the_published_covariance_holds_with_errors_that_all_sightings_share(seed):
    """Mounting, ground and mask are wrong by the same in every picture of a parked vehicle."""
    generator, squared = np.random.default_rng(seed), []
    for _ in range(60):
        shared, some = generator.normal(0, 0.75, 2), tracker()
        for step in range(20):
            x, y = np.array([20.0, 3.0]) + shared + generator.normal(0, 0.25, 2)
            (zone,) = some.update([seen(x, y, support=Support.GROUND_PLANE)], int(step * 0.1 * SECOND))
        error = zone.geometry.centroid[:2] - [20, 3]
        squared.append(error @ np.linalg.solve(zone.geometry.covariance[:2, :2], error))
    assert 1.0 < np.mean(squared) < 2.8  # 2 in the mean when the covariance is right


def test_a_nearer_view_makes_a_place_surer_and_a_farther_one_no_worse():
    some = tracker()
    for step, support in enumerate([Support.GROUND_PLANE, Support.FUSED, Support.GROUND_PLANE]):
        (zone,) = some.update([seen(20, 3, support=support)], int(step * 0.1 * SECOND))
        sigma = np.sqrt(zone.geometry.covariance[0, 0])
        assert sigma == pytest.approx(0.8 if step == 0 else 0.03, rel=0.2)


def test_a_measured_outline_outlives_an_assumed_one():
    some = tracker()
    watch(some, [seen(10, 0, half=0.2)])
    (zone,) = some.update([seen(10.8, 0, half=1.5, support=Support.GROUND_PLANE)], SECOND)
    assert np.ptp(zone.geometry.polygon[:, 0]) == pytest.approx(0.4)
    assert zone.support is Support.GROUND_PLANE
    assert zone.point_count == len(zone.geometry.points) == 0


places = st.lists(
    st.tuples(st.integers(-6, 6), st.integers(-6, 6), st.sampled_from(["tools", "person", ""])),
    min_size=1,
    max_size=8,
    unique_by=lambda place: place[:2],
)


@settings(max_examples=60, deadline=None)
@given(places, st.randoms(use_true_random=False))
def test_ids_do_not_depend_on_the_order_of_the_measurements(where, random):
    measurements = [
        seen(5.0 * x, 5.0 * y, group, group and "thing", number)
        for number, (x, y, group) in enumerate(where, 1)
    ]
    first, second = tracker(), tracker()
    for step in range(3):
        shuffled = measurements[:]
        random.shuffle(shuffled)
        ordered = first.update(measurements, step * SECOND // 10)
        other = second.update(shuffled, step * SECOND // 10)
        assert [zone.id for zone in ordered] == [zone.id for zone in other]
        assert len(ordered) == len(where)
        for one, two in zip(ordered, other, strict=True):
            assert one.geometry.centroid == pytest.approx(two.geometry.centroid)


ALLOWED = {
    (ZoneState.CONFIRMED, ZoneState.DORMANT),
    (ZoneState.CONFIRMED, ZoneState.UNCONFIRMED),
    (ZoneState.CONFIRMED, ZoneState.CLEARED),
    (ZoneState.DORMANT, ZoneState.CONFIRMED),
    (ZoneState.DORMANT, ZoneState.UNCONFIRMED),
    (ZoneState.DORMANT, ZoneState.CLEARED),
    (ZoneState.UNCONFIRMED, ZoneState.CONFIRMED),
    (ZoneState.UNCONFIRMED, ZoneState.TENTATIVE),
    (ZoneState.UNCONFIRMED, ZoneState.CLEARED),
    (ZoneState.TENTATIVE, ZoneState.CONFIRMED),
    (ZoneState.TENTATIVE, ZoneState.UNCONFIRMED),
    (ZoneState.TENTATIVE, ZoneState.CLEARED),
}
steps = st.lists(
    st.tuples(
        st.floats(0.05, 40),
        st.lists(st.sampled_from(range(5)), unique=True),
        st.sampled_from(["", "", "", "clear", "confirm"]),
    ),
    min_size=3,
    max_size=25,
)
GROUPS = ["tools", "person", "animals", "", "fluids"]


@settings(max_examples=80, deadline=None)
@given(steps)
def test_no_confirmed_zone_vanishes_without_being_cleared(history):
    some, stamp, previous = tracker(), 0, {}
    for wait, present, decision in history:
        stamp += int(wait * SECOND)
        measurements = [seen(8.0 * i, 3, GROUPS[i], GROUPS[i] and "thing", i + 1) for i in present]
        zones = {zone.id: zone for zone in some.update(measurements, stamp)}
        for identifier, zone in previous.items():
            if identifier in zones:
                change = (zone.state, zones[identifier].state)
                assert change[0] == change[1] or change in ALLOWED
                assert zones[identifier].first_seen == zone.first_seen
                assert zones[identifier].observation_count >= zone.observation_count
            else:
                never_confirmed = zone.state in (ZoneState.TENTATIVE, ZoneState.UNCONFIRMED)
                assert zone.state is ZoneState.CLEARED or never_confirmed
        previous = zones
        standing = [zone for zone in zones.values() if zone.state is not ZoneState.CLEARED]
        if decision and standing:
            getattr(some, decision)(standing[0].id)
    for zone in previous.values():
        assert 0 < zone.existence_probability < 1
        assert np.isfinite(zone.geometry.covariance).all()


def test_a_confirmed_zone_is_never_dropped_by_time():
    some = tracker()
    identifier = watch(some, [seen(5, 0)])[0].id
    for year in range(1, 20):
        assert [zone.id for zone in some.update([], year * 365 * 86400 * SECOND)] == [identifier]


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
