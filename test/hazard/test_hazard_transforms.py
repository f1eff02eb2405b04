import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import HazardError

coordinates = st.floats(-100, 100)
points = arrays(np.float64, st.tuples(st.integers(0, 20), st.just(3)), elements=coordinates)


@st.composite
def transforms(draw):
    rotation = Rotation.from_euler("zyx", [draw(st.floats(-3.1, 3.1)) for _ in range(3)])
    return RigidTransform.from_quaternion(rotation.as_quat(), [draw(coordinates) for _ in range(3)])


@given(transforms(), points)
def test_inverse_undoes_a_transform(transform, some):
    assert transform.inverse().apply(transform.apply(some)) == pytest.approx(some, abs=1e-9)


@given(transforms(), transforms(), points)
def test_composition_applies_the_right_one_first(first, second, some):
    expected = second.apply(first.apply(some))
    assert (second @ first).apply(some) == pytest.approx(expected, abs=1e-9)
    assert second.compose(first).apply(some) == pytest.approx(expected, abs=1e-9)


@given(st.lists(st.floats(-1, 1), min_size=4, max_size=4).filter(lambda q: np.linalg.norm(q) > 0.1))
def test_quaternions_agree_with_scipy(quaternion):
    unit = np.array(quaternion) / np.linalg.norm(quaternion)
    ours = RigidTransform.from_quaternion(unit, [0, 0, 0]).rotation
    assert ours == pytest.approx(Rotation.from_quat(unit).as_matrix(), abs=1e-12)


def test_single_precision_stays_single_precision():
    moved = RigidTransform.identity().apply(np.ones((5, 3), np.float32))
    assert moved.dtype == np.float32
    assert (moved == 1).all()


@pytest.mark.parametrize(
    ("quaternion", "word"),
    [
        ([0, 0, 0, 0], "unit"),
        ([0, 0, 0, 1.5], "unit"),
        ([np.nan, 0, 0, 1], "finite"),
        ([0, 0, 1], "4 finite"),
    ],
)
def test_what_is_no_rotation_is_refused(quaternion, word):
    with pytest.raises(HazardError, match=word):
        RigidTransform.from_quaternion(quaternion, [0, 0, 0])


@pytest.mark.parametrize(
    ("rotation", "translation"),
    [
        (2 * np.eye(3), np.zeros(3)),
        (np.diag([1, 1, -1]), np.zeros(3)),
        (np.eye(3), [0, np.inf, 0]),
        (np.eye(2), [0]),
    ],
)
def test_what_is_no_rigid_transform_is_refused(rotation, translation):
    with pytest.raises(HazardError):
        RigidTransform(rotation, translation)
