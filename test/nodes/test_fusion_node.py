"""hazard_fusion as a process over DDS: zones where they belong, time, transforms, operators."""

from __future__ import annotations

import signal
import time

import fusion_scene as scene
import numpy as np
import pytest
from fusion_rig import NODE, START, STEP, running_fusion
from lifecycle_msgs.msg import Transition
from ros_harness import Observer, node_process, wait_until
from rosgraph_msgs.msg import Clock
from tf2_msgs.msg import TFMessage
from unique_identifier_msgs.msg import UUID
from visualization_msgs.msg import Marker

from clipomaly_msgs.msg import HazardZone, HazardZoneArray
from clipomaly_msgs.srv import ClearZone, ConfirmZone

pytestmark = pytest.mark.dds


def nothing() -> np.ndarray:
    return np.zeros_like(scene.box_mask())


def test_a_box_becomes_a_zone_where_it_stands(tmp_path):
    with running_fusion(tmp_path) as rig:
        rig.legend()
        for _ in range(4):
            array = rig.good_pair()
        assert array.header.frame_id == scene.FIXED
        assert array.camera_frame == scene.CAMERA
        assert array.reference_frame == scene.BASE
        assert array.cloud_stamp == array.header.stamp
        assert "total" in {latency.stage for latency in array.latencies}
        (zone,) = array.zones
        corners = np.array([(corner.x, corner.y) for corner in zone.polygon])
        low, high = scene.BOX_CENTRE - scene.BOX_SIDE / 2, scene.BOX_CENTRE + scene.BOX_SIDE / 2
        np.testing.assert_allclose(corners.min(axis=0), low[:2], atol=0.15)
        np.testing.assert_allclose(corners.max(axis=0), high[:2], atol=0.15)
        assert zone.z_min == pytest.approx(0.0, abs=0.1)
        assert zone.z_max == pytest.approx(1.0, abs=0.1)
        assert zone.nearest_edge_distance == pytest.approx(np.hypot(low[0], low[1]), abs=0.15)
        assert (zone.name, zone.name_source) == ("suitcase", 2)
        assert zone.sensor_support == HazardZone.SUPPORT_FUSED
        assert zone.state == HazardZone.STATE_CONFIRMED
        assert (zone.model_id, zone.vocabulary_hash) == ("scene", "cd" * 32)
        # Markers are a topic of their own and may come later; those of the pair before look the same.
        wait_until(
            lambda: any(
                len(seen.markers) == 3 and seen.markers[0].header == array.header for seen in rig.markers
            ),
            "three markers of the last pair",
        )
        rig.wait_counter("pairs_matched", 4)
        assert rig.counter("pairs_dropped") == 0


def test_a_frame_without_regions_still_gets_its_array(tmp_path):
    with running_fusion(tmp_path) as rig:
        stamp = rig.stamp()
        rig.send(scene.anomaly_frame(stamp, nothing()), scene.camera_info(stamp), scene.cloud(stamp))
        assert list(rig.wait_zones(stamp).zones) == []


def test_frames_and_clouds_too_far_apart_are_told(tmp_path):
    with running_fusion(tmp_path, slop=0.02) as rig:
        stamp = rig.stamp()
        rig.send(scene.anomaly_frame(stamp), scene.camera_info(stamp))
        rig.wait_counter("frames_in")
        rig.send(cloud=scene.cloud(stamp + 30_000_000))
        rig.observer.wait_value(NODE, "nearest_stamp_difference", "0.0300 s")
        rig.observer.wait_value(NODE, "frames_without_cloud", "1")
        rig.good_pair()


def test_zones_of_an_untrained_model_say_so(tmp_path):
    with running_fusion(tmp_path) as rig:
        stamp = rig.stamp()
        frame = scene.anomaly_frame(stamp)
        frame.untrained = True
        rig.send(frame, scene.camera_info(stamp), scene.cloud(stamp))
        array = rig.wait_zones(stamp)
        assert array.zones[0].untrained
        assert array.health == HazardZoneArray.HEALTH_DEGRADED
        rig.observer.wait_value(NODE, "untrained", "true")


def test_two_cameras_share_one_cloud(tmp_path):
    with running_fusion(tmp_path, ("front", "rear"), cameras='["front", "rear"]') as rig:
        stamp = rig.stamp()
        rig.send_pair(stamp, "front")
        rig.send(scene.anomaly_frame(stamp), scene.camera_info(stamp), camera="rear")
        array = rig.wait_zones(stamp, 2)
        assert len(array.zones) == 1
        rig.wait_counter("pairs_matched", 2)


def test_looped_stamps_match_at_the_full_rate_again(tmp_path):
    with running_fusion(tmp_path) as rig:
        stamps = [START + index * STEP for index in range(20)]
        for stamp in stamps:
            rig.good_pair(stamp)
        first = rig.zones[-1].zones[0].id
        for stamp in stamps:
            rig.good_pair(stamp)
        assert sum(len(rig.arrays_of(stamp)) for stamp in stamps) == 40
        rig.wait_counter("time_jump_backward")
        assert rig.counter("time_jump_backward") == 1
        assert rig.zones[-1].zones[0].id != first
        assert rig.zones[-1].zones[0].observation_count <= 20
        assert any(marker.action == Marker.DELETEALL for array in rig.markers for marker in array.markers)


def test_missing_transforms_are_named_and_the_node_goes_on(tmp_path):
    with running_fusion(tmp_path, mounted=False, tf_timeout=0.5) as rig:
        rig.mount(fixed=False)
        rig.wait_heard()  # and with it the transforms, sent before
        stamp = rig.stamp()
        rig.send_pair(stamp)
        text = rig.wait_counter("transform_missing")
        assert "does not know 'odom'" in text
        assert f"known frames: {', '.join(sorted([scene.BASE, scene.CAMERA, scene.LIDAR]))}" in text
        assert not rig.arrays_of(stamp)
        rig.mount()
        rig.wait_heard()
        assert len(rig.good_pair().zones) == 1


def test_a_pair_waits_for_a_late_transform(tmp_path):
    with running_fusion(tmp_path, mounted=False, tf_timeout=60.0) as rig:
        rig.mount(fixed=False)
        stamp = rig.stamp()
        rig.send_pair(stamp)
        rig.wait_counter("pairs_matched")
        for at in (stamp - STEP, stamp + STEP):
            place = scene.transform(scene.FIXED, scene.BASE, (100.0, 0.0, 0.0), nanoseconds=at)
            rig.tf.publish(TFMessage(transforms=[place]))
        (zone,) = rig.wait_zones(stamp).zones
        assert zone.centroid.x == pytest.approx(100.0 + scene.BOX_CENTRE[0], abs=0.6)
        assert zone.nearest_edge_distance == pytest.approx(9.5, abs=0.2)


def test_an_operator_clears_and_confirms_zones(tmp_path):
    with running_fusion(tmp_path) as rig:
        (zone,) = rig.good_pair().zones
        call = rig.observer.call
        confirm = ConfirmZone.Request(
            id=zone.id, operator_name="ops 7", reason="seen on foot", name="Trolley"
        )
        answer = call(ConfirmZone, f"{NODE}/confirm_zone", confirm)
        assert answer.success, answer.message
        (zone,) = rig.good_pair().zones
        assert (zone.state, zone.name) == (HazardZone.STATE_CONFIRMED, "trolley")
        for request, word in (
            (ClearZone.Request(id=zone.id, operator_name="", reason="gone"), "operator_name"),
            (ClearZone.Request(id=zone.id, operator_name="ops 7", reason="  "), "reason"),
            (ClearZone.Request(id=zone.id, operator_name="ops\x1b[2J", reason="gone"), "operator_name"),
            (ClearZone.Request(id=UUID(), operator_name="ops 7", reason="gone"), "00000000-0000"),
        ):
            answer = call(ClearZone, f"{NODE}/clear_zone", request)
            assert not answer.success
            assert word in answer.message
        for name in ("bolt\n", "\u0130" * 31):  # the latter is 93 bytes in lower case
            confirm.name = name + "x"
            answer = call(ConfirmZone, f"{NODE}/confirm_zone", confirm)
            assert not answer.success
            assert "name" in answer.message
        (zone,) = rig.good_pair().zones
        assert zone.name == "trolley"
        clear = ClearZone.Request(id=zone.id, operator_name="ops 7", reason="picked up")
        answer = call(ClearZone, f"{NODE}/clear_zone", clear)
        assert answer.success, answer.message
        stamp = rig.stamp()
        rig.send(scene.anomaly_frame(stamp, nothing()), scene.camera_info(stamp), scene.cloud(stamp))
        (cleared,) = rig.wait_zones(stamp).zones
        assert (cleared.id, cleared.state) == (zone.id, HazardZone.STATE_CLEARED)
        stamp = rig.stamp()
        rig.send(scene.anomaly_frame(stamp, nothing()), scene.camera_info(stamp), scene.cloud(stamp))
        assert list(rig.wait_zones(stamp).zones) == []
        assert "audit: clear_zone" in rig.process.output
        assert rig.process.output.count("by 'ops 7'") >= 3


def test_silence_is_told_from_emptiness(tmp_path):
    with running_fusion(tmp_path, min_publish_rate=5.0, input_timeout=0.3) as rig:
        array = wait_until(lambda: rig.zones and rig.zones[-1], "a heartbeat")
        assert array.health == HazardZoneArray.HEALTH_STALE
        assert array.camera_frame == ""
        assert (array.cloud_stamp.sec, array.cloud_stamp.nanosec) == (0, 0)
        assert rig.good_pair(time.time_ns()).health != HazardZoneArray.HEALTH_STALE
        count = len(rig.zones)
        array = wait_until(lambda: len(rig.zones) > count and rig.zones[-1], "a heartbeat after a pair")
        assert array.health == HazardZoneArray.HEALTH_STALE
        assert len(array.zones) == 1


def test_simulated_time_that_loops(tmp_path):
    with running_fusion(tmp_path, use_sim_time=True, max_age=2.0, min_publish_rate=1.0) as rig:
        clock = rig.start_clock(START)

        def play(stamp: int) -> HazardZoneArray:
            clock.publish(Clock(clock=scene.stamp(stamp)))
            return rig.good_pair(stamp)

        stamps = [START + index * STEP for index in range(20)]
        for _ in range(2):
            for stamp in stamps:
                array = play(stamp)
        assert sum(len(rig.arrays_of(stamp)) for stamp in stamps) == 40
        assert array.zones[0].observation_count <= 20
        rig.wait_counter("time_jump_backward")


def test_old_and_future_pairs_are_refused_by_name(tmp_path):
    with running_fusion(tmp_path, use_sim_time=True, max_age=2.0, tf_timeout=1.0) as rig:
        now = START + 100 * STEP
        clock = rig.start_clock(now)
        rig.good_pair(now)
        rig.send_pair(now + 30 * STEP)
        rig.wait_counter("anomalies_from_the_future")
        rig.wait_counter("points_from_the_future")
        clock.publish(Clock(clock=scene.stamp(now + 25 * STEP)))
        rig.send_pair(now + STEP)
        rig.wait_counter("pairs_matched", 2)
        clock.publish(Clock(clock=scene.stamp(now + 90 * STEP)))  # the pair has waited in vain
        assert "max_age" in rig.wait_counter("pair_stale")
        rig.good_pair(now + 90 * STEP)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_node_cleanly(tmp_path, number):
    with running_fusion(tmp_path) as rig:
        rig.good_pair()
        rig.send_pair(rig.stamp())
        rig.process.send(number)
        assert rig.process.wait() == 0
        assert "Traceback" not in rig.process.output


@pytest.mark.parametrize(
    ("parameters", "word"),
    [
        ({"policy": "/nowhere/policy.yaml"}, "/nowhere/policy.yaml"),
        ({"slop": "soon"}, "slop"),
        ({"fixed_frame": "''"}, "fixed_frame"),
        ({"cameras": '["a", "a"]'}, "cameras"),
        ({"fusion.clearance": 5.0}, "fusion.clearance"),
    ],
)
def test_a_wrong_parameter_leaves_the_node_unconfigured_and_says_so(tmp_path, parameters, word):
    with (
        Observer() as observer,
        node_process("hazard_fusion", tmp_path / "log", parameters),
    ):
        wait_until(lambda: word in observer.values(NODE).get("configure_error", ""), f"an error about {word}")
        assert observer.state_of(NODE) == "unconfigured"


def test_the_life_cycle_can_be_gone_through_again(tmp_path):
    with running_fusion(tmp_path) as rig:
        first = rig.good_pair().zones[0].id
        change = rig.observer.change_state
        for transition in (
            Transition.TRANSITION_DEACTIVATE,
            Transition.TRANSITION_CLEANUP,
            Transition.TRANSITION_CONFIGURE,
            Transition.TRANSITION_ACTIVATE,
        ):
            assert change(NODE, transition)
        rig.wait_heard()
        array = rig.good_pair()
        assert array.zones[0].id != first
        assert "Traceback" not in rig.process.output
