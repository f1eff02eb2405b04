"""Many groups clustered at once are what each would be alone, and what the plain way gives."""

import numpy as np
from hypothesis import example, given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components
from scipy.spatial.distance import cdist

from clipomaly_ros.evaluation.bench_fusion_numpy import select_naively
from clipomaly_ros.hazard.clustering import cluster, cluster_groups
from clipomaly_ros.hazard.foreground import ForegroundSettings, Surroundings, select_objects


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.lists(st.integers(1, 60), min_size=1, max_size=6))
def test_groups_do_not_touch_each_other(seed, sizes):
    generator = np.random.default_rng(seed)
    tolerance = generator.uniform(0.1, 1.0, len(sizes))
    parts = [generator.uniform(-3, 3, (size, 3)).astype(np.float32) for size in sizes]
    found = cluster_groups(np.vstack(parts), np.array(sizes), tolerance)
    together = np.split(found.label[found.cell], np.cumsum(sizes)[:-1])
    before = 0
    for part, alone, labels in zip(parts, tolerance, together, strict=True):
        np.testing.assert_array_equal(labels - before, cluster(part, alone))
        before = labels.max() + 1
    assert before == found.count


def components(places, reach):
    """Return the number of connected components of places [n, 3] in steps of at most reach, and which."""
    return connected_components(csr_matrix(cdist(places, places) <= reach), directed=False)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 80), st.floats(0.1, 2.0))
def test_clusters_are_the_connected_components_of_the_distance_graph(seed, count, tolerance):
    points = np.random.default_rng(seed).uniform(-2, 2, (count, 3)).astype(np.float32)
    scaled = points.astype(np.float64) * (1.0, 1.0, 0.35)
    cells = np.floor((scaled - scaled.min(axis=0)) / (0.5 * tolerance)).astype(int)
    _, first, cell = np.unique(cells, axis=0, return_index=True, return_inverse=True)
    number, label = components(scaled[first], tolerance)
    found = cluster_groups(points, np.array([count]), np.array([tolerance]))
    assert found.count == number
    np.testing.assert_array_equal(found.first, first)
    np.testing.assert_array_equal(found.label, label)
    labels = cluster(points, tolerance)
    np.testing.assert_array_equal(labels, label[cell.ravel()])
    # A point and the one its cell is known by are nearer than the tolerance: thinning joins nothing.
    _, unthinned = components(scaled, tolerance)
    assert len(np.unique(np.column_stack([labels, unthinned]), axis=0)) == number


def test_no_points_have_no_labels():
    assert cluster(np.empty((0, 3)), 0.1).shape == (0,)


def crowd(generator, regions):
    """Regions with an object, its neighbours and what is behind it, as blobs in the box's pixels or near."""
    blobs = [
        (
            generator.normal(0, generator.uniform(0.05, 0.4), (generator.integers(1, 60), 3))
            + generator.uniform((3, -2, 0), (20, 2, 2)),
            generator.uniform((80, 80), (220, 220), 2),
            region,
        )
        for region in range(regions)
        for _ in range(generator.integers(1, 6))
    ]
    points = np.vstack([blob for blob, _, _ in blobs]).astype(np.float32)
    sizes = [len(blob) for blob, _, _ in blobs]
    uv = np.repeat([pixel for _, pixel, _ in blobs], sizes, axis=0)
    uv = (uv + generator.normal(0, 15, uv.shape)).astype(np.float32)
    return points, uv, np.repeat([region for _, _, region in blobs], sizes)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.sampled_from([0.0, 0.4, 2.0]))
@example(303, 3, 0.0)  # two points of equal score, one of them better by what float32 rounds
def test_objects_of_all_regions_are_those_of_the_plain_way(seed, regions, merge):
    generator, chosen = np.random.default_rng(seed), ForegroundSettings(merge=merge)
    points, uv, region = crowd(generator, regions)
    boxes = np.column_stack(
        [generator.integers(80, 140, (regions, 2)), generator.integers(20, 100, (regions, 2))]
    )
    low, high = boxes[region, :2], boxes[region, :2] + boxes[region, 2:]
    in_mask = ((uv >= low) & (uv < high)).all(axis=1)
    distance = np.linalg.norm(points, axis=1)
    around = Surroundings(
        points, uv[:, 0], uv[:, 1], in_mask, distance, np.bincount(region), boxes.astype(float)
    )
    together = select_objects(around, chosen)
    for number in range(regions):
        own = region == number
        # In float64, as it is used: it must not round what the other way does not.
        places, pixels, reach = (values[own].astype(np.float64) for values in (points, uv, distance))
        alone = select_naively(places, pixels, in_mask[own], reach, boxes[number], chosen)
        np.testing.assert_array_equal(together[own], alone)
