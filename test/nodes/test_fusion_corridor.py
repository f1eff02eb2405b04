"""Obstacles without a mask, from messages to messages: labels, legend and policy decide what explains."""

import dataclasses
import time
from pathlib import Path
from types import SimpleNamespace

import fusion_scene as scene
import numpy as np
import pytest

from clipomaly_msgs.msg import HazardZone
from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.fuser import FusionSettings, RegionFuser
from clipomaly_ros.hazard.policy import load_policy
from clipomaly_ros.hazard.tracker import TrackerSettings, ZoneTracker
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.nodes.anomaly_frame_input import read_anomaly_frame
from clipomaly_ros.nodes.cloud_input import read_cloud
from clipomaly_ros.nodes.fusion_interface import FUSION_PARAMETERS
from clipomaly_ros.nodes.fusion_settings import settings_from
from clipomaly_ros.nodes.transforms_at_stamps import PairTransforms
from clipomaly_ros.nodes.zone_keeper import ReadyPair, ZoneKeeper

POLICY = load_policy(Path(__file__).resolve().parents[2] / "config" / "hazard_policy.yaml")
OPTICAL = np.array([[0.0, 0, 1], [-1, 0, 0], [0, -1, 0]])
BASE_FROM_CAMERA = RigidTransform(OPTICAL, [0.0, 0.0, scene.CAMERA_HEIGHT])
BASE_FROM_LIDAR = RigidTransform(np.eye(3), [0.0, 0.0, scene.LIDAR_HEIGHT])
GROUPS = {0: "surface", 5: "vehicle", 6: "soft", 7: ""}
SECOND = 1_000_000_000


class Stage:
    """Fusion of pictures without regions, by the node's parameters."""

    def __init__(self, **changes):
        values = {row.attribute: row.default for row in FUSION_PARAMETERS}
        values |= {f"fusion_corridor_{name}": value for name, value in changes.items()}
        settings = settings_from(FusionSettings, SimpleNamespace(**values), "fusion")
        self.arrays, self.stamp = [], SECOND
        self.keeper = ZoneKeeper(
            RegionFuser(settings),
            ZoneTracker(TrackerSettings(), POLICY),
            scene.FIXED,
            scene.BASE,
            1.0,
            lambda outgoing: self.arrays.append(outgoing.zones),
        )

    def see(self, label=0, reference=None, mask=None):
        """Fuse one picture in which the box has a label, and return the zones."""
        self.stamp += SECOND // 10
        nothing = np.zeros((scene.HEIGHT, scene.WIDTH), np.uint8)
        frame = read_anomaly_frame(scene.anomaly_frame(self.stamp, nothing if mask is None else mask))
        frame = dataclasses.replace(frame, label_image=scene.box_mask() * np.uint8(label))
        info = scene.camera_info(self.stamp)
        model = CameraModel.from_camera_info(info.width, info.height, info.distortion_model, info.d, info.k)
        where = PairTransforms(
            BASE_FROM_CAMERA.inverse() @ BASE_FROM_LIDAR,
            BASE_FROM_LIDAR,
            BASE_FROM_CAMERA,
            reference or RigidTransform.identity(),
        )
        cloud = read_cloud(scene.cloud(self.stamp))
        pair = ReadyPair("", frame, cloud, time.monotonic(), 0, model, where)
        assert self.keeper.fuse(pair, frame.regions_with_groups(GROUPS), GROUPS)
        return self.arrays[-1].zones


def test_an_obstacle_without_a_mask_is_a_tentative_zone():
    stage = Stage(enabled=True)
    for _ in range(5):
        (zone,) = stage.see()
    assert (zone.state, zone.sensor_support) == (HazardZone.STATE_TENTATIVE, HazardZone.SUPPORT_LIDAR_ONLY)
    assert (zone.name, zone.name_source, zone.observation_count) == ("", 0, 5)
    assert zone.point_count > 100
    assert zone.nearest_edge_distance == pytest.approx(np.hypot(9.5, 0.5), abs=0.1)
    assert (zone.severity, zone.suggested_action) == (
        HazardZone.SEVERITY_HIGH,
        HazardZone.ACTION_ASK_OPERATOR,
    )


def test_it_is_off_by_default():
    assert not Stage().see()


@pytest.mark.parametrize(("label", "zones"), [(5, 0), (6, 0), (7, 1), (0, 1), (99, 1)])
def test_labels_of_things_explain_and_those_of_ground_or_nothing_do_not(label, zones):
    assert len(Stage(enabled=True).see(label)) == zones


def test_the_corridor_is_that_of_the_reference_frame():
    beside = RigidTransform(np.eye(3), [0.0, 8.0, 0.0])
    assert not Stage(enabled=True).see(reference=beside)
    assert not Stage(enabled=True, length=5.0).see()


def test_a_mask_makes_a_confirmed_zone_of_it_under_the_same_id():
    stage = Stage(enabled=True)
    (bare,) = stage.see()
    for _ in range(3):
        (zone,) = stage.see(mask=scene.box_mask())
    assert bytes(zone.id.uuid) == bytes(bare.id.uuid)
    assert (zone.state, zone.sensor_support) == (HazardZone.STATE_CONFIRMED, HazardZone.SUPPORT_FUSED)
    assert zone.name == "suitcase"
