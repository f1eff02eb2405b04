"""Clouds of several LiDARs gathered for each frame, with one dying and other phases."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.nodes.cloud_gathering import CloudGathering

STEP, SLOP = 100_000_000, 50_000_000


@dataclass(frozen=True)
class Stamped:
    stamp: int


def play(gathering, events, lidars):
    """Feed clouds as they come; match each frame with the cloud nearest in time, as a synchroniser does."""
    frames, seen = {}, []
    for stamp, kind in events:
        if kind == "frame":
            frames[stamp] = Stamped(stamp)
        else:
            seen.append((stamp, kind))
        for at, frame in frames.items():
            for cloud, lidar in seen:
                if abs(cloud - at) <= SLOP // 2 and (stamp, kind) in ((at, "frame"), (cloud, lidar)):
                    gathering.matched("", lidar, frame, Stamped(cloud))
        if kind == "frame":
            gathering.frame_came()
        else:
            gathering.cloud_came(kind, stamp)


@settings(deadline=None)
@given(st.permutations([("frame", 0), ("a", 1), ("b", 2)]))
def test_each_frame_comes_once_with_all_its_clouds(order):
    done = []
    gathering = CloudGathering("ab", lambda *match: done.append(match), lambda lidar: False, SLOP)
    events = [(n * STEP + later, kind) for n in range(1, 20) for kind, later in order]
    play(gathering, events, "ab")
    assert [frame.stamp // STEP for _, frame, _ in done] == list(range(1, 20))
    assert all(len(clouds) == 2 for *_, clouds in done)


@settings(deadline=None)
@given(st.integers(0, 5), st.permutations([("a", 1), ("b", 2)]))
def test_frames_of_a_slow_segmenter_come_with_all_their_clouds(delay, order):
    done = []
    gathering = CloudGathering("ab", lambda *match: done.append(match), lambda lidar: False, SLOP)
    frames = [(n * STEP, "frame") for n in range(1, 20)]
    clouds = [(n * STEP + later, kind) for n in range(1, 20) for kind, later in order]
    events = sorted(frames + clouds, key=lambda event: event[0] + (event[1] == "frame") * delay * STEP)
    play(gathering, events, "ab")
    assert [frame.stamp // STEP for _, frame, _ in done] == list(range(1, 20))
    assert all(len(clouds) == 2 for *_, clouds in done)


def test_a_lidar_that_dies_delays_little_and_comes_back():
    done, dead = [], set()
    gathering = CloudGathering("ab", lambda *match: done.append(match), lambda lidar: lidar in dead, SLOP)
    for number in range(1, 31):
        dead = {"b"} if 15 <= number < 20 else set()
        kinds = ["a", "frame"] if 10 <= number < 20 else ["a", "b", "frame"]
        play(gathering, [(number * STEP + later, kind) for later, kind in enumerate(kinds)], "ab")
        # Not known to be dead: three scans later at most; known: at once.
        assert number - done[-1][1].stamp // STEP <= (3 if 10 <= number < 15 else 0)
    assert sorted(frame.stamp // STEP for _, frame, _ in done) == list(range(1, 31))
    assert [len(clouds) for *_, clouds in done] == [2] * 9 + [1] * 10 + [2] * 11


def test_a_lidar_out_of_phase_is_not_waited_for():
    done = []
    gathering = CloudGathering("ab", lambda *match: done.append(match), lambda lidar: False, SLOP // 2)
    events = [
        (number * STEP + later, kind)
        for number in range(1, 10)
        for later, kind in [(0, "frame"), (1, "a"), (STEP // 2, "b")]
    ]
    play(gathering, events, "ab")
    assert len(done) == 9


def test_one_lidar_waits_for_nothing():
    done = []
    gathering = CloudGathering([""], lambda *match: done.append(match), lambda lidar: False, SLOP)
    gathering.matched("front", "", Stamped(STEP), Stamped(STEP))
    gathering.matched("front", "", Stamped(STEP), Stamped(STEP + 1))  # the same frame, sent twice
    assert done == [("front", Stamped(STEP), (Stamped(STEP),))]
    gathering.clear()
    gathering.matched("front", "", Stamped(STEP), Stamped(STEP))
    assert len(done) == 2
