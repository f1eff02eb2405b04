import numpy as np
import pytest

from clipomaly_ros.hazard.motion import MOVING, STATIC, MotionFilter, no_surer_than


def run(path, model, sigma, seed, period=0.1):
    generator = np.random.default_rng(seed)
    noise = sigma**2 * np.eye(3)
    motion = MotionFilter(path[0] + generator.normal(0, sigma, 2), noise, model)
    for place in path[1:]:
        motion.update(place + generator.normal(0, sigma, 2), noise, period)
    return motion


@pytest.mark.parametrize("speed", [0.0, 1.4])
def test_the_filter_knows_how_sure_it_is(speed):
    """Normalised estimation error squared over many runs: 2 in the mean, or less when too careful."""
    path = np.column_stack([5 + speed * 0.1 * np.arange(30), np.full(30, 2.0)])
    errors = []
    for seed in range(200):
        motion = run(path, MOVING, 0.1, seed)
        error = motion.state[:2] - path[-1]
        errors.append(error @ np.linalg.solve(motion.covariance[:2, :2], error))
    assert 0.5 < np.mean(errors) < 2.4


@pytest.mark.parametrize("seed", range(20))
def test_a_floor_under_a_covariance_holds_in_every_direction(seed):
    parts = np.random.default_rng(seed).normal(size=(2, 2, 2)) + 0.1 * np.eye(2)
    own, floor = (part @ part.T + 1e-3 * np.eye(2) for part in parts)
    raised = no_surer_than(own, floor)
    assert np.linalg.eigvalsh(raised - own).min() > -1e-9
    assert np.linalg.eigvalsh(raised - floor).min() > -1e-9
    assert no_surer_than(own, 1e-9 * np.eye(2)) == pytest.approx(own)


def test_a_standing_thing_has_a_valid_velocity_hardly_ever():
    path = np.full((30, 2), 7.0)
    valid = [run(path, MOVING, 0.05, seed).velocity(0.3, 4) is not None for seed in range(200)]
    assert np.mean(valid) < 0.02
    assert run(path, STATIC, 0.05, 0).velocity(0.0, 1) is None


def test_prediction_changes_nothing_and_grows_less_sure():
    motion = run(np.column_stack([np.arange(20) * 0.1, np.zeros(20)]), MOVING, 0.05, 0)
    before = motion.state.copy()
    spreads = [np.trace(motion.predicted(seconds)[1][:2, :2]) for seconds in (0.0, 0.5, 1.0, 5.0, 30.0)]
    assert spreads == sorted(spreads)
    assert (motion.state == before).all()
    far, _ = motion.predicted(1e6)
    assert np.linalg.norm(far[:2] - before[:2]) < 3.0, "an old velocity must not carry a zone away"


def test_a_covariance_stays_one():
    motion = run(np.random.default_rng(0).normal(0, 5, (500, 2)), MOVING, 0.01, 1, period=3.0)
    motion.set_model(STATIC)
    motion.update(np.array([1.0, 1.0]), 1e-4 * np.eye(3), 100.0)
    assert np.allclose(motion.covariance, motion.covariance.T)
    assert np.linalg.eigvalsh(motion.covariance).min() > -1e-12
