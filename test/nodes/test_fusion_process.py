"""hazard_fusion as a process of each test's own: starts, silences, loops and life cycles."""

from __future__ import annotations

import time
from pathlib import Path

import fusion_scene as scene
import pytest
from fusion_rig import NODE, START, STEP, running_fusion
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from ros_harness import wait_until
from rosgraph_msgs.msg import Clock

from clipomaly_msgs.msg import HazardZoneArray

pytestmark = pytest.mark.dds


def test_a_frame_before_any_calibration_is_counted(tmp_path: Path) -> None:
    with running_fusion(tmp_path, tf_timeout=1.0) as fresh:
        stamp = fresh.stamp()
        fresh.send(scene.anomaly_frame(stamp), None, scene.cloud(stamp))
        assert "/camera_info" in fresh.wait_counter("camera_info_missing")
        assert len(fresh.good_pair().zones) == 1


@pytest.mark.parametrize(
    ("rectified", "words"), [(False, "raw images: K and D (plumb_bob"), (True, "rectified images: R and P")]
)
def test_the_diagnostics_say_which_half_of_the_calibration_is_used(
    tmp_path: Path, rectified: bool, words: str
) -> None:
    with running_fusion(tmp_path, rectified=rectified) as rig:
        info = scene.camera_info(rig.stamp())
        info.p[[0, 2, 5, 6, 10]] = info.k[[0, 2, 4, 5, 8]]
        rig.send(info=info)
        rig.wait_counter("camera_infos_in")
        assert words in rig.observer.values(NODE)["calibration /camera_info"]


def test_a_frame_without_its_legend_is_placed_all_the_same(tmp_path: Path) -> None:
    with running_fusion(tmp_path) as fresh:
        assert len(fresh.good_pair().zones) == 1
        fresh.wait_counter("legend_missing")


def test_a_calibration_sent_only_once_outlives_loops_of_simulated_time(tmp_path: Path) -> None:
    with running_fusion(tmp_path, use_sim_time=True, max_age=2.0, min_publish_rate=1.0) as rig:
        clock = rig.start_clock(START)
        stamps = [START + index * STEP for index in range(20)]
        rig.send(info=scene.camera_info(stamps[0]))
        rig.wait_counter("camera_infos_in")
        for loop in range(1, 4):
            for stamp in stamps:
                clock.publish(Clock(clock=scene.stamp(stamp)))
                rig.send(scene.anomaly_frame(stamp), None, scene.cloud(stamp))
                rig.wait_zones(stamp, loop)
        assert sum(len(rig.arrays_of(stamp)) for stamp in stamps) == 60
        assert rig.counter("camera_infos_in") == 1
        rig.wait_counter("time_jump_backward", 2)


def test_silence_and_recovery(tmp_path: Path) -> None:
    with running_fusion(tmp_path, min_publish_rate=5.0, input_timeout=1.0) as rig:
        rig.good_pair(time.time_ns())
        count = len(rig.zones)
        wait_until(
            lambda: sum(array.health == HazardZoneArray.HEALTH_STALE for array in rig.zones[count:]) >= 3,
            "three heartbeats",
        )
        assert all(len(array.zones) == 1 for array in rig.zones[count:])
        array = rig.good_pair(time.time_ns())
        assert array.health in (HazardZoneArray.HEALTH_OK, HazardZoneArray.HEALTH_DEGRADED)
        assert array.camera_frame == scene.CAMERA


def _threads(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/task").iterdir()))


@pytest.mark.parametrize("transition", [Transition.TRANSITION_ACTIVATE, 200])
def test_a_transition_that_the_state_does_not_have_is_refused(tmp_path: Path, transition: int) -> None:
    with running_fusion(tmp_path) as rig:
        assert rig.good_pair().zones
        assert not rig.observer.change_state(NODE, transition)
        assert "while active" in rig.wait_counter("transition_refused")
        assert rig.good_pair().zones


def test_many_life_cycles_leave_nothing_behind(tmp_path: Path) -> None:
    with running_fusion(tmp_path) as rig:
        rig.good_pair()
        cycle = (
            Transition.TRANSITION_DEACTIVATE,
            Transition.TRANSITION_CLEANUP,
            Transition.TRANSITION_CONFIGURE,
            Transition.TRANSITION_ACTIVATE,
        )

        def count() -> int:
            return _threads(rig.process.process.pid)

        threads, publishers = count(), rig.observer.node.count_publishers("/hazard_zones")
        with rig.observer.calling(ChangeState, f"{NODE}/change_state") as change:
            for _ in range(20):
                for transition in cycle:
                    assert change(ChangeState.Request(transition=Transition(id=transition))).success
        wait_until(lambda: count() <= threads, f"at most {threads} threads, there are {count()}")
        wait_until(
            lambda: rig.observer.node.count_publishers("/hazard_zones") == publishers,
            f"{publishers} publishers",
        )
        for topic in ("/points", "/anomalies", "/camera_info", "/tf"):
            wait_until(
                lambda topic=topic: rig.observer.node.count_subscribers(topic) == 1,
                f"one subscriber of {topic}",
            )
        rig.wait_heard()
        assert rig.good_pair().zones
        assert "Traceback" not in rig.process.output
