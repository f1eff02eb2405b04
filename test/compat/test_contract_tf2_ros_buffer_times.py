"""What tf2_ros.Buffer keeps, and for which times; whichever implementation is importable."""

import os
import threading

import numpy as np
import pytest
import tf2_ros
import yaml
from rclpy.duration import Duration
from transforms import NOW, S, at, matrix_of, moving, pose, stamp_of, transform, x_of

STAND_IN = "compat" in tf2_ros.__file__
# Since Kilted tf2 takes quaternions as they come.
ANY_LENGTH = os.environ.get("ROS_DISTRO") in ("humble", "jazzy")


@pytest.fixture
def buffer():
    return tf2_ros.Buffer()


def test_a_single_transform_holds_at_its_own_time_only(buffer):
    moving(buffer, seconds=[2])
    assert x_of(buffer, 2 * S) == 2
    assert x_of(buffer, 0) == 2
    for ns in (2 * S - 1, 2 * S + 1):
        with pytest.raises(tf2_ros.ExtrapolationException):
            x_of(buffer, ns)


def test_time_zero_means_the_latest_common_time(buffer):
    moving(buffer, "a", "b", (1, 2, 3, 4))
    moving(buffer, "b", "c", (1, 2, 3))
    buffer.set_transform_static(transform("c", "d", 77 * S), "test")
    found = buffer.lookup_transform("a", "d", NOW)
    assert stamp_of(found) == 3 * S
    assert found.transform.translation.x == 6
    assert buffer.get_latest_common_time("a", "d").nanoseconds == 3 * S
    assert stamp_of(buffer.lookup_transform("c", "d", NOW)) == 0  # static only: no time at all


def test_frames_without_a_chain_have_no_latest_common_time(buffer):
    moving(buffer, "a", "b")
    moving(buffer, "c", "d")
    with pytest.raises(tf2_ros.TransformException) as found:
        buffer.get_latest_common_time("a", "d")
    assert found.type is tf2_ros.TransformException
    with pytest.raises(tf2_ros.LookupException):
        buffer.get_latest_common_time("a", "nobody")


def test_a_static_transform_holds_at_any_time_and_the_last_one_counts(buffer):
    buffer.set_transform_static(transform("a", "b", 5 * S, (1, 0, 0)), "test")
    assert x_of(buffer, 1) == x_of(buffer, 999 * S) == 1
    buffer.set_transform_static(transform("a", "b", 1 * S, (2, 0, 0)), "test")
    assert x_of(buffer, 1) == 2


def test_a_frame_may_turn_from_moving_to_static_and_back(buffer):
    moving(buffer)
    buffer.set_transform_static(transform("a", "b", 0, (7, 0, 0)), "test")
    assert x_of(buffer, 100 * S) == 7
    moving(buffer, seconds=[5])
    assert x_of(buffer, 5 * S) == 5
    assert not buffer.can_transform("a", "b", at(100 * S))


def test_a_frame_is_the_identity_in_itself_even_if_nobody_sent_it(buffer):
    found = buffer.lookup_transform("x", "x", at(3 * S))
    np.testing.assert_array_equal(matrix_of(found), np.eye(4))
    assert stamp_of(found) == 3 * S
    assert buffer.can_transform("x", "x", NOW)


def test_slashes_in_front_are_stripped_from_what_is_stored_only(buffer):
    buffer.set_transform_static(transform("/a", "/b", 0, (1, 0, 0)), "test")
    assert x_of(buffer, S) == 1


@pytest.mark.parametrize(
    "bad",
    [
        transform("a", "b", 2 * S, (float("nan"), 0, 0)),
        transform("a", "b", 2 * S, quat=(0, 0, 0, 0)),
        pytest.param(
            transform("a", "b", 2 * S, quat=(0, 1e200, 0, 0)),
            marks=pytest.mark.skipif(
                not STAND_IN and ANY_LENGTH, reason="the real tf2 of Jazzy takes it for no rotation"
            ),
        ),
        transform("b", "b", 2 * S),
        transform("", "b", 2 * S),
        transform("a", "", 2 * S),
    ],
    ids=["nan", "zero quaternion", "endless quaternion", "self", "no parent", "no child"],
)
def test_a_bad_transform_is_ignored(buffer, bad):
    moving(buffer, seconds=[1])
    buffer.set_transform(bad, "test")
    buffer.set_transform_static(bad, "test")
    assert stamp_of(buffer.lookup_transform("a", "b", NOW)) == S
    assert not buffer.can_transform("a", "b", at(2 * S))


@pytest.mark.parametrize("part", [0.6, 0.7036, 0.7106, 0.8])
def test_a_quaternion_of_another_length_gives_its_direction_or_is_ignored(buffer, part):
    buffer.set_transform_static(transform("a", "b", 0, quat=(0, 0, part, part)), "test")
    rounded = abs(2 * part * part - 1) < 10e-3
    if not (ANY_LENGTH or rounded):
        assert not buffer.can_transform("a", "b", NOW)
        return
    found = buffer.lookup_transform("a", "b", NOW)
    np.testing.assert_allclose(matrix_of(found), pose((0, 0, 0), (0, 0, 1, 1)), atol=1e-12)
    length = np.hypot(found.transform.rotation.z, found.transform.rotation.w)
    assert length == pytest.approx(1, abs=1e-9 if STAND_IN or ANY_LENGTH else 5e-3)


def test_between_two_parents_the_older_link_holds(buffer):
    moving(buffer, "a", "b", (1, 2))
    buffer.set_transform_static(transform("a", "c", 0, (100, 0, 0)), "test")
    buffer.set_transform(transform("c", "b", 3 * S, (3, 0, 0)), "test")
    assert x_of(buffer, 2 * S + S // 2) == 2
    assert x_of(buffer, 3 * S) == 103


def test_a_loop_is_an_error_and_not_endless(buffer):
    for parent, child in (("a", "b"), ("b", "c"), ("c", "a"), ("d", "e")):
        buffer.set_transform_static(transform(parent, child), "test")
    with pytest.raises(tf2_ros.LookupException):
        buffer.lookup_transform("e", "a", at(S))


def test_ten_seconds_are_kept_behind_the_newest(buffer):
    moving(buffer, seconds=range(1, 31))
    assert x_of(buffer, 20 * S) == 20
    moving(buffer, seconds=[31])  # what the newest makes too old goes when the next one comes
    with pytest.raises(tf2_ros.ExtrapolationException):
        x_of(buffer, 19 * S)
    short = tf2_ros.Buffer(cache_time=Duration(seconds=2))
    moving(short, seconds=range(1, 31))
    assert x_of(short, 28 * S) == 28
    assert not short.can_transform("a", "b", at(26 * S))


def test_late_transforms_find_their_place(buffer):
    for second in (3, 1, 2, 2):
        moving(buffer, seconds=[second])
    assert x_of(buffer, S + S // 2) == 1.5
    assert x_of(buffer, 2 * S + S // 2) == 2.5
    assert stamp_of(buffer.lookup_transform("a", "b", NOW)) == 3 * S


def test_of_two_at_the_same_time_the_last_counts_for_the_latest(buffer):
    moving(buffer, seconds=[1, 2])
    buffer.set_transform(transform("a", "b", 2 * S, (9, 0, 0)), "test")
    assert x_of(buffer, 2 * S) == x_of(buffer, 0) == 9


def test_after_a_jump_back_old_data_is_refused_until_the_buffer_is_cleared(buffer):
    buffer.set_transform_static(transform("b", "c", 0, (0, 1, 0)), "test")
    moving(buffer, seconds=[100, 101])
    moving(buffer, seconds=[1, 2])
    assert not buffer.can_transform("a", "b", at(2 * S))
    assert stamp_of(buffer.lookup_transform("a", "b", NOW)) == 101 * S
    buffer.clear()
    with pytest.raises(tf2_ros.ExtrapolationException):  # known, but without data
        buffer.lookup_transform("a", "b", at(2 * S))
    with pytest.raises(tf2_ros.ConnectivityException):
        buffer.lookup_transform("a", "b", NOW)
    assert buffer.can_transform("b", "c", at(5 * S))  # static ones stay
    moving(buffer, seconds=[1, 2, 3])
    found = buffer.lookup_transform("a", "c", at(S + S // 2))
    assert (found.transform.translation.x, found.transform.translation.y) == (1.5, 1)


def test_the_tree_can_be_listed(buffer):
    assert yaml.safe_load(buffer.all_frames_as_yaml()) == []
    moving(buffer, seconds=[1, 2, 3])
    buffer.set_transform_static(transform("b", "c"), "someone")
    tree = yaml.safe_load(buffer.all_frames_as_yaml())
    assert {child: entry["parent"] for child, entry in tree.items()} == {"b": "a", "c": "b"}
    assert tree["c"]["broadcaster"] == "someone"
    assert tree["b"]["most_recent_transform"] == 3
    assert tree["b"]["oldest_transform"] == 1
    assert tree["b"]["buffer_length"] == 2
    assert tree["b"]["rate"] == 1.5
    lines = buffer.all_frames_as_string().splitlines()
    assert [all(name in line for name in names) for line, names in zip(lines, ("ba", "cb"), strict=True)]
    buffer.clear()
    assert list(yaml.safe_load(buffer.all_frames_as_yaml())) == ["c"]


def test_times_may_be_messages_or_rclpy_times_and_nothing_else(buffer):
    moving(buffer)
    assert buffer.lookup_transform("a", "b", at(2 * S).to_msg()).transform.translation.x == 2
    with pytest.raises(TypeError):
        buffer.lookup_transform("a", "b", 2.0)


def test_waits_for_a_transform_that_comes_in_time(buffer):
    moving(buffer, seconds=[1])
    asked = threading.Event()

    def send():
        asked.wait()
        moving(buffer, seconds=[2])

    sender = threading.Thread(target=send)
    sender.start()
    assert not buffer.can_transform("a", "b", at(2 * S))
    asked.set()
    found = buffer.lookup_transform("a", "b", at(2 * S), timeout=Duration(seconds=30))
    sender.join()
    assert found.transform.translation.x == 2
    assert not buffer.can_transform("a", "b", at(3 * S), timeout=Duration(seconds=0.05))
    with pytest.raises(tf2_ros.ExtrapolationException):
        buffer.lookup_transform("a", "b", at(3 * S), timeout=Duration(seconds=0.05))
