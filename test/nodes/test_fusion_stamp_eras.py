"""Backward jumps of stamps, on looped recordings with inputs of different delay."""

from __future__ import annotations

from hypothesis import given, settings
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


@settings(deadline=None)
@given(
    st.integers(10, 40),
    st.integers(1, 4),
    st.floats(0.0, 4.0, allow_nan=False),
    st.floats(0.0, 4.0, allow_nan=False),
)
def test_each_loop_is_one_jump_and_no_message_of_the_new_loop_is_lost(frames, loops, slow, slower):
    eras = StampEras(THRESHOLD)
    jumps, old, used = 0, [], []
    sent = arrivals(frames, loops, {"cloud": 0.0, "camera": slow, "rear": slower})
    for message in sent:
        judgement = eras.judge(message[0], message[2], message)
        jumps += judgement.verdict is Verdict.JUMP
        used += judgement.held
        assert not judgement.strays
        if judgement.verdict is Verdict.OLD:
            old.append(message)
            assert message[1] < jumps  # only what is still of the loop before
        elif judgement.verdict is not Verdict.HOLD:
            used.append(message)
    assert jumps == loops - 1
    assert len(old) <= 10 * loops
    assert sorted(used + old) == sorted(sent)


@settings(deadline=None)
@given(st.lists(st.integers(0, THRESHOLD), max_size=50))
def test_disorder_within_the_threshold_is_no_jump(offsets):
    eras = StampEras(THRESHOLD)
    for offset in offsets:
        assert eras.judge("cloud", START + offset).verdict is Verdict.ACCEPT


@settings(deadline=None)
@given(
    st.integers(1, 18),
    st.integers(THRESHOLD + 2 * STEP, 60 * 10**9).flatmap(lambda size: st.sampled_from([size, -size])),
    st.sampled_from(["cloud", "camera"]),
    st.integers(1, 3),
)
def test_one_wrong_stamp_is_no_jump_and_is_named(index, offset, name, copies):
    eras = StampEras(THRESHOLD)
    strays = []
    for step in range(20):
        for one in ("cloud", "camera"):
            for _ in range(copies if (one, step) == (name, index) else 0):
                judgement = eras.judge(one, START + step * STEP + offset)
                # Ahead may be the end of a pause; behind must prove itself first.
                assert judgement.verdict is (Verdict.ACCEPT if offset > 0 else Verdict.HOLD)
            if (one, step) == (name, index):
                continue
            judgement = eras.judge(one, START + step * STEP)
            if copies == 1 or offset < 0:
                assert judgement.verdict is Verdict.ACCEPT
                strays += judgement.strays
    if copies == 1 or offset < 0:
        assert [(stray.name, stray.offset > 0) for stray in strays] == [(name, offset > 0)]
        assert eras.era == 0


def test_the_first_stamp_of_an_input_may_be_wrong_as_well():
    eras = StampEras(THRESHOLD)
    eras.judge("cloud", START)
    eras.judge("camera", START + 20 * STEP)
    for step in range(1, 10):
        assert eras.judge("camera", START + step * STEP).verdict is Verdict.ACCEPT
    assert eras.newest == START + 9 * STEP


def test_a_pause_is_no_stray_and_slow_inputs_are_followed():
    eras = StampEras(THRESHOLD)
    for stamp in (0, 10, 20, 500, 510, 520):  # tenths of a second: 1 Hz, a gap of 48 s
        judgement = eras.judge("cloud", START + stamp * STEP)
        assert judgement.verdict is Verdict.ACCEPT
        assert not judgement.strays


def test_inputs_of_one_device_prove_nothing_to_each_other():
    eras = StampEras(THRESHOLD)
    for name in ("frame", "info"):
        eras.judge(name, START + 20 * STEP, source="camera")
    for step in range(2):
        for name in ("frame", "info"):
            judgement = eras.judge(name, START + step * STEP, (name, step), "camera")
            assert judgement.verdict is Verdict.HOLD
    judgement = eras.judge("frame", START + 2 * STEP, ("frame", 2), "camera")
    assert judgement.verdict is Verdict.JUMP
    assert judgement.held == (("frame", 0), ("info", 0), ("frame", 1), ("info", 1))


def test_what_was_held_too_long_ago_agrees_with_nothing():
    eras = StampEras(THRESHOLD)
    eras.judge("dead", START)
    assert eras.judge("dead", START - 20 * STEP).verdict is Verdict.HOLD
    for step in range(30):
        eras.judge("cloud", START + step * STEP)
    assert eras.judge("cloud", START).verdict is Verdict.HOLD
    assert eras.judge("cloud", START + 30 * STEP).verdict is Verdict.ACCEPT


def test_an_input_that_does_not_step_back_joins_when_its_stamps_are_reached():
    eras = StampEras(THRESHOLD)
    for name in ("cloud", "camera"):
        assert eras.judge(name, START + 20 * STEP).verdict is Verdict.ACCEPT
    for step, verdict in enumerate([Verdict.HOLD, Verdict.HOLD, Verdict.JUMP]):
        assert eras.judge("cloud", START + step * STEP).verdict is verdict
    assert eras.judge("camera", START + 21 * STEP).verdict is Verdict.OLD
    for index in range(3, 17):
        eras.judge("cloud", START + index * STEP)
    assert eras.judge("camera", START + 21 * STEP).verdict is Verdict.ACCEPT


def test_an_input_that_never_steps_back_is_not_lost_for_ever():
    eras = StampEras(THRESHOLD)
    lost = 0
    for step in range(200):
        eras.judge("cloud", START + step * STEP - (0 if step < 100 else 30 * STEP))
        lost += eras.judge("camera", START + step * STEP).verdict is Verdict.OLD
    assert 0 < lost <= 51
    assert eras.era == 1


def test_a_jump_of_the_clock_counts_once_with_the_stamps():
    eras = StampEras(THRESHOLD)
    eras.judge("cloud", START + 20 * STEP)
    assert eras.clock_jumped(START) == ()  # the clock is first
    assert eras.judge("cloud", START + 21 * STEP).verdict is Verdict.OLD
    assert eras.judge("cloud", START).verdict is Verdict.ACCEPT
    for step in range(1, 21):
        eras.judge("cloud", START + step * STEP)
    assert eras.judge("cloud", START, "first").verdict is Verdict.HOLD
    assert eras.clock_jumped(START) == ("first",)  # the clock agrees with a message
    for step in range(1, 21):
        eras.judge("cloud", START + step * STEP)
    verdicts = [eras.judge("cloud", START + step * STEP).verdict for step in range(3)]
    assert verdicts[-1] is Verdict.JUMP  # the stamps are first
    assert eras.clock_jumped(START) is None


@given(back=st.integers(6, 200), silent=st.integers(0, 250), first=st.integers(0, 10))
def test_after_the_clock_went_back_nothing_up_to_its_time_is_old_however_long_inputs_were_silent(
    back, silent, first
):
    clock = [START]
    eras = StampEras(THRESHOLD, now=lambda: clock[0])
    for name in ("cloud", "camera"):
        eras.judge(name, START)
    clock[0] = START - back * STEP
    assert eras.clock_jumped(clock[0]) == ()
    clock[0] += silent * STEP
    for step in range(30):
        clock[0] += STEP
        for name in ("cloud", "camera")[: 2 if step >= first else 1]:
            assert eras.judge(name, clock[0] - STEP // 2).verdict is Verdict.ACCEPT


def test_what_the_clock_has_not_reached_is_still_of_before_the_jump():
    clock = [START]
    eras = StampEras(THRESHOLD, now=lambda: clock[0])
    eras.judge("cloud", START)
    clock[0] = START - 50 * STEP
    eras.clock_jumped(clock[0])
    clock[0] += 10 * STEP
    assert eras.judge("cloud", START + STEP).verdict is Verdict.OLD


def test_a_clock_that_did_not_jump_says_nothing_of_stamps_that_did():
    eras = StampEras(THRESHOLD, now=lambda: START + 10**12)  # as of a recording without /clock
    for name in ("cloud", "camera"):
        eras.judge(name, START + 20 * STEP)
    for step in range(3):
        eras.judge("cloud", START + step * STEP)
    assert eras.judge("camera", START + 21 * STEP).verdict is Verdict.OLD
