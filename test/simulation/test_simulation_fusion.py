"""Ground truth masks and simulated clouds through the fuser: zones must lie on the true objects."""

import cv2
import numpy as np
import pytest
from simple_apron import simple_apron

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.fuser import RegionFuser
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import RegionObservation, Support
from clipomaly_ros.simulation.drive import Drive


def transform(matrix):
    return RigidTransform(matrix[:3, :3], matrix[:3, 3])


@pytest.mark.parametrize(("seed", "weather"), [(0, {}), (1, {}), (2, {}), (0, {"wetness": 0.8, "rain": 0.5})])
def test_zones_lie_at_the_true_objects(seed, weather):
    drive = Drive(seed, simple_apron(seed, **weather))
    frame = drive.frame(4)
    lens = drive.intrinsics
    camera = CameraModel.from_camera_info(lens.width, lens.height, "plumb_bob", lens.D, lens.K.ravel())
    masks = np.zeros(frame.image.objects.shape, np.uint8)
    regions = []
    for number, index in enumerate(drive.scene.anomalies, start=1):
        mask = frame.image.objects == index
        masks[mask] = number
        box = cv2.boundingRect(mask.astype(np.uint8))
        regions.append(RegionObservation(number, drive.scene.objects[index].name, 2, (), 1.0, box, 1))
    fixed_from_camera = transform(drive.odom_from_camera(frame.image_time))
    fixed_from_cloud = transform(drive.odom_from_lidar(frame.cloud_time))
    result = RegionFuser().fuse(
        masks,
        regions,
        camera,
        PointCloud(frame.cloud.xyz),
        fixed_from_camera.inverse() @ fixed_from_cloud,
        fixed_from_cloud,
        fixed_from_camera,
    )
    assert not result.unplaced
    measured = {item.region.id: item for item in result.measurements}
    supports = []
    for number, index in enumerate(drive.scene.anomalies, start=1):
        item, box = measured[number], drive.scene.objects[index].box
        reach = 0.3 + np.hypot(*box.size[:2]) / 2
        offset = np.linalg.norm(item.geometry.centroid[:2] - box.centre[:2])
        if item.support == Support.FUSED:
            assert offset < reach, item.region.name
            assert item.geometry.z_max < box.centre[2] + box.size[2] / 2 + 0.1
        else:  # a viewing ray on the ground: good to some tenths of a metre here
            assert offset < reach + 0.8, item.region.name
        supports.append(item.support)
    assert supports.count(Support.FUSED) >= 3
