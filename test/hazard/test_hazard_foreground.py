import numpy as np
import pytest

from clipomaly_ros.hazard.foreground import ForegroundSettings, Surroundings, select_objects

SETTINGS = ForegroundSettings()
BOX = (100, 100, 60, 80)


def surface(centre, size, left, top, right, bottom, count=120, seed=0):
    """An upright patch facing the camera, and its pixels."""
    generator = np.random.default_rng(seed)
    share = generator.random((count, 2))
    points = (
        np.array(centre) + np.column_stack([np.zeros(count), share[:, 0] - 0.5, 0.5 - share[:, 1]]) * size
    )
    u, v = left + share[:, 0] * (right - left), top + share[:, 1] * (bottom - top)
    return points, u, v


def select(*parts, chosen=SETTINGS):
    points, u, v = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    x, y, width, height = BOX
    in_mask = (u >= x) & (u < x + width) & (v >= y) & (v < y + height)
    owner = np.repeat(np.arange(len(parts)), [len(part[0]) for part in parts])
    distance = np.linalg.norm(points, axis=1).astype(np.float32)
    u, v = u.astype(np.float32), v.astype(np.float32)
    around = Surroundings(points, u, v, in_mask, distance, np.array([len(points)]), np.array([BOX], float))
    picked = select_objects(around, chosen)
    return [float(picked[owner == number].mean()) for number in range(len(parts))]


OBJECT = surface([8, 0, 0.8], 0.7, 102, 102, 158, 178)


def test_a_dense_wall_seen_past_the_object_is_left_out():
    wall = surface([12, 0, 1], 6.0, 60, 60, 200, 220, count=900)
    assert select(OBJECT, wall) == [1.0, 0.0]


def test_a_pole_in_front_that_goes_on_outside_is_left_out():
    pole = surface([5, 0.1, 1], [0, 0.05, 2.0], 125, 40, 131, 240, count=80)
    assert select(OBJECT, pole)[0] > 0.95
    assert select(OBJECT, pole)[1] == 0.0


def test_points_of_the_object_outside_a_small_mask_belong_to_it():
    larger = surface([8, 0, 0.8], 0.9, 95, 95, 165, 185, count=200)
    assert select(larger) == [1.0]


def test_a_part_of_the_object_just_beside_it_is_merged_when_it_is_in_the_mask():
    wheel = surface([8, 0.6, 0.2], 0.15, 104, 165, 112, 178, count=15)
    assert select(OBJECT, wheel) == [1.0, 1.0]
    assert select(OBJECT, wheel, chosen=ForegroundSettings(merge=0.0)) == [1.0, 0.0]


@pytest.mark.parametrize(
    ("distance", "count", "found"), [(8, 3, False), (8, 4, True), (25, 1, True), (12, 1, False)]
)
def test_far_objects_need_fewer_points(distance, count, found):
    few = surface([distance, 0, 0.1], 0.1, 120, 120, 140, 140, count=count)
    assert select(few) == [float(found)]


def test_nothing_in_the_mask_is_no_object():
    outside = surface([8, 0, 1], 1.0, 10, 10, 50, 50)
    assert select(outside) == [0.0]
