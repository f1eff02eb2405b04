"""The shared node frame over DDS."""

import threading

import pytest
from lifecycle_msgs.msg import Transition
from rcl_interfaces.msg import Parameter as ParameterMessage
from rcl_interfaces.msg import ParameterType, ParameterValue
from rcl_interfaces.srv import DescribeParameters, SetParameters
from rclpy.qos import QoSProfile, QoSReliabilityPolicy
from ros_harness import REPORTS, spinning, wait_until
from rosgraph_msgs.msg import Clock
from std_msgs.msg import String

from clipomaly_ros.nodes import diagnostics, qos
from clipomaly_ros.nodes.managed_node import ManagedNode
from clipomaly_ros.nodes.parameters import Parameter

TABLE = (
    Parameter("gate.distance", 1.5, "Distance of the gate.", unit="m", minimum=0.0, maximum=3.0),
    Parameter("count", 2, "How many.", minimum=1),
    Parameter("names", [], "Names."),
    Parameter("mode", "slow", "Mode.", choices=("slow", "fast"), read_only=True),
)


class Probe(ManagedNode):
    """A node that listens, answers, remembers and can be told to fail."""

    def __init__(self, failure: type[Exception] | None = None, **options):
        self.failure, self.jumps, self.cleaned, self.listener = failure, [], 0, None
        super().__init__("probe", TABLE, **options)

    def configure(self, parameters):
        if self.failure:
            raise self.failure("wrong hash")
        self.out = qos.create_publisher(self, self.health, String, "said", qos.RESULTS)
        self.health.watch("heard", 0.5)

    def activate(self):
        self.listener = qos.create_subscription(self, self.health, String, "heard", self.hear, qos.SENSOR_IN)

    def hear(self, message):
        self.health.seen("heard")
        self.health.count_ok("frames_in")
        self.out.publish(message)

    def deactivate(self):
        if self.listener is not None:
            self.destroy_subscription(self.listener)
            self.listener = None

    def cleanup(self):
        self.cleaned += 1

    def on_time_jump_backward(self, reason):
        self.jumps.append(reason)


@pytest.fixture
def observer(shared_observer):
    shared_observer.wait_nothing_of("probe")  # a call must not reach the node before
    shared_observer.forget_diagnostics()
    return shared_observer


def probe(*arguments, **options):
    often = [word for name, value in REPORTS.items() for word in ("-p", f"{name}:={value}")]
    return spinning(lambda context: Probe(context=context, **options), ["--ros-args", *often, *arguments])


@pytest.mark.dds
def test_a_node_activates_itself_and_says_so(observer):
    with probe() as node:
        observer.wait_value("/probe", "state", "active")
        assert observer.state_of("/probe") == "active"
        assert node.parameters.gate_distance == 1.5
        assert node.parameters.names == []


@pytest.mark.dds
def test_without_autostart_it_waits_for_a_manager(observer):
    with probe("-p", "autostart:=false"):
        observer.wait_value("/probe", "state", "unconfigured")
        assert observer.level("/probe") == diagnostics.WARN
        for transition, state in (
            (Transition.TRANSITION_CONFIGURE, "inactive"),
            (Transition.TRANSITION_ACTIVATE, "active"),
            (Transition.TRANSITION_DEACTIVATE, "inactive"),
            (Transition.TRANSITION_CLEANUP, "unconfigured"),
            (Transition.TRANSITION_CONFIGURE, "inactive"),
            (Transition.TRANSITION_ACTIVATE, "active"),
        ):
            assert observer.change_state("/probe", transition)
            observer.wait_value("/probe", "state", state)
            assert observer.state_of("/probe") == state


@pytest.mark.dds
def test_a_mistyped_parameter_name_is_told_and_does_not_stop_the_node(observer, tmp_path):
    written = tmp_path / "parameters.yaml"
    written.write_text(
        "/**:\n  ros__parameters:\n    gate: {distanse: 2.0}\n    zzzz: 1\n    use_sim_time: false\n"
        "    qos_overrides: {heard: {subscription: {depth: 7}}}\n"
    )
    with probe("--params-file", str(written)):
        observer.wait_value("/probe", "state", "active")
        said = observer.values("/probe")["unknown_parameters"]
        assert said == (
            "gate.distanse: is no parameter of this node and is ignored; did you mean gate.distance?; "
            "zzzz: is no parameter of this node and is ignored"
        )
        assert observer.level("/probe") in (diagnostics.WARN, diagnostics.STALE)
        assert "zzzz" in observer.status("/probe").message
    with probe("-p", "gate.distance:=2.0"):
        wait_until(lambda: observer.values("/probe").get("state") == "active", "active again")
        wait_until(lambda: "unknown_parameters" not in observer.values("/probe"), "no complaint")


@pytest.mark.dds
@pytest.mark.parametrize(
    ("argument", "words"),
    [
        ("gate.distance:=7.0", ["gate.distance", "7"]),
        ("gate.distance:=far", ["gate.distance", "float"]),
        ("mode:=sideways", ["mode", "'slow'", "'sideways'"]),
        ("count:=0", ["count", "0"]),
        ("diagnostics_period:=0.0", ["diagnostics_period", "0"]),
    ],
)
def test_a_bad_parameter_keeps_the_node_unconfigured_until_it_is_corrected(observer, argument, words):
    with probe("-p", argument) as node:
        wait_until(lambda: "configure_error" in observer.values("/probe"), "the error in the diagnostics")
        text = observer.values("/probe")["configure_error"]
        assert all(word in text for word in words), text
        assert observer.level("/probe") == diagnostics.ERROR
        assert observer.state_of("/probe") == "unconfigured"
        name = argument.split(":=")[0]
        good = next(row.default for row in node.table if row.name == name)
        assert set_parameter(observer, name, good).successful
        assert observer.change_state("/probe", Transition.TRANSITION_CONFIGURE)
        wait_until(lambda: "configure_error" not in observer.values("/probe"), "the error gone")
        assert node.state_name == "inactive"


def set_parameter(observer, name, value):
    kinds = {
        bool: ("bool_value", 1),
        float: ("double_value", 3),
        str: ("string_value", 4),
        int: ("integer_value", 2),
    }
    field, kind = kinds[type(value)]
    request = SetParameters.Request(
        parameters=[ParameterMessage(name=name, value=ParameterValue(type=kind, **{field: value}))]
    )
    return observer.call(SetParameters, "/probe/set_parameters", request).results[0]


@pytest.mark.dds
def test_parameters_are_described_and_refused_with_a_reason(observer):
    with probe():
        observer.wait_value("/probe", "state", "active")
        names = [row.name for row in TABLE]
        described = observer.call(
            DescribeParameters, "/probe/describe_parameters", DescribeParameters.Request(names=names)
        ).descriptors
        assert [item.type for item in described] == [
            ParameterType.PARAMETER_DOUBLE,
            ParameterType.PARAMETER_INTEGER,
            ParameterType.PARAMETER_STRING_ARRAY,
            ParameterType.PARAMETER_STRING,
        ]
        assert described[0].description == "Distance of the gate. [m]"
        assert described[0].floating_point_range[0].to_value == 3.0
        assert described[1].integer_range[0].from_value == 1
        assert "'fast'" in described[3].additional_constraints
        assert set_parameter(observer, "gate.distance", 2.0).successful
        assert not set_parameter(observer, "gate.distance", 3.5).successful
        refused = set_parameter(observer, "mode", "fast")
        assert not refused.successful
        assert "unconfigured" in refused.reason


@pytest.mark.dds
@pytest.mark.parametrize("kind", [ValueError, RuntimeError])
def test_a_failed_configure_is_undone_and_reported(observer, kind):
    with probe(failure=kind) as node:
        wait_until(lambda: "configure_error" in observer.values("/probe"), "the error in the diagnostics")
        assert "wrong hash" in observer.values("/probe")["configure_error"]
        assert observer.state_of("/probe") == "unconfigured"
        assert node.cleaned == 1


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
def test_a_clock_that_goes_back_calls_the_hook(observer):
    with probe("-p", "use_sim_time:=true") as node:
        observer.wait_value("/probe", "state", "active")  # comes up before the first /clock
        clock = observer.publisher(Clock, "/clock")

        def tell(seconds):
            message = Clock()
            message.clock.sec = seconds

            def told():
                clock.publish(message)
                return node.get_clock().now().nanoseconds == seconds * 10**9

            wait_until(told, f"the clock at {seconds} s")

        tell(100)
        node.jumps.clear()
        tell(200)
        assert node.jumps == []
        tell(50)
        assert len(node.jumps) == 1
        assert "150" in node.jumps[0]
        observer.wait_count("/probe", "time_jump_backward")
        observer.node.destroy_publisher(clock)


@pytest.mark.dds
def test_another_source_of_time_calls_the_hook(observer):
    with probe() as node:
        observer.wait_value("/probe", "state", "active")
        assert node.jumps == []
        assert set_parameter(observer, "use_sim_time", True).successful
        wait_until(lambda: node.jumps, "the hook called")
        assert "source" in node.jumps[0]


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
