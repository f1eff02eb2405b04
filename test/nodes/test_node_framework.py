"""The shared node frame over DDS."""

import pytest
from lifecycle_msgs.msg import Transition
from probe_node import TABLE, probe, set_parameter
from rcl_interfaces.msg import ParameterType
from rcl_interfaces.srv import DescribeParameters
from ros_harness import wait_until
from rosgraph_msgs.msg import Clock

from clipomaly_ros.nodes import diagnostics


@pytest.fixture
def observer(shared_observer):
    shared_observer.begin_anew("probe")
    return shared_observer


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
