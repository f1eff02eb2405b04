"""What the bridges take from zones, and the keep-out mask."""

import math

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from zone_array import zone, zone_array

from clipomaly_msgs.msg import HazardZone
from clipomaly_ros.bridges.keep_out import grid_message
from clipomaly_ros.bridges.plain_zones import keep_out_grid, plain_zones, smallest_box
from clipomaly_ros.hazard.polygons import contains, convex_hull, inflate, signed_area

PLACES = st.floats(-40, 40)


def occupied(grid, points: np.ndarray) -> np.ndarray:
    """Look points [N, 2] up in a mask."""
    columns, rows = np.floor((points - grid.origin) / grid.resolution).astype(int).T
    inside = (columns >= 0) & (rows >= 0) & (columns < grid.cells.shape[1]) & (rows < grid.cells.shape[0])
    found = np.zeros(len(points), bool)
    found[inside] = grid.cells[rows[inside], columns[inside]] == 100
    return found


def test_cleared_and_impossible_zones_are_left_out_and_the_order_stays():
    array = zone_array(
        zone(3.0),
        zone(4.0, state=HazardZone.STATE_CLEARED),
        zone(5.0, z_max=math.nan),
        zone(6.0, polygon=[]),
        zone(7.0, state=HazardZone.STATE_UNCONFIRMED),
    )
    assert [found.centroid[0] for found in plain_zones(array)] == [3.0, 7.0]


def test_the_zones_own_name_comes_first_and_a_nameless_zone_is_unknown():
    operators = zone(5.0, name="fuel hose")
    nameless = zone(6.0, name="", candidates=[])
    first, second, third = plain_zones(zone_array(zone(), operators, nameless))
    assert first.names == (("suitcase", 0.25), ("pallet", 0.5))
    assert second.names[0] == ("fuel hose", 1.0)
    assert third.names == (("unknown", 0.75),)


def test_a_velocity_counts_only_when_it_is_valid():
    (found,) = plain_zones(zone_array(zone()))
    assert found.velocity is None
    assert found.height == pytest.approx(0.8)
    np.testing.assert_allclose(found.middle, [10.0, 2.0, 0.2], atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    yaw=st.floats(-math.pi, math.pi),
    length=st.floats(0.1, 20),
    ratio=st.floats(0.05, 0.9),
    centre=st.tuples(st.floats(-1e5, 1e5), st.floats(-1e5, 1e5)),
)
def test_the_smallest_box_of_a_rectangle_is_that_rectangle(yaw, length, ratio, centre):
    half = np.array([length, length * ratio]) / 2
    turn = np.array([[math.cos(yaw), -math.sin(yaw)], [math.sin(yaw), math.cos(yaw)]])
    corners = half * [[-1, -1], [-1, 1], [1, 1], [1, -1]] @ turn.T + centre
    box = smallest_box(corners)
    assert box.length == pytest.approx(length, rel=1e-3, abs=0.011)
    assert box.width == pytest.approx(length * ratio, rel=1e-2, abs=0.011)
    np.testing.assert_allclose(box.centre, centre, atol=0.01)
    assert abs(math.sin(box.yaw - yaw)) < 0.02
    assert -math.pi / 2 <= box.yaw <= math.pi / 2


@settings(max_examples=40, deadline=None)
@given(
    places=st.lists(st.tuples(PLACES, PLACES, st.floats(0.02, 3)), min_size=1, max_size=4),
    resolution=st.sampled_from([0.05, 0.1, 0.3]),
    keep_out=st.floats(0, 2),
)
@example(places=[(0.0, 1.0, 2.9)], resolution=0.05, keep_out=0.0)  # an edge on the border of two cells
def test_the_mask_covers_every_zone_with_its_keep_out_and_little_more(places, resolution, keep_out):
    zones = plain_zones(zone_array(*(zone(x, y, half, keep_out_radius=keep_out) for x, y, half in places)))
    grid = keep_out_grid(zones, resolution, 20000, HazardZone.ACTION_SLOW)
    assert grid.left_out == 0
    assert not grid.cells[[0, -1]].any()
    assert not grid.cells[:, [0, -1]].any()
    outlines = [inflate(found.polygon, found.keep_out) for found in zones]
    generator = np.random.default_rng(0)
    for outline in outlines:
        points = generator.uniform(outline.min(axis=0), outline.max(axis=0), (200, 2))
        points = np.vstack(
            [points[contains(outline, points)], outline * (1 - 1e-9) + 1e-9 * outline.mean(axis=0)]
        )
        assert occupied(grid, points).all()
    rows, columns = np.nonzero(grid.cells)
    centres = (np.column_stack([columns, rows]) + 0.5) * resolution + grid.origin
    near = np.zeros(len(centres), bool)
    for outline in outlines:
        near |= contains(inflate(outline, resolution), centres)
    assert near.all()


def test_the_mask_of_a_slanted_zone_is_exact_to_a_cell():
    corners = convex_hull(np.array([[0.0, 0.0], [4.0, 1.0], [1.0, 3.0]]))
    slanted = zone(keep_out_radius=0.0)
    slanted.polygon = [type(slanted.polygon[0])(x=float(x), y=float(y)) for x, y in corners]
    zones = plain_zones(zone_array(slanted))
    grid = keep_out_grid(zones, 0.02, 4000, 0)
    area = abs(signed_area(corners))
    assert (grid.cells == 100).sum() * 0.02**2 == pytest.approx(area, rel=0.06)


def test_far_zones_are_left_out_when_the_mask_would_be_too_large_and_mild_ones_stay_free():
    zones = plain_zones(
        zone_array(zone(5.0), zone(5000.0), zone(9.0), zone(7.0, suggested_action=HazardZone.ACTION_LOG))
    )
    grid = keep_out_grid(zones, 0.1, 400, HazardZone.ACTION_SLOW)
    assert grid.left_out == 1
    assert max(grid.cells.shape) <= 400
    assert occupied(grid, np.array([[5.0, 2.0], [9.0, 2.0], [7.0, 2.0]])).tolist() == [True, True, False]


def test_a_mask_without_zones_is_one_free_cell_and_the_message_tells_its_frame():
    array = zone_array()
    message = grid_message(array.header, keep_out_grid(plain_zones(array), 0.1, 400, 0))
    assert (message.info.width, message.info.height, list(message.data)) == (1, 1, [0])
    assert message.header == array.header


def test_the_message_has_the_masks_rows_along_y():
    array = zone_array(zone(10.0, 2.0, 0.5, keep_out_radius=0.0), zone(20.0, 2.0, 0.5, keep_out_radius=0.0))
    grid = keep_out_grid(plain_zones(array), 0.5, 400, 0)
    message = grid_message(array.header, grid)
    assert message.info.width > 2 * message.info.height
    cells = np.array(message.data).reshape(message.info.height, message.info.width)
    origin = message.info.origin.position
    column, row = int((10.0 - origin.x) / 0.5), int((2.0 - origin.y) / 0.5)
    assert cells[row, column] == 100
    assert cells[row, int((15.0 - origin.x) / 0.5)] == 0
