"""What tf2_ros.Buffer answers, whichever implementation is importable: the real one or compat/."""

import numpy as np
import pytest
import tf2_ros
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation, Slerp
from transforms import S, at, matrix_of, moving, pose, stamp_of, transform


@pytest.fixture
def buffer():
    return tf2_ros.Buffer()


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
