"""Rotations written with few digits do not scale what is chained behind them, whatever tf2 makes of them."""

from __future__ import annotations

import math
from itertools import pairwise

import fusion_scene as scene
import numpy as np
import pytest
import tf2_ros
from hypothesis import given
from hypothesis import strategies as st
from rclpy.duration import Duration
from rclpy.time import Time

from clipomaly_ros.nodes.jump_aware_buffer import JumpAwareBuffer

SECOND = 1_000_000_000
ROUNDED = (0.0, 0.0, 0.71, 0.71)  # a quarter turn; tf2 of Kilted takes it as it is
FRAMES = ("odom", "base", "mast", "head", "camera")


def lengths_of(buffer: tf2_ros.Buffer) -> list[float]:
    """Return the lengths of the chain's quaternions."""
    turns = [
        buffer.lookup_transform(parent, child, Time()).transform.rotation
        for parent, child in pairwise(FRAMES)
    ]
    return [math.hypot(turn.x, turn.y, turn.z, turn.w) for turn in turns]


@pytest.mark.parametrize("static", [True, False], ids=["static", "moving"])
def test_a_chain_of_rounded_rotations_keeps_its_lengths(static: bool):
    buffer = JumpAwareBuffer(Duration(seconds=10), SECOND // 2)
    put = buffer.set_transform_static if static else buffer.set_transform
    for parent, child in pairwise(FRAMES):
        for stamp in (SECOND, 3 * SECOND):
            put(scene.transform(parent, child, (100.0, 0.0, 0.0), ROUNDED, stamp), "test")
    np.testing.assert_allclose(lengths_of(buffer), 1.0, atol=1e-12)
    for target, source in ((FRAMES[0], FRAMES[-1]), (FRAMES[-1], FRAMES[0])):
        found = buffer.lookup_transform(target, source, Time(nanoseconds=2 * SECOND)).transform
        move, turn = found.translation, found.rotation
        # Four quarter turns: a square, and back where it began.
        np.testing.assert_allclose((move.x, move.y, move.z), 0.0, atol=1e-9)
        np.testing.assert_allclose(np.abs((turn.x, turn.y, turn.z, turn.w)), (0.0, 0.0, 0.0, 1.0), atol=1e-12)


class _Stored(tf2_ros.Buffer):
    """Notes what is handed to tf2."""

    def set_transform(self, transform, authority):
        self.last = transform

    set_transform_static = set_transform


class _Noted(JumpAwareBuffer, _Stored):
    pass


@given(
    quaternion=st.tuples(*[st.floats(-1, 1)] * 4).filter(lambda q: math.hypot(*q) > 0.1),
    length=st.floats(0.9, 1.1),
    static=st.booleans(),
)
def test_only_a_rounded_length_is_made_one_and_the_direction_stays(quaternion, length, static):
    given_turn = length * np.array(quaternion) / math.hypot(*quaternion)
    buffer = _Noted(Duration(seconds=10), SECOND // 2)
    message = scene.transform("a", "b", (1.0, 2.0, 3.0), tuple(given_turn.tolist()), 5 * SECOND)
    (buffer.set_transform_static if static else buffer.set_transform)(message, "test")
    turn = buffer.last.transform.rotation
    stored = np.array((turn.x, turn.y, turn.z, turn.w))
    off = abs(given_turn @ given_turn - 1.0)
    if 2e-6 < off < 0.0099:
        np.testing.assert_allclose(stored, given_turn / length, atol=1e-12)
    elif not 5e-7 < off < 0.0101:
        np.testing.assert_array_equal(stored, given_turn)
    assert (buffer.last.header, buffer.last.child_frame_id) == (message.header, "b")
    assert buffer.last.transform.translation == message.transform.translation
    kept = message.transform.rotation  # the caller's message is not touched
    np.testing.assert_array_equal((kept.x, kept.y, kept.z, kept.w), given_turn)
