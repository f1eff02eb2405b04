import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.hazard.footprint import FootprintSettings, measure, measure_objects, shared_covariance

SETTINGS = FootprintSettings()


@pytest.mark.parametrize("count", [2, 10, 200])
def test_covariance_agrees_with_monte_carlo(count):
    """Sample the same surface again and again, with the errors a scan shares, and compare."""
    generator, viewpoint = np.random.default_rng(1), np.array([0.0, 0.0, 1.7])
    middle, extent = np.array([12.0, 5.0, 0.6]), np.array([0.1, 0.8, 0.4])
    shared = shared_covariance(middle - viewpoint, SETTINGS)
    centroids, predicted = [], []
    for _ in range(4000):
        surface = middle + generator.uniform(-1, 1, (count, 3)) * extent
        points = surface + generator.multivariate_normal(np.zeros(3), shared)
        geometry = measure(points.astype(np.float32), 0.0, viewpoint, SETTINGS)
        centroids.append(geometry.centroid)
        predicted.append(geometry.covariance)
    actual = np.cov(np.array(centroids).T)
    expected = np.mean(predicted, axis=0)
    assert np.sqrt(np.diag(expected)) == pytest.approx(np.sqrt(np.diag(actual)), rel=0.1)


def test_the_shared_error_is_along_the_ray_and_across_it():
    covariance = shared_covariance(np.array([50.0, 0, 0]), SETTINGS)
    assert np.sqrt(covariance[0, 0]) == pytest.approx(SETTINGS.range_sigma, rel=0.01)
    assert np.sqrt(covariance[1, 1]) == pytest.approx(0.085, rel=0.02)  # 0.1 degree at 50 m


def test_one_point_is_a_small_zone():
    geometry = measure(np.array([[5, 1, 0.05]], np.float32), 0.0, np.zeros(3), SETTINGS)
    assert 3 <= len(geometry.polygon) <= 4
    assert np.ptp(geometry.polygon, axis=0).max() < 0.1
    assert (geometry.z_min, geometry.z_max) == (0.0, pytest.approx(0.05))
    assert (np.linalg.eigvalsh(geometry.covariance) > 0).all()


def test_what_hangs_does_not_stand():
    hanging = np.array([[5, 1, 2.0], [5, 1.2, 2.4]], np.float32)
    geometry = measure(hanging, 0.0, np.zeros(3), SETTINGS)
    assert geometry.z_min == pytest.approx(2.0)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 40), min_size=1, max_size=6))
def test_objects_measured_together_are_those_measured_alone(seed, sizes):
    generator = np.random.default_rng(seed)
    offset, viewpoint = generator.uniform(-5000, 5000, 3), generator.uniform(-1, 1, 3)
    objects = [
        (generator.uniform(-20, 20, 3) + generator.normal(0, 0.5, (size, 3))).astype(np.float32)
        for size in sizes
    ]
    together = measure_objects(objects, lambda xy: 0.01 * xy[:, 0], viewpoint, SETTINGS, offset)
    for points, one in zip(objects, together, strict=True):
        ground_z = 0.01 * float(points[:, 0].mean(dtype=np.float64))
        alone = measure(points, ground_z, viewpoint, SETTINGS)
        assert np.abs(one.covariance - alone.covariance).max() < 1e-12
        assert one.centroid == pytest.approx(alone.centroid + offset, abs=1e-9)
        assert one.points == pytest.approx(points + offset, abs=1e-9)
        levels = np.array([one.ground_z, one.z_min, one.z_max]) - offset[2]
        assert levels == pytest.approx([alone.ground_z, alone.z_min, alone.z_max], abs=1e-9)
        assert one.polygon == pytest.approx(alone.polygon + offset[:2], abs=1e-6)
        if len(points) > 1:
            cloud = points.astype(np.float64)
            plain = np.cov(cloud.T) / len(cloud)
            plain += shared_covariance(cloud.mean(axis=0) - viewpoint, SETTINGS)
            assert one.covariance == pytest.approx(plain, abs=1e-9)
