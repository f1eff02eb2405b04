"""What the shared node frame says on /diagnostics, and how often."""

import threading

import pytest
from probe_node import probe
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from ros_harness import wait_until
from std_msgs.msg import String

from clipomaly_ros.nodes import diagnostics


@pytest.fixture
def observer(shared_observer):
    shared_observer.begin_anew("probe")
    return shared_observer


@pytest.mark.dds
def test_reports_come_as_often_as_the_parameter_says():
    with probe("-p", "diagnostics_period:=60.0") as node:
        wait_until(lambda: node.state_name == "active", "the active node")
        assert node.parameters.diagnostics_period == 60.0
        reports = []
        node.health.publish = lambda: reports.append(None)
        node.health.report_every(0.05)
        wait_until(lambda: len(reports) >= 4, "four reports")  # a minute each before


@pytest.mark.dds
def test_silence_is_stale_and_traffic_is_ok(observer):
    with probe():
        observer.wait_value("/probe", "state", "active")
        wait_until(lambda: observer.level("/probe") == diagnostics.STALE, "STALE without input")
        publisher = observer.publisher(String, "/heard")

        def speak():
            publisher.publish(String(data="x"))
            return observer.level("/probe") == diagnostics.OK

        wait_until(speak, "OK with input")
        assert int(observer.values("/probe")["frames_in"]) > 0
        wait_until(lambda: observer.level("/probe") == diagnostics.STALE, "STALE after the input stopped")
        observer.node.destroy_publisher(publisher)


@pytest.mark.dds
def test_incompatible_qos_is_counted_and_can_be_overridden(observer):
    override = "qos_overrides./heard.subscription.reliability:=reliable"
    with probe("-p", override):
        observer.wait_value("/probe", "state", "active")
        best_effort = QoSProfile(depth=1, reliability=QoSReliabilityPolicy.BEST_EFFORT)
        publisher = observer.publisher(String, "/heard", best_effort, matched=0)
        observer.wait_count("/probe", "incompatible_qos")
        assert "reliability" in observer.values("/probe")["incompatible_qos.last"]
        observer.node.destroy_publisher(publisher)


@pytest.mark.dds
def test_levels_follow_the_rule():
    with probe("-p", "autostart:=false") as node:
        health = node.health
        health.close()  # its own reports would end the period that is looked at here
        health.fact("state", "active")
        health.watch("in", 60.0)
        assert health.level_and_message()[0] == diagnostics.STALE
        health.seen("in")
        assert health.level_and_message() == (diagnostics.OK, "working")
        health.count("dropped_zero_stamp", "topic image_raw")
        level, text = health.level_and_message()
        assert (level, text) == (diagnostics.WARN, "dropped_zero_stamp: topic image_raw")
        health.count_error("inference_failed", "boom", 2)
        assert health.level_and_message()[0] == diagnostics.ERROR
        health.report()
        assert health.level_and_message()[0] == diagnostics.OK
        health.fact("untrained", "true")
        assert health.level_and_message()[0] == diagnostics.WARN
        health.fact("untrained", "")
        assert health.level_and_message()[0] == diagnostics.OK
        assert health.counts() == {"dropped_zero_stamp": 1, "inference_failed": 2}
        threads = [
            threading.Thread(target=lambda: [health.count_ok("n") for _ in range(1000)]) for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert health.counts()["n"] == 4000
        status = health.report().status[0]
        assert status.name == "/probe"
        assert {item.key: item.value for item in status.values}["n"] == "4000"
