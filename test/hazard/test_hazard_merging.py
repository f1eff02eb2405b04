"""One thing, one zone: sightings of one instant, several cameras, tracks on one place."""

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation
from sightings import SECOND, moved, seen, tracker, watch

from clipomaly_ros.hazard.polygons import contains
from clipomaly_ros.hazard.types import Support, ZoneState

PALLET = ("loose_equipment", "pallet")


def pallet(x, half, number=1, support=Support.FUSED):
    return seen(x, 0, *PALLET, number, support, half)


def covered(zones, place):
    return any(contains(zone.geometry.polygon, [place], 1e-6)[0] for zone in zones)


def test_a_pallet_whose_ends_were_two_zones_becomes_one_in_the_open():
    some = tracker()
    old, young = sorted(zone.id for zone in watch(some, [pallet(5, 0.3), pallet(7, 0.3, 2)]))
    history = []
    for step in range(30):
        history.append(some.update([pallet(6, 1.3)], SECOND + step * SECOND // 10))
        assert covered(history[-1], [5, 0])
        assert covered(history[-1], [7, 0])
    states = [{zone.id: zone.state for zone in zones} for zones in history]
    (last,) = (step for step, zones in enumerate(states) if zones.get(young) is ZoneState.CLEARED)
    assert all(zones[young] is ZoneState.CONFIRMED for zones in states[:last])
    assert all(young not in zones for zones in states[last + 1 :])
    assert all(zones[old] is ZoneState.CONFIRMED for zones in states)
    assert history[-1][0].observation_count == 3 + 3 + 30
    assert history[-1][0].first_seen == 0
    assert [(entry.zone, entry.decision) for entry in some.audit] == [(young, "merge")]
    assert str(old) in some.audit[0].reason
    assert some.dropped["merged"] == 1


def test_two_sightings_of_one_thing_in_one_picture_are_one_zone_from_the_first():
    some = tracker()
    (zone,) = some.update([pallet(5, 0.6), pallet(5.4, 0.5, 2)], 0)
    assert covered([zone], [4.5, 0])
    assert covered([zone], [5.8, 0])
    assert zone.point_count == 12


@pytest.mark.parametrize(
    ("second", "number"),
    [
        (seen(5.2, 0, "tools", "ladder", 2, half=0.5), 2),  # another name
        (seen(5.2, 0, "", "", 2, half=0.5), 1),  # no name
        (pallet(5.9, 0.5, 2), 2),  # hardly any overlap
        (pallet(5.2, 0.5, 2, Support.GROUND_PLANE), 2),  # too coarse to tell
    ],
)
def test_only_what_must_be_one_thing_is_joined(second, number):
    assert len(tracker(merge_distance=0.0).update([pallet(5, 0.5), second], 0)) == number


def test_things_seen_side_by_side_in_one_picture_stay_two():
    some = tracker()
    pair = [pallet(5, 0.5, 1, Support.GROUND_PLANE), pallet(5.4, 0.5, 2, Support.GROUND_PLANE)]
    zones = watch(some, pair, count=40)
    assert {zone.state for zone in zones} == {ZoneState.CONFIRMED}
    assert len(zones) == 2


@pytest.mark.parametrize("hose_first", [True, False])
def test_a_chock_in_the_bend_of_a_hose_does_not_clear_the_hose(hose_first):
    some = tracker()
    hose = seen(8, 0, "loose_equipment", "hose", 1, half=2.0)
    chock = seen(9, 1, "loose_equipment", "stray chock", 2, half=0.1)
    watch(some, [hose, chock] if hose_first else [chock])
    watch(some, [hose, chock], start=1)
    zones = watch(some, [chock], start=2, count=30)  # the hose is out of the picture
    assert {zone.name for zone in zones} == {"hose", "stray chock"}
    assert covered(zones, [6.1, -1.9])
    assert not some.audit


@pytest.mark.parametrize("side", [1, -1])
def test_a_part_that_overlaps_two_zones_is_of_the_nearer_one(side):
    far, near, part = seen(0, 0, half=0.5), seen(side * 1.2, 0, half=0.5), seen(side * 0.7, 0.5, half=0.25)
    some = tracker()
    watch(some, [far, near])
    zones = some.update([far, near, part], SECOND)
    heights = {round(abs(zone.geometry.centroid[0]), 3): zone.geometry.polygon[:, 1].max() for zone in zones}
    assert heights == {0.0: 0.5, 1.2: 0.75}


def test_one_person_does_not_take_the_place_of_another():
    some = tracker()
    first, second = (seen(x, 0, "person", "person", half=0.25) for x in (5, 9))
    both = watch(some, [first, second])
    for step in range(20):  # the second hides, and the first walks to where it was
        zones = some.update(
            [seen(5 + 4 * min(step, 5) / 5, 0, "person", "person", half=0.25)], SECOND + step * SECOND // 5
        )
    assert {zone.id for zone in zones} == {zone.id for zone in both}
    assert {zone.state for zone in zones} == {ZoneState.CONFIRMED, ZoneState.DORMANT}


def test_what_nobody_looks_at_any_more_does_not_merge():
    some = tracker()
    watch(some, [pallet(5, 0.3), pallet(7, 0.3, 2)])
    watch(some, [pallet(6, 1.3)], start=1, count=5)
    for year in (1, 2, 50):
        assert len(some.update([], year * 365 * 86400 * SECOND)) == 2
    assert not some.audit


def test_one_person_under_two_ids_becomes_one():
    some = tracker()
    watch(some, [seen(x, 0, "person", "person", number, half=0.3) for number, x in ((1, 5.0), (2, 6.0))])
    (old, _) = sorted(zone.id for zone in some.zones(0))
    ends = [seen(5.3 + 0.4 * (step % 2), 0, "person", "person", half=0.6) for step in range(30)]
    for step, end in enumerate(ends):
        zones = some.update([end], SECOND // 2 + step * SECOND // 10)
    assert [(zone.id, zone.state) for zone in zones] == [(old, ZoneState.CONFIRMED)]


def test_what_an_operator_said_outlives_the_merging():
    some = tracker()
    watch(some, [pallet(5, 0.3), pallet(7, 0.3, 2)])
    young = max(some.zones(0), key=lambda zone: zone.id)
    some.confirm(young.id, "crate", "loose_equipment", operator="ops")
    zones = watch(some, [pallet(6, 1.3)], start=1, count=30)
    assert [(zone.name, zone.source, zone.id != young.id) for zone in zones] == [("crate", 4, True)]
    assert some.update([], 9000 * SECOND)[0].state is ZoneState.CONFIRMED


@pytest.mark.parametrize("order", [("left", "right"), ("right", "left")])
def test_two_cameras_show_the_two_ends_of_one_zone(order):
    views = {"left": pallet(5.0, 0.6), "right": pallet(6.0, 0.6)}
    some = tracker()
    for step in range(4):
        for camera in order:
            zones = some.update([views[camera]], step * SECOND // 5, None, camera)
    (zone,) = zones
    assert np.ptp(zone.geometry.polygon[:, 0]) == pytest.approx(2.2)
    (alone,) = some.update([views["left"]], 3 * SECOND, None, "left")
    assert np.ptp(alone.geometry.polygon[:, 0]) == pytest.approx(1.2)


def test_the_camera_with_returns_says_what_the_place_rests_on():
    some = tracker()
    for camera, support in (("left", Support.FUSED), ("right", Support.GROUND_PLANE)):
        (zone,) = some.update([pallet(5, 0.5, 1, support)], 0, None, camera)
    assert (zone.support, zone.point_count, zone.observation_count) == (Support.FUSED, 6, 2)


def test_a_measured_outline_outlives_many_assumed_ones():
    some = tracker()
    watch(some, [pallet(10, 0.2)])
    zones = watch(some, [pallet(10.3, 1.5, 1, Support.GROUND_PLANE)], start=1, count=10)
    assert np.ptp(zones[0].geometry.polygon[:, 0]) == pytest.approx(0.4)


sightings = st.tuples(
    st.floats(-3, 3),
    st.floats(-3, 3),
    st.sampled_from(["tools", "soft", "person", ""]),
    st.sampled_from([Support.FUSED, Support.FUSED, Support.GROUND_PLANE, Support.LIDAR_ONLY]),
    st.floats(0.1, 1.0),
)
pictures = st.lists(st.lists(sightings, max_size=4), min_size=3, max_size=14)


def picture(drawn):
    return [
        seen(x, y, group, group and "thing", number, support, half)
        for number, (x, y, group, support, half) in enumerate(drawn, 1)
    ]


def off_limits(drawn, seed):
    """The same a little elsewhere: where a share is exactly a limit, rounding decides, not the place."""
    shifts = np.random.default_rng(seed).uniform(-0.01, 0.01, (len(drawn), 3))
    return [
        (x + dx, y + dy, group, support, half + dh)
        for (x, y, group, support, half), (dx, dy, dh) in zip(drawn, shifts, strict=True)
    ]


@settings(max_examples=20, deadline=None)
@given(pictures, st.sampled_from([0.1, 0.4, 2.0]))
def test_no_confirmed_zone_vanishes_from_a_crowd(history, period):
    some, previous = tracker(), {}
    for step, drawn in enumerate(history):
        zones = {zone.id: zone for zone in some.update(picture(drawn), int(step * period * SECOND))}
        for identifier in previous.keys() - zones.keys():
            assert previous[identifier].state in (
                ZoneState.CLEARED,
                ZoneState.TENTATIVE,
                ZoneState.UNCONFIRMED,
            )
        for identifier, zone in zones.items():
            if identifier in previous:
                assert previous[identifier].state is not ZoneState.CLEARED
            if zone.state is ZoneState.CLEARED:  # its place stays hazardous
                standing = [other for other in zones.values() if other.state is not ZoneState.CLEARED]
                centre = previous[identifier].geometry.polygon.mean(axis=0)
                assert covered(standing, centre)
        previous = zones
    assert len([entry for entry in some.audit if entry.decision == "merge"]) == some.dropped["merged"]


@settings(max_examples=15, deadline=None)
@given(pictures, st.randoms(use_true_random=False))
def test_zones_do_not_depend_on_the_order_of_what_is_seen(history, random):
    one, other = tracker(), tracker()
    for step, drawn in enumerate(history):
        measurements = picture(drawn)
        first = one.update(measurements, step * SECOND // 2)
        random.shuffle(measurements)
        second = other.update(measurements, step * SECOND // 2)
        assert [(zone.id, zone.state, zone.name) for zone in first] == [
            (zone.id, zone.state, zone.name) for zone in second
        ]
        for zone, again in zip(first, second, strict=True):
            assert (zone.geometry.polygon == again.geometry.polygon).all()


@settings(max_examples=15, deadline=None)
@given(pictures, st.floats(-3.1, 3.1), st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)))
@example([[], [], [(0, 0, "tools", Support.FUSED, 1), (0, 1, "tools", Support.FUSED, 0.1)]], 1.0, (0, 0))
@example(
    [
        [(0, 0, "", Support.FUSED, 1)],
        [(-1.9, 0, "person", Support.FUSED, 1), (-1.8, 0, "tools", Support.FUSED, 1)],  # both overlap it
        [],
    ],
    3.0,
    (0, 0),
)
def test_a_rigid_motion_of_the_world_moves_the_zones_by_it(history, yaw, shift):
    turn, shift = Rotation.from_euler("z", yaw).as_matrix(), np.array([*shift, 0.0])
    still, turned = tracker(), tracker()
    for step, drawn in enumerate(history):
        measurements = picture(off_limits(drawn, step))
        there = [moved(measurement, turn, shift) for measurement in measurements]
        first = still.update(measurements, step * SECOND // 2)
        second = list(turned.update(there, step * SECOND // 2))
        assert len(first) == len(second)
        for zone in first:
            centroid = turn @ zone.geometry.centroid + shift
            match = min(
                (other for other in second if (other.state, other.name) == (zone.state, zone.name)),
                key=lambda other: np.linalg.norm(other.geometry.centroid - centroid),
            )
            second.remove(match)
            assert match.geometry.centroid == pytest.approx(centroid, abs=1e-5)
            assert match.geometry.covariance == pytest.approx(
                turn @ zone.geometry.covariance @ turn.T, abs=1e-6
            )
            assert match.observation_count == zone.observation_count
            assert match.support is zone.support
