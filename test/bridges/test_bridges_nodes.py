"""The bridges as nodes: only what somebody hears is made; what is missing is said."""

import importlib
import importlib.util
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import rclpy
from nav_msgs.msg import OccupancyGrid
from ros_harness import NodeProcess, Observer, spinning, wait_until
from zone_array import moving, zone, zone_array

from clipomaly_msgs.msg import HazardZoneArray
from clipomaly_ros.bridges.keep_out import KeepOutBridge
from clipomaly_ros.nodes import qos

NEEDS = {
    "nav2_filter_info": "nav2_msgs",
    "detection3d": "vision_msgs",
    "autoware": "autoware_perception_msgs",
}
# Bridge -> what it publishes: topic and message type
OUTPUTS = {
    "nav2_filter_info": {"/keep_out_filter_info": "CostmapFilterInfo"},
    "detection3d": {"/hazard_detections": "Detection3DArray"},
    "autoware": {"/detected_objects": "DetectedObjects", "/predicted_objects": "PredictedObjects"},
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


@pytest.mark.dds
def test_an_end_while_zones_are_converted_is_no_error(capfd: pytest.CaptureFixture[str]):
    class Ended(KeepOutBridge):
        def _convert(self, header, zones):
            message = super()._convert(header, zones)
            self.context.shutdown()
            return message

    context = rclpy.Context()
    rclpy.init(context=context)
    bridge = Ended(context=context)
    with Observer() as observer:
        observer.subscribe(OccupancyGrid, "/keep_out_mask", qos.LATCHED)
        (bridge_publisher,) = [each for each in bridge.publishers if each.topic_name == "/keep_out_mask"]
        wait_until(bridge_publisher.get_subscription_count, "a listener of the mask")
        bridge._on_zones(zone_array(zone()))
        assert not context.ok()
        bridge.destroy_node()
    assert "left out" not in capfd.readouterr().err


@pytest.mark.parametrize("module", sorted(NEEDS))
def test_a_bridge_without_its_package_names_it(module: str):
    # None in sys.modules makes the import fail as it does for a package that is not there.
    hide = f"sys.modules['{NEEDS[module]}'] = None; " if importlib.util.find_spec(NEEDS[module]) else ""
    code = f"import sys; {hide}from clipomaly_ros.bridges import start; sys.exit(start.{module}())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert f"needs the ROS package {NEEDS[module]}" in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.dds
@pytest.mark.parametrize("module", sorted(NEEDS))
def test_a_bridge_as_a_process_sends_what_its_package_defines_and_ends_cleanly(module: str, tmp_path: Path):
    if importlib.util.find_spec(NEEDS[module]) is None:
        pytest.skip(f"the ROS package {NEEDS[module]} is not installed")
    messages = importlib.import_module(f"{NEEDS[module]}.msg")
    code = f"import sys; from clipomaly_ros.bridges import start; sys.exit(start.{module}())"
    command = [sys.executable, "-c", code]
    array = zone_array(moving(), zone(20.0, name="person"))
    with Observer() as observer, NodeProcess(command, tmp_path / "log.txt") as bridge:
        latched = qos.LATCHED if module == "nav2_filter_info" else qos.RESULTS
        heard = {
            topic: observer.subscribe(getattr(messages, kind), topic, latched)
            for topic, kind in OUTPUTS[module].items()
        }
        publisher = observer.node.create_publisher(HazardZoneArray, "/hazard_zones", 5)

        def told() -> bool:
            assert bridge.process.poll() is None, bridge.output
            publisher.publish(array)
            return all(heard.values())

        wait_until(told, f"a message of {module} on {', '.join(heard)}")
        bridge.send(signal.SIGINT)
        assert bridge.wait() == 0, bridge.output
    assert "Traceback" not in bridge.output
    assert "left out" not in bridge.output
    if module == "nav2_filter_info":
        (info,) = heard["/keep_out_filter_info"]
        assert (info.type, info.filter_mask_topic) == (0, "/keep_out_mask")
        return
    ids = [uuid.UUID(bytes=bytes(one.id.uuid)) for one in array.zones]
    for topic, got in heard.items():
        assert got[0].header == array.header
        found = got[0].detections if module == "detection3d" else got[0].objects
        assert len(found) == len(ids)
        if topic == "/hazard_detections":
            assert [uuid.UUID(one.id) for one in found] == ids
        if topic == "/predicted_objects":
            assert [uuid.UUID(bytes=bytes(one.object_id.uuid)) for one in found] == ids
