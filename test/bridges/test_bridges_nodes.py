"""The bridges as nodes: only what somebody hears is made; what is missing is said."""

import importlib.util
import subprocess
import sys

import pytest
from nav_msgs.msg import OccupancyGrid
from ros_harness import Observer, spinning, wait_until
from zone_array import zone, zone_array

from clipomaly_msgs.msg import HazardZoneArray
from clipomaly_ros.bridges.keep_out import KeepOutBridge
from clipomaly_ros.nodes import qos

NEEDS = {
    "nav2_filter_info": "nav2_msgs",
    "detection3d": "vision_msgs",
    "autoware": "autoware_perception_msgs",
}


@pytest.mark.dds
def test_a_mask_is_made_only_while_somebody_listens_and_a_bad_zone_does_not_end_the_bridge():
    converted = []

    class Counted(KeepOutBridge):
        def _convert(self, header, zones):
            converted.append(header.stamp.sec)
            return super()._convert(header, zones)

    with Observer() as observer, spinning(Counted) as bridge:
        publisher = observer.publisher(HazardZoneArray, "/hazard_zones")
        heard = []
        bridge.create_subscription(HazardZoneArray, "/hazard_zones", heard.append, 50)
        wait_until(lambda: publisher.get_subscription_count() >= 2, "both subscriptions")

        def told():
            publisher.publish(zone_array(zone()))
            return len(heard) >= 3

        wait_until(told, "three arrays heard by the bridge's node")
        assert converted == []
        masks = observer.subscribe(OccupancyGrid, "/keep_out_mask", qos.LATCHED)

        def shown():
            publisher.publish(zone_array(zone()))
            return any(100 in mask.data for mask in masks)

        wait_until(shown, "a mask with the zone")
        bad = zone_array(zone())
        bad.header.stamp.sec = 7
        bad.zones[0].keep_out_radius = 3e38

        def survived():
            publisher.publish(bad)
            publisher.publish(zone_array())
            return any(len(mask.data) == 1 for mask in masks)

        wait_until(survived, "an empty mask after a bad array")


@pytest.mark.parametrize("module", sorted(NEEDS))
def test_a_bridge_without_its_package_names_it(module: str):
    if importlib.util.find_spec(NEEDS[module]) is not None:
        pytest.skip(f"{NEEDS[module]} is installed")
    code = f"import sys; from clipomaly_ros.bridges import start; sys.exit(start.{module}())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"needs the ROS package {NEEDS[module]}" in done.stderr
    assert len(done.stderr.splitlines()) == 1
