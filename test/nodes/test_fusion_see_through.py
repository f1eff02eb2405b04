"""hazard_fusion where the picture shows something and the LiDAR looks through it."""

from __future__ import annotations

import fusion_scene as scene
import numpy as np
from fusion_direct import START, STEP, DirectFusion, direct_fusion

from clipomaly_msgs.msg import HazardZone, LabelLegend, LegendEntry


def bare_ground() -> np.ndarray:
    """Return the ground as the LiDAR sees it without the box, float32 [N, 3], in its frame."""
    x, y = np.meshgrid(np.arange(3.0, 40.0, 0.1), np.arange(-7.0, 7.0, 0.1))
    ground = np.column_stack([x.ravel(), y.ravel(), np.zeros(x.size)])
    return (ground - [0.0, 0.0, scene.LIDAR_HEIGHT]).astype(np.float32)


def know_the_suitcase(fusion: DirectFusion) -> None:
    """Park, and say what group the scene's label belongs to."""
    fusion.park()
    entry = LegendEntry(label=7, name="suitcase", group="baggage")
    fusion.receive("/legend", LabelLegend(legend_id=scene.LEGEND_ID, entries=[entry]))


def look(fusion: DirectFusion, first: int, points: np.ndarray | None, count: int = 8) -> HazardZone:
    for number in range(first, first + count):
        stamp = START + number * STEP
        fusion.receive("/camera_info", scene.camera_info(stamp))
        fusion.receive("/points", scene.cloud(stamp, points))
        fusion.receive("/anomalies", scene.anomaly_frame(stamp))
        fusion.measured()
    (zone,) = fusion.zones[-1].zones
    return zone


def test_what_the_lidar_sees_through_stays_tentative_and_is_counted_until_it_returns_something():
    with direct_fusion(max_age=0.0) as fusion:
        know_the_suitcase(fusion)
        zone = look(fusion, 0, bare_ground())
        assert (zone.state, zone.name) == (HazardZone.STATE_TENTATIVE, "suitcase")
        assert zone.sensor_support == HazardZone.SUPPORT_GROUND_PLANE
        assert zone.observation_count == 8
        assert fusion.count("regions_seen_through") == 8
        zone = look(fusion, 8, None)
        assert zone.state == HazardZone.STATE_CONFIRMED
        assert fusion.count("regions_seen_through") == 8


def test_a_picture_alone_confirms_where_no_ray_says_otherwise():
    with direct_fusion(max_age=0.0) as fusion:
        know_the_suitcase(fusion)
        ground = bare_ground()
        behind = (ground[:, 0] > 8.0) & (np.abs(ground[:, 1]) < 6.0)  # as of wet ground: no returns
        zone = look(fusion, 0, ground[~behind])
        assert zone.state == HazardZone.STATE_CONFIRMED
        assert zone.sensor_support == HazardZone.SUPPORT_GROUND_PLANE
        assert fusion.count("regions_seen_through") == 0
