"""The example policy allows exactly what the nodes declare, and what a running node really opens."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from ros_harness import Observer, spinning, wait_until

from clipomaly_ros.nodes.fusion_interface import FUSION_TOPICS
from clipomaly_ros.nodes.hazard_fusion import HazardFusion
from clipomaly_ros.nodes.segmenter_interface import SEGMENTER_TOPICS

POLICY = Path(__file__).resolve().parents[2] / "config" / "sros2" / "apron_policy.xml"
CAMERA = "camera"
TABLES = {"/camera/anomaly_segmenter": SEGMENTER_TOPICS, "/hazard_fusion": FUSION_TOPICS}
PER_CAMERA = ("anomalies", "legend", "camera_info")  # inputs of fusion

# What every life-cycle node of rclpy has, whatever it does.
USUAL = {
    ("subscribe", "/clock"),
    *(("publish", name) for name in ("/parameter_events", "/rosout", "~/transition_event")),
    *(
        ("reply", f"~/{name}")
        for name in (
            *("change_state", "get_state", "get_available_states", "get_available_transitions"),
            *("get_transition_graph", "describe_parameters", "get_parameter_types", "get_parameters"),
            *("list_parameters", "set_parameters", "set_parameters_atomically", "get_type_description"),
        )
    ),
}


def absolute(name: str, namespace: str, node: str) -> str:
    """Expand a relative or private name."""
    base = namespace.rstrip("/")
    if name.startswith("~"):
        return f"{base}/{node}/{name[1:].lstrip('/')}"
    return name if name.startswith("/") else f"{base}/{name}"


def allowed() -> dict[str, set[tuple[str, str]]]:
    """Return node -> what the policy allows it: verb and absolute name."""
    found: dict[str, set[tuple[str, str]]] = {}
    for profile in ElementTree.parse(POLICY).getroot().iter("profile"):  # noqa: S314 - our own file
        namespace, node = profile.attrib["ns"], profile.attrib["node"]
        rules = found.setdefault(absolute(node, namespace, node), set())
        for group in profile:
            assert set(group.attrib.values()) == {"ALLOW"}
            for verb in group.attrib:
                rules |= {(verb, absolute(entry.text.strip(), namespace, node)) for entry in group}
    return found


@pytest.mark.parametrize("path", sorted(TABLES))
def test_the_policy_allows_exactly_what_the_node_declares(path: str):
    namespace, _, node = path.rpartition("/")
    namespace = namespace or "/"
    verbs = {"in": "subscribe", "out": "publish", "service": "reply"}
    declared = {(verb, absolute(name, namespace, node)) for verb, name in USUAL}
    for topic in TABLES[path]:
        name = (
            f"{CAMERA}/{topic.name}" if node == "hazard_fusion" and topic.name in PER_CAMERA else topic.name
        )
        declared.add((verbs[topic.direction], absolute(name, namespace, node)))
    assert allowed()[path] == declared


def test_the_operator_may_call_what_the_nodes_answer_and_hear_what_they_say():
    rules = allowed()
    nodes = set().union(*(rules[path] for path in TABLES))
    for verb, name in rules["/operator"]:
        if verb == "request":
            assert ("reply", name) in nodes
        if verb == "subscribe" and name != "/clock":
            assert ("publish", name) in nodes
    requests = {name.rsplit("/", 1)[1] for verb, name in rules["/operator"] if verb == "request"}
    assert requests == {"clear_zone", "confirm_zone", "add_candidates", "set_vocabulary"}


@pytest.mark.dds
def test_a_running_fusion_node_opens_nothing_that_the_policy_forbids():
    arguments = ["--ros-args", "-p", f"cameras:=[{CAMERA}]", "-p", "use_sim_time:=true"]

    def factory(**options):
        return HazardFusion(cli_args=arguments, **options)

    with Observer() as observer, spinning(factory):
        graph = observer.node

        def opened() -> set[tuple[str, str]]:
            name, namespace = "hazard_fusion", "/"
            return {
                *(("publish", t) for t, _ in graph.get_publisher_names_and_types_by_node(name, namespace)),
                *(("subscribe", t) for t, _ in graph.get_subscriber_names_and_types_by_node(name, namespace)),
                *(("reply", s) for s, _ in graph.get_service_names_and_types_by_node(name, namespace)),
            }

        expected = allowed()["/hazard_fusion"]
        needed = {rule for rule in expected if rule[1] != "/hazard_fusion/get_type_description"}

        def known() -> bool:
            try:
                return opened() >= needed
            except Exception:  # rclpy: no such node, until it is discovered
                return False

        wait_until(known, f"everything of {sorted(needed)}")
        assert opened() <= expected
