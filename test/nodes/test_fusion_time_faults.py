"""hazard_fusion when time itself is at fault: a clock that stops, single wrong stamps."""

from __future__ import annotations

import itertools
import time
from pathlib import Path

import fusion_scene as scene
import pytest
from fusion_direct import SECOND, direct_fusion
from fusion_rig import NODE, START, STEP, running_fusion
from hypothesis import given, settings
from hypothesis import strategies as st
from ros_harness import wait_until
from rosgraph_msgs.msg import Clock

from clipomaly_msgs.msg import HazardZoneArray
from clipomaly_ros.nodes import diagnostics
from clipomaly_ros.nodes.clock_watch import ClockWatch


@settings(deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0.01, 10.0)), min_size=1))
def test_a_clock_stands_for_as_long_as_it_has_not_moved(looks):
    watch, now, steady, stood = ClockWatch(), 0, 100.0, 0.0
    watch.look(now, steady)
    for moves, later in looks:
        now, steady = now + moves, steady + later
        stood = 0.0 if moves else stood + later
        assert watch.look(now, steady) == pytest.approx(stood)


def test_heartbeats_follow_the_node_time_and_real_time_when_that_stands(monkeypatch):
    real = 1000.0
    with direct_fusion(min_publish_rate=2.0, clock_timeout=1.0) as fusion:
        monkeypatch.setattr(time, "monotonic", lambda: real)
        sent = []
        fusion.set_time(START)
        fusion.park()
        for _ in range(40):  # two seconds of real time, four of the node's
            real += 0.05
            fusion.set_time(fusion.clock.now().nanoseconds + STEP)
            fusion.node._heartbeat()
        assert len(fusion.zones) == 7  # the first look only begins to count
        assert not any("clock stopped" in array.health_message for array in fusion.zones)
        for _ in range(80):  # four seconds in which it stands
            real += 0.05
            fusion.node._heartbeat()
        sent = fusion.zones[7:]
        assert 7 <= len(sent) <= 8
        assert {array.health for array in sent} == {HazardZoneArray.HEALTH_STALE}
        assert ["clock stopped" in array.health_message for array in sent[2:]] == [True] * len(sent[2:])
        assert fusion.node.health.level_and_message()[0] == diagnostics.ERROR
        fusion.set_time(START + 10 * STEP)  # back, by far
        real += 0.05
        fusion.node._heartbeat()
        assert "clock stopped" not in fusion.node.health.level_and_message()[1]


def test_single_wrong_stamps_reset_nothing_but_two_sensors_that_step_back_do():
    makers = {"anomalies": scene.anomaly_frame, "points": scene.cloud, "camera_info": scene.camera_info}
    wrong = [(kind, offset) for kind in makers for offset in (2 * SECOND, -2 * SECOND)]
    with direct_fusion() as fusion:
        fusion.park()
        for number in range(4 * len(wrong)):
            stamp = START + number * STEP
            fusion.set_time(stamp)
            fusion.pair(stamp)
            if number % 4 == 2:
                kind, offset = wrong[number // 4]
                fusion.receive(f"/{kind}", makers[kind](stamp + offset))
            arrays = fusion.measured()
            if number % 4 == 3:
                counter = "stray_stamp" if offset > 0 else f"{kind}_stray_stamp"
                assert fusion.count(counter) == (1 if offset < 0 else number // 8 + 1)
                assert f"/{kind}" in fusion.told()[f"{counter}.last"]
        assert len(arrays) == 4 * len(wrong)
        assert len({bytes(zone.id.uuid) for array in arrays for zone in array.zones}) == 1
        assert arrays[-1].zones[0].observation_count == 4 * len(wrong)
        assert fusion.count("time_jump_backward") == 0
        # A recording that starts over, without /clock.
        for number in range(6):
            fusion.pair(START + number * STEP)
            fusion.measured()
        assert len(fusion.measured()) == len(arrays) + 6
        assert fusion.zones[-1].zones[0].observation_count == 6
        assert fusion.count("time_jump_backward") == 1


@pytest.mark.dds
def test_zones_go_on_and_say_so_when_the_clock_stops_and_starts_again(tmp_path: Path) -> None:
    with running_fusion(
        tmp_path, use_sim_time=True, max_age=5.0, min_publish_rate=5.0, clock_timeout=0.5
    ) as rig:
        clock = rig.start_clock(START)
        assert rig.good_pair(START).zones
        count = len(rig.zones)
        wait_until(
            lambda: any("clock stopped" in array.health_message for array in rig.zones[count:]),
            "heartbeats while the clock stands",
        )
        wait_until(lambda: rig.observer.level(NODE) == diagnostics.ERROR, "diagnostics that say ERROR")
        stamps = itertools.count(START + 40 * STEP, STEP)

        def recovered() -> bool:
            clock.publish(Clock(clock=scene.stamp(next(stamps))))
            return "clock stopped" not in rig.observer.status(NODE).message

        wait_until(recovered, "diagnostics without it")
