"""What tf2_ros.Buffer answers, whichever implementation is importable: the real one or compat/."""

import threading

import numpy as np
import pytest
import tf2_ros
import yaml
from geometry_msgs.msg import TransformStamped
from hypothesis import given
from hypothesis import strategies as st
from rclpy.duration import Duration
from rclpy.time import Time
from scipy.spatial.transform import Rotation, Slerp

S = 1_000_000_000
NOW = Time()  # zero: the latest


def transform(parent, child, ns=0, xyz=(0.0, 0.0, 0.0), quat=(0.0, 0.0, 0.0, 1.0)):
    msg = TransformStamped()
    msg.header.frame_id, msg.child_frame_id = parent, child
    msg.header.stamp = Time(nanoseconds=ns).to_msg()
    t, r = msg.transform.translation, msg.transform.rotation
    t.x, t.y, t.z = map(float, xyz)
    r.x, r.y, r.z, r.w = map(float, quat)
    return msg


def pose(xyz, quat):
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = Rotation.from_quat(quat).as_matrix(), xyz
    return matrix


def matrix_of(msg):
    t, r = msg.transform.translation, msg.transform.rotation
    return pose((t.x, t.y, t.z), (r.x, r.y, r.z, r.w))


def at(ns):
    return Time(nanoseconds=ns)


def stamp_of(msg):
    return Time.from_msg(msg.header.stamp).nanoseconds


def x_of(buffer, ns, target="a", source="b"):
    return buffer.lookup_transform(target, source, at(ns)).transform.translation.x


@pytest.fixture
def buffer():
    return tf2_ros.Buffer()


def moving(buffer, parent="a", child="b", seconds=(1, 2, 3)):
    """Move the child along x, by one metre each second."""
    for second in seconds:
        buffer.set_transform(transform(parent, child, second * S, (float(second), 0, 0)), "test")


metres = st.floats(-100, 100)
points = st.tuples(metres, metres, metres)
quaternions = (
    st.tuples(*[st.floats(-1, 1)] * 4)
    .filter(lambda q: np.linalg.norm(q) > 0.1)
    .map(lambda q: tuple(np.array(q) / np.linalg.norm(q)))
)


@given(points, points, quaternions, quaternions, st.integers(0, S))
def test_interpolates_linearly_and_by_slerp(p0, p1, q0, q1, ns):
    buffer = tf2_ros.Buffer()
    buffer.set_transform(transform("a", "b", 5 * S, p0, q0), "test")
    buffer.set_transform(transform("a", "b", 6 * S, p1, q1), "test")
    found = buffer.lookup_transform("a", "b", at(5 * S + ns))
    angle = (Rotation.from_quat(q0).inv() * Rotation.from_quat(q1)).magnitude()
    ratio = ns / S
    expected = pose(
        (1 - ratio) * np.array(p0) + ratio * np.array(p1),
        Slerp([0, 1], Rotation.from_quat([q0, q1]))(ratio).as_quat(),
    )
    # Half a turn has two shortest ways, and near it rounding chooses.
    rotation = slice(None) if angle < np.pi - 1e-4 else slice(3, 4)
    np.testing.assert_allclose(matrix_of(found)[:, rotation], expected[:, rotation], atol=1e-6)
    assert stamp_of(found) == 5 * S + ns
    assert (found.header.frame_id, found.child_frame_id) == ("a", "b")
    r = found.transform.rotation
    assert np.linalg.norm([r.x, r.y, r.z, r.w]) == pytest.approx(1, abs=1e-9)


@st.composite
def trees(draw):
    """A tree of frames f0..fn, each with its parent, whether it is static, and two poses."""
    size = draw(st.integers(2, 7))
    return [
        (draw(st.integers(0, k - 1)), draw(st.booleans()), draw(points), draw(points), draw(quaternions))
        for k in range(1, size)
    ]


@given(trees(), st.data())
def test_chains_join_static_and_moving_links_between_any_two_frames(tree, data):
    buffer, world = tf2_ros.Buffer(), [np.eye(4)]
    for k, (parent, static, p0, p1, quat) in enumerate(tree, start=1):
        if static:
            buffer.set_transform_static(transform(f"f{parent}", f"f{k}", 0, p0, quat), "test")
            p1 = p0
        else:
            buffer.set_transform(transform(f"f{parent}", f"f{k}", 10 * S, p0, quat), "test")
            buffer.set_transform(transform(f"f{parent}", f"f{k}", 11 * S, p1, quat), "test")
        world.append(world[parent] @ pose((0.75 * np.array(p0) + 0.25 * np.array(p1)), quat))
    target, source = (data.draw(st.integers(0, len(tree))) for _ in range(2))
    found = buffer.lookup_transform(f"f{target}", f"f{source}", at(10 * S + S // 4))
    np.testing.assert_allclose(matrix_of(found), np.linalg.inv(world[target]) @ world[source], atol=1e-6)


def test_full_lookup_goes_through_the_fixed_frame_at_both_times(buffer):
    turned = Rotation.from_euler("z", 90, degrees=True).as_quat()
    moving(buffer, "odom", "base", (1, 2, 3))
    buffer.set_transform(transform("odom", "base", 4 * S, (10, 5, 0), turned), "test")
    buffer.set_transform_static(transform("base", "lidar", 0, (0, 0, 2)), "test")
    buffer.set_transform_static(transform("base", "camera", 0, (1, 0, 1)), "test")
    found = buffer.lookup_transform_full("camera", at(4 * S), "lidar", at(2 * S), "odom")
    lidar_in_odom = pose((2, 0, 2), (0, 0, 0, 1))
    camera_in_odom = pose((10, 5, 0), turned) @ pose((1, 0, 1), (0, 0, 0, 1))
    np.testing.assert_allclose(matrix_of(found), np.linalg.inv(camera_in_odom) @ lidar_in_odom, atol=1e-9)
    assert stamp_of(found) == 4 * S
    assert (found.header.frame_id, found.child_frame_id) == ("camera", "lidar")
    assert buffer.can_transform_full("camera", at(4 * S), "lidar", at(2 * S), "odom")
    assert not buffer.can_transform_full("camera", at(5 * S), "lidar", at(2 * S), "odom")
    assert not buffer.can_transform_full("camera", at(4 * S), "lidar", at(2 * S), "nowhere")
    with pytest.raises(tf2_ros.LookupException, match="nowhere"):
        buffer.lookup_transform_full("camera", at(4 * S), "lidar", at(2 * S), "nowhere")
    with pytest.raises(tf2_ros.ExtrapolationException):
        buffer.lookup_transform_full("camera", at(4 * S), "lidar", at(9 * S), "odom")


@pytest.mark.parametrize(
    ("target", "source", "second", "error", "named"),
    [
        ("a", "nobody", 2, tf2_ros.LookupException, "nobody"),
        ("nobody", "b", 2, tf2_ros.LookupException, "nobody"),
        ("a", "d", 2, tf2_ros.ConnectivityException, "d"),
        ("d", "a", 0, tf2_ros.ConnectivityException, "d"),
        ("a", "b", 4, tf2_ros.ExtrapolationException, "b"),
        ("b", "a", 0.5, tf2_ros.ExtrapolationException, "b"),
        ("a", "", 2, tf2_ros.InvalidArgumentException, ""),
        ("/a", "b", 2, tf2_ros.InvalidArgumentException, "/a"),
    ],
)
def test_each_kind_of_failure_has_its_exception_which_names_the_frame(
    buffer, target, source, second, error, named
):
    moving(buffer)
    buffer.set_transform_static(transform("c", "d"), "test")
    with pytest.raises(error) as caught:
        buffer.lookup_transform(target, source, at(int(second * S)))
    assert type(caught.value) is error
    assert named in str(caught.value)
    can, why = buffer.can_transform(target, source, at(int(second * S)), return_debug_tuple=True)
    assert not can
    assert why
    assert not buffer.can_transform(target, source, at(int(second * S)))


def test_the_exceptions_have_one_base():
    for name in ("Lookup", "Connectivity", "Extrapolation", "InvalidArgument", "Timeout"):
        assert issubclass(getattr(tf2_ros, f"{name}Exception"), tf2_ros.TransformException)


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
        transform("b", "b", 2 * S),
        transform("", "b", 2 * S),
        transform("a", "", 2 * S),
    ],
    ids=["nan", "zero quaternion", "self", "no parent", "no child"],
)
def test_a_bad_transform_is_ignored(buffer, bad):
    moving(buffer, seconds=[1])
    buffer.set_transform(bad, "test")
    buffer.set_transform_static(bad, "test")
    assert stamp_of(buffer.lookup_transform("a", "b", NOW)) == S
    assert not buffer.can_transform("a", "b", at(2 * S))


def test_a_quaternion_of_another_length_is_normalised(buffer):
    buffer.set_transform_static(transform("a", "b", 0, quat=(0, 0, 0.6, 0.6)), "test")
    found = buffer.lookup_transform("a", "b", NOW)
    np.testing.assert_allclose(matrix_of(found), pose((0, 0, 0), (0, 0, 1, 1)), atol=1e-12)
    assert np.hypot(found.transform.rotation.z, found.transform.rotation.w) == pytest.approx(1)


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
