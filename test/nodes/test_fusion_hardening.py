"""hazard_fusion against copies, disorder, odd rates and frames, hostile names and too many calls."""

from __future__ import annotations

import threading
import uuid

import fusion_scene as scene
import numpy as np
import pytest
from fusion_direct import SECOND, START, STEP, direct_fusion
from hypothesis import given, settings
from hypothesis import strategies as st
from ros_harness import wait_until
from unique_identifier_msgs.msg import UUID
from visualization_msgs.msg import MarkerArray

from clipomaly_msgs.msg import HazardZoneArray
from clipomaly_msgs.srv import ClearZone
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.nodes import call_budget
from clipomaly_ros.nodes.anomaly_frame_input import read_anomaly_frame
from clipomaly_ros.nodes.call_budget import CallBudget
from clipomaly_ros.nodes.fusion_services import ZoneServices
from clipomaly_ros.nodes.message_checks import BadMessage, check_header
from clipomaly_ros.nodes.plain_text import plain_text


def test_copies_disorder_rates_and_frames():
    with direct_fusion(max_age=0.0) as fusion:
        fusion.park()
        # Every message twice, neighbours swapped.
        messages = []
        for number in range(10):
            stamp = START + number * STEP
            messages += [("/points", scene.cloud(stamp)), ("/anomalies", scene.anomaly_frame(stamp))] * 2
        fusion.receive("/camera_info", scene.camera_info(START))
        order = np.argsort(np.arange(len(messages)) + np.random.default_rng(3).uniform(0, 6, len(messages)))
        for index in order:
            fusion.receive(*messages[index])
            fusion.measured()
        assert len(fusion.measured()) == 10
        assert fusion.zones[-1].zones[0].observation_count == 10
        assert (fusion.count("anomalies_duplicate"), fusion.count("points_duplicate")) == (10, 10)
        # One message a second, then sixty.
        for begin, rate, number in ((START + 10 * SECOND, 1, 6), (START + 20 * SECOND, 60, 30)):
            before = len(fusion.measured())
            for index in range(number):
                fusion.pair(begin + index * SECOND // rate)
                fusion.measured()
            assert len(fusion.measured()) == before + number
        assert fusion.count("time_jump_backward") == fusion.count("stray_stamp") == 0
        # A calibration of another frame than the image is told, and no longer when it is right again.
        begin = START + 30 * SECOND
        fusion.receive("/camera_info", scene.camera_info(begin, "rear_optical"))
        fusion.receive("/anomalies", scene.anomaly_frame(begin))
        assert "'rear_optical'" in fusion.told()["frame_id"]
        fusion.pair(begin + STEP)
        assert "frame_id" not in fusion.told()


def test_a_camera_or_lidar_that_is_heard_but_never_joined_is_told():
    """As one with a clock of its own, seconds off."""
    with direct_fusion(
        cameras=["front", "left"], lidars=["roof", "bumper"], max_age=0.0, slop=0.03
    ) as fusion:
        fusion.park()
        for number in range(10):
            stamp = START + number * STEP
            off = SECOND + STEP // 2 if number < 5 else 0
            fusion.set_time(stamp)
            fusion.receive("/front/camera_info", scene.camera_info(stamp))
            fusion.receive("/left/camera_info", scene.camera_info(stamp))
            fusion.receive("/roof/points", scene.cloud(stamp))
            fusion.receive("/bumper/points", scene.cloud(stamp + off))
            fusion.receive("/front/anomalies", scene.anomaly_frame(stamp))
            fusion.receive("/left/anomalies", scene.anomaly_frame(stamp + 2 * off))
            if number == 4:
                text = fusion.node.health.level_and_message()[1]
                assert "/bumper/points, joined with images: nothing received" in text
                assert "/left/anomalies, joined with points: nothing received" in text
                assert "front" not in text
                assert "roof" not in text
                assert fusion.measured()[-1].health == HazardZoneArray.HEALTH_DEGRADED
        assert "joined" not in fusion.node.health.level_and_message()[1]


def test_markers_are_made_only_for_those_who_look():
    with direct_fusion(max_age=0.0) as fusion:
        fusion.park()
        made = []
        fusion.node._markers.publish = made.append
        fusion.pair(START)
        fusion.measured()
        assert made == []
        fusion.node.create_subscription(MarkerArray, "hazard_markers", made.append, 1)
        wait_until(lambda: fusion.node._markers.get_subscription_count(), "the subscription")
        fusion.pair(START + STEP)
        fusion.measured()
        assert [len(array.markers) for array in made] == [3]


@given(st.text(max_size=80))
def test_text_from_outside_stays_on_its_line_and_fits_its_field(text):
    plain = plain_text(text, 40)
    assert plain.isprintable()
    assert len(plain) == min(len(text), 40)
    assert len(plain.encode("utf-8", "replace")) <= len(text[:40].encode("utf-8", "replace"))
    assert plain_text(plain) == plain


def test_names_of_a_frame_are_made_plain():
    message = scene.anomaly_frame(START)
    message.regions[0].name = "\x1b[2Jsuitcase\n[ERROR] forged"
    message.regions[0].candidates[1].name = "pallet\r"
    message.model_id = "model\x00"
    frame = read_anomaly_frame(message)
    assert frame.regions[0].name == "?[2Jsuitcase?[ERROR] forged"
    assert [candidate.name for candidate in frame.regions[0].candidates] == ["suitcase", "pallet?"]
    assert frame.provenance.model_id == "model?"


@pytest.mark.parametrize("name", ["a\nb", "x" * 300, "\x1b[0m"])
def test_odd_names_of_frames_are_refused(name):
    with pytest.raises(BadMessage) as caught:
        check_header(scene.cloud(START, frame_id=name).header)
    assert caught.value.reason == "bad_frame_id"
    assert str(caught.value).isprintable()


@settings(deadline=None)
@given(st.floats(0.5, 50.0), st.lists(st.floats(0.0, 0.5), min_size=1, max_size=200))
def test_calls_stay_within_their_rate(rate, waits):
    clock = [1000.0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(call_budget.time, "monotonic", lambda: clock[0])
        budget, done = CallBudget(rate), 0
        for wait in waits:
            clock[0] += wait
            done += budget.spend()
    assert done <= max(1.0, rate) + rate * sum(waits) + 1e-6
    assert done >= min(len(waits), int(max(1.0, rate)))


def test_a_report_in_between_does_not_take_the_reason_out_of_an_array(monkeypatch):
    with direct_fusion(max_age=0.0, clock_timeout=3600.0) as fusion:
        fusion.park()
        health, count = fusion.node.health, fusion.node.health.count

        def count_and_report(*arguments):
            count(*arguments)
            report = threading.Thread(target=health.report)
            report.start()
            report.join(0.3)

        monkeypatch.setattr(health, "count", count_and_report)
        sky = np.zeros((scene.HEIGHT, scene.WIDTH), np.uint8)
        sky[5:20, 100:140] = 1
        fusion.receive("/camera_info", scene.camera_info(START))
        fusion.receive("/points", scene.cloud(START))
        fusion.receive("/anomalies", scene.anomaly_frame(START, sky))
        (array,) = fusion.measured()
        assert "region_unplaced" in array.health_message
        assert array.health == HazardZoneArray.HEALTH_DEGRADED


def test_calls_over_the_rate_change_nothing(monkeypatch):
    monkeypatch.setattr(call_budget.time, "monotonic", lambda: 1000.0)  # all calls at one moment

    class Counts:
        def __init__(self):
            self.seen = []

        def count(self, reason, detail=""):
            self.seen.append(reason)

        def count_ok(self, name):
            self.seen.append(name)

        def info(self, line):
            self.seen.append("log")

    cleared, counts = [], Counts()

    def clear(zone, operator, reason):
        cleared.append(zone)
        if len(cleared) == 2:
            raise HazardError("no such zone")

    services = ZoneServices(clear, clear, counts, counts, rate=2.0)
    request = ClearZone.Request(id=UUID(uuid=list(uuid.uuid4().bytes)), operator_name="ops", reason="gone")
    answers = [services.clear_zone(request, ClearZone.Response()) for _ in range(20)]
    assert len(cleared) == 2
    assert "2 calls a second" in answers[-1].message
    assert [answer.success for answer in answers][:2] == [True, False]
    assert counts.seen.count("log") == len(cleared)
    assert counts.seen.count("services_over_rate") == 20 - len(cleared)
