import numpy as np
import pytest
from apron_scene import CAMERA

from clipomaly_ros.hazard.association import (
    AssociationSettings,
    around_region,
    drop_hidden,
    erode_regions,
    project_cloud,
    regions_under,
)
from clipomaly_ros.hazard.types import RegionObservation


def grid(depth, spread, count=40):
    """A patch of points facing the camera, in the optical frame."""
    x, y = np.meshgrid(np.linspace(-spread, spread, count), np.linspace(-spread, spread, count))
    return np.column_stack([x.ravel(), y.ravel(), np.full(x.size, depth)]).astype(np.float32)


def test_points_well_behind_a_nearer_surface_are_hidden():
    near, far, beside = grid(5, 0.3), grid(12, 0.5), grid(12, 0.5) + np.array([3, 0, 0], np.float32)
    points = np.vstack([near, far, beside])
    seen = drop_hidden(project_cloud(points, CAMERA), CAMERA, AssociationSettings())
    kept = np.zeros(len(points), bool)
    kept[seen.index] = True
    assert kept[: len(near)].all()
    assert not kept[len(near) : len(near) + len(far)].any()
    assert kept[len(near) + len(far) :].all()


def test_the_neighbour_cells_of_a_sparse_surface_hide_too():
    lone = np.array([[0.0, 0.0, 5.0]], np.float32)
    step = 5 / 700 * 12  # five pixels at 12 m: another cell, next to the first
    behind = np.array([[step, 0.0, 12.0], [20 * step, 0.0, 12.0]], np.float32)
    seen = drop_hidden(project_cloud(np.vstack([lone, behind]), CAMERA), CAMERA, AssociationSettings())
    assert seen.index.tolist() == [0, 2]


def test_a_slanted_surface_does_not_hide_itself():
    steps = np.linspace(0, 1, 3000)
    surface = np.column_stack([-2 + 4 * steps, np.zeros(3000), 8 + 6 * steps]).astype(np.float32)
    projected = project_cloud(surface, CAMERA)
    assert len(drop_hidden(projected, CAMERA, AssociationSettings()).index) == len(projected.index)


def test_the_visibility_test_can_be_switched_off():
    points = np.vstack([grid(5, 0.3), grid(12, 0.5)])
    projected = project_cloud(points, CAMERA)
    assert drop_hidden(projected, CAMERA, AssociationSettings(visibility_cell=0)) is projected


@pytest.mark.parametrize("kind", [np.uint8, np.uint16])
def test_the_region_under_each_point_is_the_one_of_its_pixel(kind):
    image = np.zeros((CAMERA.height, CAMERA.width), kind)
    image[270, 480] = 200
    seen = project_cloud(np.array([[0, 0, 4.0], [0.1, 0, 4.0], [0, 0, -4.0]], np.float32), CAMERA)
    assert seen.index.tolist() == [0, 1]
    assert regions_under(seen, image, AssociationSettings()).tolist() == [200, 0]


def test_erosion_takes_the_border_of_every_region():
    image = np.zeros((20, 30), np.uint16)
    image[2:12, 2:12], image[2:12, 12:25] = 300, 7
    eroded = erode_regions(image, 2)
    assert (eroded[4:10, 4:10] == 300).all()
    assert (eroded[4:10, 14:23] == 7).all()
    assert np.count_nonzero(eroded) == 6 * 6 + 6 * 9
    assert erode_regions(image, 0) is image


def test_the_surroundings_of_a_region_are_its_box_grown():
    region = RegionObservation(1, "", 0, (), 1.0, (400, 200, 100, 80), 1)
    uv = np.array([[450, 240], [365, 240], [355, 240], [450, 310], [450, 320]], float)
    points = CAMERA.rays(uv) * 9
    seen = project_cloud(points.astype(np.float32), CAMERA)
    assert around_region(seen, region, AssociationSettings(context=0.3)).tolist() == [0, 1, 3]
