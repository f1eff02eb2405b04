"""Pairs: matched by stamp, kept until their transforms are there, found again after a jump."""

from __future__ import annotations

from types import SimpleNamespace

import fusion_scene as scene
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipomaly_msgs.msg import LabelLegend, LegendEntry
from clipomaly_ros.nodes.legend_history import MAXIMUM_LEGENDS, LegendHistory
from clipomaly_ros.nodes.message_checks import BadMessage
from clipomaly_ros.nodes.pair_synchronizer import PairSynchronizer
from clipomaly_ros.nodes.waiting_pairs import WaitingPairs

STEP = 100_000_000
START = 10**18


def at(nanoseconds: int) -> SimpleNamespace:
    return SimpleNamespace(header=SimpleNamespace(stamp=scene.stamp(nanoseconds)), stamp=nanoseconds)


@given(st.integers(1, 30), st.integers(-20_000_000, 20_000_000))
def test_after_a_jump_back_and_a_clear_every_pair_matches_again(frames, offset):
    pairs = []
    synchronizer = PairSynchronizer(["", "rear"], lambda *pair: pairs.append(pair), 5, 0.05)
    for loop in range(2):
        for index in range(frames):
            stamp = START + index * STEP
            synchronizer.add_frame("", at(stamp))
            synchronizer.add_frame("rear", at(stamp))
            synchronizer.add_cloud(at(stamp + offset))
        assert len(pairs) == 2 * frames * (loop + 1)
        synchronizer.clear()
    assert {camera for camera, _, _ in pairs} == {"", "rear"}
    assert all(cloud.stamp - frame.stamp == offset for _, frame, cloud in pairs)


def test_stamps_further_apart_than_the_slop_do_not_match():
    pairs = []
    synchronizer = PairSynchronizer([""], lambda *pair: pairs.append(pair), 5, 0.05)
    synchronizer.add_frame("", at(START))
    synchronizer.add_cloud(at(START + 60_000_000))
    assert not pairs


class Line:
    """Pairs whose transforms come when they are put into `there`."""

    def __init__(self, timeout: int = 10, limit: int = 3) -> None:
        self.there: set[str] = set()
        self.done: list[str] = []
        self.dropped: list[tuple[str, str]] = []
        self.waiting = WaitingPairs(self.complete, self.drop, timeout, limit)

    def complete(self, pair: str) -> None:
        if pair not in self.there:
            raise BadMessage("transform_missing", f"none for {pair}")
        self.done.append(pair)

    def drop(self, pair: str, reason: str, text: str) -> None:
        assert pair in text
        self.dropped.append((pair, reason))


def test_a_complete_pair_does_not_wait():
    line = Line()
    line.there = {"a"}
    line.waiting.add("a", 0)
    assert (line.done, len(line.waiting)) == (["a"], 0)


def test_a_pair_waits_for_its_transforms_but_not_for_ever():
    line = Line(timeout=10)
    line.waiting.add("a", 100)
    line.waiting.add("b", 105)
    line.waiting.retry(109)
    assert len(line.waiting) == 2
    line.there = {"b"}
    line.waiting.retry(110)
    assert line.done == ["b"]
    assert line.dropped == [("a", "transform_missing")]


def test_a_full_queue_keeps_the_old_ones_and_the_newest():
    line = Line(limit=3)
    for pair in "abcd":
        line.waiting.add(pair, 0)
    assert line.dropped == [("c", "waiting_queue_full")]
    assert line.waiting.clear() == 3
    assert len(line.waiting) == 0


def test_a_pair_that_fails_is_given_up_alone():
    line, failing = Line(), []
    complete = line.complete

    def fail(pair: str) -> None:
        if pair in failing:
            raise ZeroDivisionError(pair)
        complete(pair)

    line.waiting = WaitingPairs(fail, line.drop, 10, 5)
    for pair in "abc":
        line.waiting.add(pair, 0)
    failing.append("b")
    line.waiting.retry(1)
    assert line.dropped == [("b", "pair_failed")]
    line.there = {"a", "c"}
    line.waiting.retry(2)
    assert line.done == ["a", "c"]


@given(limit=st.integers(2, 10), delay=st.integers(1, 40))
def test_transforms_later_than_the_queue_is_long_starve_nobody(limit, delay):
    line, ticks = Line(timeout=50, limit=limit), 200
    for now in range(ticks):
        line.there.add(str(now - delay))  # each pair's transforms come `delay` pairs later
        line.waiting.add(str(now), now)
    assert len(line.done) >= (ticks - delay) * min(1.0, (limit - 1) / (delay + limit)) - limit


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=40))
def test_no_pair_is_lost_silently(steps):
    line, now = Line(timeout=8, limit=3), 0
    for index, (wait, arrives) in enumerate(steps):
        now += wait
        if arrives:
            line.there.add(str(index))
        line.waiting.add(str(index), now)
    line.waiting.retry(now + 8)
    names = line.done + [name for name, _ in line.dropped]
    assert sorted(names, key=int) == [str(index) for index in range(len(steps))]
    assert len(line.waiting) == 0


def legend(number: int) -> LabelLegend:
    return LabelLegend(
        legend_id=f"{number:064x}", entries=[LegendEntry(label=7, name="suitcase", group=f"group {number}")]
    )


def test_groups_come_from_the_legend_with_the_same_id():
    history = LegendHistory()
    for number in range(MAXIMUM_LEGENDS + 1):
        history.add(legend(number))
    assert history.groups(f"{0:064x}") is None
    assert history.groups(f"{5:064x}") == {7: "group 5"}


@pytest.mark.parametrize("limit", [1, 2])
def test_a_legend_that_comes_again_is_the_newest(limit):
    history = LegendHistory()
    history.add(legend(0))
    for number in range(1, MAXIMUM_LEGENDS):
        history.add(legend(number))
    history.add(legend(0))
    for number in range(MAXIMUM_LEGENDS, MAXIMUM_LEGENDS + limit):
        history.add(legend(number))
    assert history.groups(f"{0:064x}") == {7: "group 0"}
