import numpy as np
import pytest
from apron_scene import CAMERA, CAMERA_FROM_LIDAR, FIXED_FROM_LIDAR, SENSOR_HEIGHT, draw, scan
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from clipomaly_ros.hazard.association import AssociationSettings
from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.footprint import FootprintSettings
from clipomaly_ros.hazard.foreground import ForegroundSettings
from clipomaly_ros.hazard.fuser import FusionSettings, RegionFuser
from clipomaly_ros.hazard.ground import GroundSettings
from clipomaly_ros.hazard.ground_ray import GroundRaySettings
from clipomaly_ros.hazard.merging import join_sightings
from clipomaly_ros.hazard.polygons import contains, is_clockwise, nearest_edge_distance
from clipomaly_ros.hazard.tracker_settings import TrackerSettings
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import HazardError, RegionObservation, Support

FUSER = RegionFuser()
CRATE = (8.0, 9.0, -0.5, 0.7, 1.1)
SUITCASE = (13.0, 13.4, 2.0, 2.7, 0.6)
WALL = (20.0, 20.5, -9.0, 9.0, 3.0)


def fuse(cloud, image, regions, fixed_from_lidar=FIXED_FROM_LIDAR, fuser=FUSER):
    fixed_from_camera = fixed_from_lidar @ CAMERA_FROM_LIDAR.inverse()
    return fuser.fuse(image, regions, CAMERA, cloud, CAMERA_FROM_LIDAR, fixed_from_lidar, fixed_from_camera)


def by_id(result):
    return {measurement.region.id: measurement for measurement in result.measurements}


def assert_is_box(geometry, box):
    x0, x1, y0, y1, height = box
    polygon = geometry.polygon
    assert is_clockwise(polygon)
    grown = np.array([[x0 - 0.1, y0 - 0.1], [x0 - 0.1, y1 + 0.1], [x1 + 0.1, y1 + 0.1], [x1 + 0.1, y0 - 0.1]])
    assert contains(grown, polygon).all(), "the zone leaves the object"
    assert nearest_edge_distance(polygon, [0, 0]) == pytest.approx(
        nearest_edge_distance(grown, [0, 0]) + 0.1, abs=0.1
    )
    assert np.ptp(polygon[:, 1]) == pytest.approx(y1 - y0, abs=0.15)
    assert geometry.ground_z == pytest.approx(0.0, abs=0.05)
    assert geometry.z_min == pytest.approx(0.0, abs=0.05)
    assert geometry.z_max == pytest.approx(height, abs=0.12)
    assert contains(polygon, geometry.points[:, :2], 1e-3).all()


def test_boxes_on_the_apron_are_measured_as_they_are():
    boxes = [CRATE, SUITCASE]
    result = fuse(scan([*boxes, WALL]), *draw(boxes))
    placed = by_id(result)
    assert not result.unplaced
    for number, box in enumerate(boxes, 1):
        assert placed[number].support is Support.FUSED
        assert_is_box(placed[number].geometry, box)
    assert set(result.latencies) == {"ground", "project", "place"}


def test_an_object_half_behind_another_is_not_taken_for_it():
    behind = (14.0, 14.5, 0.2, 1.6, 1.5)
    placed = by_id(fuse(scan([CRATE, behind, WALL]), *draw([CRATE, behind])))
    assert_is_box(placed[1].geometry, CRATE)
    assert placed[2].geometry.points[:, 0].min() > 13.8
    assert placed[2].geometry.points[:, 0].max() < 14.7


def test_a_coarse_lidar_still_gives_the_object():
    placed = by_id(fuse(scan([CRATE, WALL], beams=24, step=0.4), *draw([CRATE])))
    assert placed[1].support is Support.FUSED
    assert placed[1].geometry.points[:, 0].max() < 9.2


@pytest.mark.parametrize(
    "boxes",
    [
        [(8, 8.3, 0.05, 0.35, 0.7), (8, 8.3, -0.35, -0.05, 0.7)],  # two cones
        [(12, 12.4, 0.0, 0.5, 1.8), (12.1, 12.5, -0.5, -0.02, 1.8)],  # two people, shoulder to shoulder
    ],
)
def test_things_side_by_side_stay_two(boxes):
    measurements = fuse(scan(boxes), *draw(boxes)).measurements
    for number, (_, _, y0, y1, _) in enumerate(boxes, 1):
        (geometry,) = (item.geometry for item in measurements if item.region.id == number)
        low, high = geometry.polygon[:, 1].min(), geometry.polygon[:, 1].max()
        assert (low, high) == pytest.approx((y0, y1), abs=0.1)
    assert len(join_sightings(measurements, TrackerSettings())) == 2


def test_a_small_thing_between_the_rings_of_a_far_cloud_is_not_ground():
    box = (25.0, 25.4, -0.3, 0.3, 0.35)
    (measurement,) = fuse(scan([box], beams=16), *draw([box])).measurements
    assert measurement.support is Support.FUSED
    assert measurement.geometry.z_max > 0.2


def test_zones_keep_their_shape_far_from_the_origin():
    far = RigidTransform(np.eye(3), [6.9e5, 5.3e6, 450.0])  # as a map frame in UTM coordinates
    cloud, drawn = scan([CRATE]), draw([CRATE])
    (here,), (there,) = (
        fuse(cloud, *drawn, frame).measurements for frame in (FIXED_FROM_LIDAR, far @ FIXED_FROM_LIDAR)
    )
    for name in ("polygon", "points"):
        shift = far.translation[: getattr(here.geometry, name).shape[1]]
        back = getattr(there.geometry, name) - shift
        assert back == pytest.approx(getattr(here.geometry, name), abs=0.005), name
    assert there.geometry.covariance == pytest.approx(here.geometry.covariance, abs=1e-6)


def test_an_object_on_a_ramp_is_measured_from_the_ramp():
    slope = (0.06, 0.02)
    cloud = scan([CRATE], slope=slope)
    image, regions = draw([CRATE])
    geometry = by_id(fuse(cloud, image, regions))[1].geometry
    expected = geometry.centroid[:2] @ slope
    assert geometry.ground_z == pytest.approx(expected, abs=0.06)


@settings(max_examples=25, deadline=None)
@given(
    st.floats(-3.1, 3.1),
    st.tuples(st.floats(-5e5, 5e5), st.floats(-5e5, 5e5), st.floats(-500, 500)),
)
def test_a_rigid_motion_of_the_world_moves_the_zones_by_it(yaw, shift):
    cloud, (image, regions) = scan([CRATE, SUITCASE, WALL]), draw([CRATE, SUITCASE])
    motion = RigidTransform.from_quaternion(Rotation.from_euler("z", yaw).as_quat(), shift)
    still, moved = (
        by_id(fuse(cloud, image, regions, pose)) for pose in (FIXED_FROM_LIDAR, motion @ FIXED_FROM_LIDAR)
    )
    for number, before in still.items():
        after = moved[number].geometry
        geometry = before.geometry
        assert len(after.points) == pytest.approx(len(geometry.points), rel=0.02)
        assert after.centroid == pytest.approx(motion.apply(geometry.centroid[None])[0], abs=0.03)
        assert after.z_max - after.ground_z == pytest.approx(geometry.z_max - geometry.ground_z, abs=0.03)
        outline = np.column_stack([geometry.polygon, np.zeros(len(geometry.polygon))])
        for corner in motion.apply(outline)[:, :2]:
            assert nearest_edge_distance(after.polygon, corner) < 0.03
        turned = motion.rotation @ geometry.covariance @ motion.rotation.T
        assert after.covariance == pytest.approx(turned, abs=1e-3)


def test_without_returns_the_zone_rests_on_the_ground_plane_and_says_so():
    result = fuse(PointCloud.empty(), *draw([CRATE, SUITCASE]))
    for number, box in enumerate([CRATE, SUITCASE], 1):
        measurement = by_id(result)[number]
        geometry = measurement.geometry
        assert measurement.support is Support.GROUND_PLANE
        assert len(geometry.points) == 0
        assert nearest_edge_distance(geometry.polygon, [0, 0]) == pytest.approx(box[0], abs=0.4)
        assert np.ptp(geometry.polygon[:, 1]) == pytest.approx(box[3] - box[2], abs=0.3)
        assert np.sqrt(geometry.covariance[0, 0]) > 0.3, "an assumed place must not look like a measured one"


def test_ground_returns_alone_do_not_make_an_object():
    spill = (9.0, 11.0, -1.0, 1.0, 0.0)
    image, regions = draw([spill], state=2)
    measurement = by_id(fuse(scan([]), image, regions))[1]
    assert measurement.support is Support.GROUND_PLANE
    assert nearest_edge_distance(measurement.geometry.polygon, [0, 0]) == pytest.approx(9.0, abs=0.2)


def test_a_wall_seen_past_a_flat_object_is_not_the_object():
    small = (10.0, 10.1, -0.05, 0.05, 0.03)
    image, regions = draw([small])
    image[:, :] = 0
    x, y, width, height = regions[0].box
    tall = (x - 5, y - 60, width + 10, height + 60)  # the mask bleeds upwards onto the wall
    image[tall[1] : tall[1] + tall[3], tall[0] : tall[0] + tall[2]] = 1
    region = RegionObservation(1, "", 0, (), 0.9, tall, 1)
    measurement = by_id(fuse(scan([WALL]), image, [region]))[1]
    assert np.hypot(*measurement.geometry.centroid[:2]) < 14


def test_a_region_above_the_horizon_is_not_placed_and_the_reason_is_given():
    image = np.zeros((CAMERA.height, CAMERA.width), np.uint16)
    image[10:40, 100:150] = 700
    region = RegionObservation(700, "kite", 2, (), 0.9, (100, 10, 50, 30), 1)
    result = fuse(PointCloud.empty(), image, [region])
    assert not result.measurements
    assert "horizon" in result.unplaced[700]


@pytest.mark.parametrize(
    ("state", "box", "word"), [(3, (0, 0, 5, 5), "valid"), (1, (0, 500, 5, 5), "no pixels")]
)
def test_every_region_ends_somewhere(state, box, word):
    image = np.zeros((CAMERA.height, CAMERA.width), np.uint8)
    result = fuse(scan([]), image, [RegionObservation(1, "", 0, (), 0.9, box, state)])
    assert word in result.unplaced[1]


def test_no_regions_give_nothing():
    image = np.zeros((CAMERA.height, CAMERA.width), np.uint8)
    assert fuse(scan([CRATE]), image, []).measurements == ()


@pytest.mark.parametrize(
    "image", [np.zeros((10, 10), np.uint8), np.zeros((540, 960), np.int32), np.zeros((540, 960, 1), np.uint8)]
)
def test_a_region_image_of_another_picture_is_refused(image):
    with pytest.raises(HazardError, match="region image"):
        fuse(scan([]), image, [])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(1, 400), st.floats(0.1, 1e4))
def test_any_finite_cloud_gives_finite_zones(seed, count, scale):
    xyz = np.random.default_rng(seed).normal(0, scale, (count, 3)).astype(np.float32)
    image, regions = draw([CRATE, SUITCASE])
    result = fuse(PointCloud(xyz), image, regions)
    assert len(result.measurements) + len(result.unplaced) == len(regions)
    for measurement in result.measurements:
        geometry = measurement.geometry
        assert np.isfinite(geometry.polygon).all()
        assert geometry.z_min <= geometry.z_max
        assert (np.linalg.eigvalsh(geometry.covariance) > 0).all()


@pytest.mark.parametrize(
    "make",
    [
        lambda: FusionSettings(clearance=0.0),
        lambda: FusionSettings(max_range=-1.0),
        lambda: FusionSettings(time_sigma=float("nan")),
        lambda: GroundSettings(height=float("nan")),
        lambda: GroundSettings(max_slope=2.0),
        lambda: GroundSettings(cell=0.0),
        lambda: AssociationSettings(context=-0.1),
        lambda: AssociationSettings(visibility_cell=-1),
        lambda: ForegroundSettings(tolerance=0.0),
        lambda: ForegroundSettings(own_share=0.0),
        lambda: FootprintSettings(range_sigma=0.0),
        lambda: GroundRaySettings(max_range=float("nan")),
    ],
)
def test_settings_that_make_no_sense_are_refused(make):
    with pytest.raises(HazardError):
        make()


def test_the_sensor_height_of_the_scene_is_what_the_ground_says():
    image, regions = draw([CRATE])
    lidar_is_fixed = by_id(fuse(scan([CRATE]), image, regions, RigidTransform.identity()))[1]
    assert lidar_is_fixed.geometry.ground_z == pytest.approx(-SENSOR_HEIGHT, abs=0.05)
