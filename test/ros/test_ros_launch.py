"""The launch files under the real launch and launch_ros, with the real nodes."""

import contextlib
import importlib.util
import os
import signal
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from rcl_interfaces.srv import GetParameters
from rclpy.parameter import parameter_value_to_python
from ros_harness import NodeProcess, Observer, wait_until

for name in ("launch.actions", "launch_ros"):
    pytest.importorskip(name, reason=f"{name.split('.')[0]} is not installed: it comes with a ROS 2 install")

LaunchContext = importlib.import_module("launch").LaunchContext
ROOT = Path(__file__).resolve().parents[2]
APRON, REPLAY = ROOT / "launch" / "apron.launch.py", ROOT / "launch" / "replay.launch.py"
NODES = ("/apron/left/anomaly_segmenter", "/apron/right/anomaly_segmenter", "/apron/hazard_fusion")
PROFILES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")

pytestmark = pytest.mark.dds


@contextlib.contextmanager
def launched(file: Path, log: Path, *arguments: str, **environment: str) -> Iterator[NodeProcess]:
    command = [sys.executable, str(Path(__file__).with_name("launch_process.py")), str(file), *arguments]
    # launch_ros leaves a folder for the parameters of each node.
    process = NodeProcess(command, log, {"TMPDIR": str(log.parent), **environment})
    try:
        yield process
    finally:
        if process.process.poll() is None:
            interrupt(process)
        process.close()


def interrupt(process: NodeProcess) -> int:
    """Press Ctrl-C: a terminal signals the whole group, and launch relies on that."""
    os.killpg(process.process.pid, signal.SIGINT)
    return process.wait()


def module_of(file: Path):
    spec = importlib.util.spec_from_file_location(file.name.replace(".", "_"), file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def node_names(observer: Observer) -> set[str]:
    pairs = observer.node.get_node_names_and_namespaces()
    return {f"{namespace.rstrip('/')}/{name}" for name, namespace in pairs}


def wait_for_nodes(observer: Observer, process: NodeProcess, names: Iterable[str]) -> None:
    """Wait until all nodes are on the graph; fail at once, with the output, when one has died."""

    def there_or_dead() -> bool:
        assert "process has died" not in process.output, process.output
        assert process.process.poll() is None, process.output
        return set(names) <= node_names(observer)

    wait_until(there_or_dead, f"the nodes {sorted(names)}")


def parameters_of(observer: Observer, node: str, *names: str) -> list:
    response = observer.call(
        GetParameters, f"{node}/get_parameters", GetParameters.Request(names=list(names))
    )
    return [parameter_value_to_python(value) for value in response.values]


@pytest.fixture
def observer():
    with Observer() as observer:
        yield observer


def test_two_cameras_start_stay_unconfigured_and_end_cleanly(tmp_path: Path, observer: Observer):
    arguments = (
        "namespace:=apron",
        "cameras:=[left, right]",
        "bundle:=42",  # a path that YAML would read as a number
        "vocabulary:=words/airfield",
        "candidate_vocabulary:=more.yaml",
        "fixed_frame:=map",
        "use_sim_time:=true",
        "autostart:=false",
        "image_transport:=compressed",
        "log_level:=warn",
    )
    with launched(APRON, tmp_path / "log.txt", *arguments) as process:
        wait_for_nodes(observer, process, NODES)
        for node in NODES[:2]:
            wanted = ["42", "compressed", True, False]
            names = ("bundle", "image_transport", "use_sim_time", "autostart")
            assert parameters_of(observer, node, *names) == wanted
            words = parameters_of(observer, node, "approved_vocabulary", "candidate_vocabulary")
            assert words == ["words/airfield_approved.yaml", "more.yaml"]
        assert parameters_of(observer, NODES[2], "cameras", "fixed_frame", "use_sim_time") == [
            ["left", "right"],
            "map",
            True,
        ]
        assert {observer.state_of(node) for node in NODES} == {"unconfigured"}
        assert interrupt(process) == 0, process.output
    assert process.output.count("process has finished cleanly") == len(NODES), process.output
    assert "Traceback" not in process.output


def test_autostart_activates_and_connects_the_topics(tmp_path: Path, observer: Observer, tiny_bundle):
    arguments = (
        "namespace:=apron",
        "cameras:=left, right",
        f"bundle:={tiny_bundle.folder}",
        "image:=camera/image",
        "points:=/lidar/points",
    )
    with launched(APRON, tmp_path / "log.txt", *arguments) as process:
        wait_for_nodes(observer, process, NODES)
        for node in NODES:
            wait_until(lambda node=node: observer.state_of(node) == "active", f"{node} active")
        node = observer.node
        for camera in ("left", "right"):
            wait_until(
                lambda camera=camera: node.count_subscribers(f"/apron/{camera}/camera/image") == 1, "image"
            )
            wait_until(
                lambda camera=camera: (
                    node.count_publishers(f"/apron/{camera}/anomalies") == 1
                    and node.count_subscribers(f"/apron/{camera}/anomalies") == 1
                ),
                "anomalies from segmenter to fusion",
            )
            wait_until(
                lambda camera=camera: node.count_subscribers(f"/apron/{camera}/camera_info") == 1,
                "camera_info",
            )
        wait_until(lambda: node.count_subscribers("/lidar/points") == 1, "points")
        wait_until(lambda: node.count_publishers("/apron/hazard_zones") == 1, "hazard_zones")
        assert interrupt(process) == 0, process.output
    assert process.output.count("process has finished cleanly") == len(NODES), process.output


def test_parameter_file_of_the_user_counts_where_no_argument_is_given(tmp_path: Path, observer: Observer):
    file = tmp_path / "mine.yaml"
    file.write_text(
        "/**/anomaly_segmenter:\n  ros__parameters: {bundle: /from/file, image_transport: compressed}\n"
        "/**/hazard_fusion:\n  ros__parameters:\n    fixed_frame: utm\n    slop: 0.02\n"
        "    cameras: [nose, tail]\n    lidars: [roof]\n"
        "/**:\n  ros__parameters: {autostart: false, use_sim_time: true}\n"
    )
    with launched(APRON, tmp_path / "log.txt", f"params_file:={file}") as process:
        names = {"/nose/anomaly_segmenter", "/tail/anomaly_segmenter", "/hazard_fusion"}
        wait_for_nodes(observer, process, names)
        wanted = ("bundle", "image_transport", "use_sim_time", "autostart")
        assert parameters_of(observer, "/tail/anomaly_segmenter", *wanted) == [
            "/from/file",
            "compressed",
            True,
            False,
        ]
        assert parameters_of(observer, "/hazard_fusion", "fixed_frame", "slop", "cameras", "lidars") == [
            "utm",
            0.02,
            ["nose", "tail"],
            ["roof"],
        ]


@pytest.mark.parametrize(
    ("text", "cameras"),
    [
        ("/**/hazard_fusion: {ros__parameters: {cameras: [a]}}", ["a"]),
        (
            "/**: {ros__parameters: {cameras: [a]}}\n/apron/hazard_fusion: {ros__parameters: {cameras: [b]}}",
            ["b"],
        ),
        ("/*/hazard_fusion: {ros__parameters: {cameras: [a]}}", ["a"]),
        ("/*/*/hazard_fusion: {ros__parameters: {cameras: [a]}}", None),
        ("hazard_fusion: {ros__parameters: {cameras: [a]}}", None),  # of the root namespace
        ("apron: {hazard_fusion: {ros__parameters: {cameras: [a]}}}", ["a"]),
        ("/**/anomaly_segmenter: {ros__parameters: {cameras: [a]}}", None),
        ("", None),
    ],
)
def test_a_parameter_file_is_read_as_ros_reads_it(tmp_path: Path, text: str, cameras: list[str] | None):
    file = tmp_path / "mine.yaml"
    file.write_text(text)
    assert module_of(APRON).parameters_in(str(file), "/apron/hazard_fusion").get("cameras") == cameras


def test_a_parameter_file_that_is_not_there_ends_the_launch(tmp_path: Path):
    with launched(APRON, tmp_path / "log.txt", f"params_file:={tmp_path / 'none.yaml'}") as process:
        assert process.wait() != 0
        assert "params_file: expected a ROS parameter file" in process.output


@pytest.mark.parametrize("text", ["", "[]", "a, a", "left right", "[a, [b]]", "1", "[a", "ä", "{a: b}"])
def test_unusable_cameras_are_refused(text: str):
    with pytest.raises(ValueError, match="cameras: expected"):
        module_of(APRON).parse_namespaces("cameras", text)


@pytest.mark.parametrize(
    ("text", "cameras"),
    [
        ("camera", ["camera"]),
        ("left,right", ["left", "right"]),
        ("[left, right]", ["left", "right"]),
        ("['front/left', \"/rear\"]", ["front/left", "rear"]),
    ],
)
def test_cameras_as_list_or_with_commas(text: str, cameras: list[str]):
    assert module_of(APRON).parse_namespaces("cameras", text) == cameras


def test_unusable_cameras_end_the_launch(tmp_path: Path):
    with launched(APRON, tmp_path / "log.txt", "cameras:=a, a") as process:
        assert process.wait() != 0
        assert "cameras: expected at least one namespace and none twice" in process.output


@pytest.mark.parametrize(("distribution", "variable"), [("jazzy", PROFILES[0]), ("kilted", PROFILES[1])])
def test_profile_for_large_messages_is_set_unless_the_user_has_one(
    monkeypatch: pytest.MonkeyPatch, distribution: str, variable: str
):
    module = module_of(APRON)
    monkeypatch.setenv("ROS_DISTRO", distribution)
    for name in PROFILES:
        monkeypatch.setenv(name, "")
    context = LaunchContext()
    for action in module.default_transport(context):
        action.execute(context)
    chosen = {name: os.environ[name] for name in PROFILES if os.environ[name]}
    assert set(chosen) == {variable}
    assert Path(chosen[variable]).read_bytes() == (ROOT / "config/fastdds_large_messages.xml").read_bytes()
    for name in PROFILES:
        monkeypatch.setenv(name, "/mine.xml")
        assert module.default_transport(LaunchContext()) == []


def test_replay_refuses_a_missing_bag_before_it_starts_anything(tmp_path: Path):
    with launched(REPLAY, tmp_path / "log.txt", f"bag:={tmp_path / 'nowhere'}") as process:
        assert process.wait() != 0
        assert f"found nothing at {tmp_path / 'nowhere'}" in process.output
        assert "process started" not in process.output


def test_replay_plays_on_simulated_time_with_the_arguments_of_the_monitor(tmp_path: Path, observer: Observer):
    """A script in place of the ros2 command notes how it was called and goes on until the end."""
    note = tmp_path / "called.txt"
    player = tmp_path / "ros2"
    player.write_text(
        f'#!/bin/sh\nexec > "{note}.part"\necho "$@"\n'
        'echo "$FASTRTPS_DEFAULT_PROFILES_FILE$FASTDDS_DEFAULT_PROFILES_FILE"\n'
        f'mv "{note}.part" "{note}"\nexec sleep 1000\n'
    )
    player.chmod(0o755)
    bag = tmp_path / "bag"
    bag.mkdir()
    arguments = (f"bag:={bag}", "rate:=0.5", "loop:=true", "cameras:=front", "autostart:=false")
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", **dict.fromkeys(PROFILES, "")}
    with launched(REPLAY, tmp_path / "log.txt", *arguments, **environment) as process:
        wait_until(lambda: note.exists() or process.process.poll() is not None, "the player's start")
        assert note.exists(), process.output
        call, profile = note.read_text().splitlines()
        assert call == f"bag play {bag} --clock 100 --rate 0.5 --loop"
        assert Path(profile).name == "fastdds_large_messages.xml"
        names = {"/front/anomaly_segmenter", "/hazard_fusion"}
        wait_for_nodes(observer, process, names)
        for node in names:
            assert parameters_of(observer, node, "use_sim_time") == [True]
        assert interrupt(process) == 0, process.output
