"""The life cycle of zones: from the first sighting to what is left when nothing is seen any more."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sightings import SECOND, seen, tracker, watch

from clipomaly_ros.hazard.polygons import contains, nearest_edge_distance
from clipomaly_ros.hazard.types import (
    Support,
    ZoneState,
)


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
