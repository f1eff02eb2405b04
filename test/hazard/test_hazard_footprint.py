import numpy as np
import pytest

from clipomaly_ros.hazard.footprint import FootprintSettings, measure, shared_covariance

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
