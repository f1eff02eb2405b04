"""Backward jumps of stamps, on looped recordings with inputs of different delay."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from clipomaly_ros.nodes.stamp_eras import StampEras, Verdict

STEP, THRESHOLD = 100_000_000, 500_000_000
START = 10**18


def arrivals(frames: int, loops: int, delays: dict[str, float]) -> list[tuple[str, int, int]]:
    """Return (input, loop, stamp) in the order of arrival of a looped recording."""
    events = [
        ((loop * frames + index) + delay, name, loop, START + index * STEP)
        for name, delay in delays.items()
        for loop in range(loops)
        for index in range(frames)
    ]
    return [event[1:] for event in sorted(events)]


@given(
    st.integers(10, 40),
    st.integers(1, 4),
    st.floats(0.0, 4.0, allow_nan=False),
    st.floats(0.0, 4.0, allow_nan=False),
)
def test_each_loop_is_one_jump_and_no_message_of_the_new_loop_is_lost(frames, loops, slow, slower):
    eras = StampEras(THRESHOLD)
    jumps, lost = 0, []
    for name, loop, stamp in arrivals(frames, loops, {"cloud": 0.0, "camera": slow, "rear": slower}):
        verdict = eras.judge(name, stamp)
        jumps += verdict is Verdict.JUMP
        if verdict is Verdict.OLD:
            lost.append((name, loop, stamp))
            assert loop < jumps  # only what is still of the loop before
    assert jumps == loops - 1
    assert len(lost) <= 10 * loops


@given(st.lists(st.integers(0, THRESHOLD), max_size=50))
def test_disorder_within_the_threshold_is_no_jump(offsets):
    eras = StampEras(THRESHOLD)
    for offset in offsets:
        assert eras.judge("cloud", START + offset) is Verdict.ACCEPT


def test_an_input_that_does_not_step_back_joins_when_its_stamps_are_reached():
    eras = StampEras(THRESHOLD)
    for name in ("cloud", "camera"):
        assert eras.judge(name, START + 20 * STEP) is Verdict.ACCEPT
    assert eras.judge("cloud", START) is Verdict.JUMP
    assert eras.judge("camera", START + 21 * STEP) is Verdict.OLD
    for index in range(1, 17):
        eras.judge("cloud", START + index * STEP)
    assert eras.judge("camera", START + 21 * STEP) is Verdict.ACCEPT


def test_a_jump_of_the_clock_counts_once_with_the_stamps():
    eras = StampEras(THRESHOLD)
    eras.judge("cloud", START + 20 * STEP)
    assert eras.clock_jumped(START)  # the clock is first
    assert eras.judge("cloud", START + 21 * STEP) is Verdict.OLD
    assert eras.judge("cloud", START) is Verdict.ACCEPT
    eras.judge("cloud", START + 20 * STEP)
    assert eras.judge("cloud", START) is Verdict.JUMP  # the stamps are first
    assert not eras.clock_jumped(START)
