"""config/apron.yaml and the README's tables say what the nodes' tables say."""

from pathlib import Path

import pytest
import rclpy
import yaml
from rclpy.node import Node

from clipomaly_ros.cli import main, reference

ROOT = Path(__file__).resolve().parents[2]
NODES = sorted(reference.NODES)


def flat(tree: dict, prefix: str = "") -> dict:
    """Return nested parameters by their full names, as ROS joins them."""
    found = {}
    for name, value in tree.items():
        found |= flat(value, f"{prefix}{name}.") if isinstance(value, dict) else {f"{prefix}{name}": value}
    return found


def test_files_are_up_to_date():
    stale = sorted(str(path) for path in reference.outdated(ROOT))
    assert stale == [], "run `clipomaly reference --write`"


@pytest.mark.parametrize("node", NODES)
def test_parameter_file_holds_every_default_with_its_type(node: str):
    content = yaml.safe_load((ROOT / reference.PARAMETER_FILE).read_text())
    assert sorted(content) == [f"/**/{name}" for name in NODES]
    written = flat(content[f"/**/{node}"]["ros__parameters"])
    wanted = {row.name: [""] if row.default == [] else row.default for row in reference.parameters(node)}
    assert written == wanted
    assert {name: type(value) for name, value in written.items()} == {
        name: type(value) for name, value in wanted.items()
    }


@pytest.mark.parametrize("node", NODES)
@pytest.mark.parametrize("namespace", ["/", "/apron/left"])
def test_ros_reads_the_parameter_file_for_a_node_in_any_namespace(node: str, namespace: str):
    context = rclpy.Context()
    rclpy.init(args=["--ros-args", "--params-file", str(ROOT / reference.PARAMETER_FILE)], context=context)
    reader = Node(
        node, namespace=namespace, context=context, automatically_declare_parameters_from_overrides=True
    )
    try:
        read = {row.name: reader.get_parameter(row.name).value for row in reference.parameters(node)}
    finally:
        reader.destroy_node()
        rclpy.try_shutdown(context=context)
    assert read == {
        row.name: [""] if row.default == [] else row.default for row in reference.parameters(node)
    }


@pytest.mark.parametrize("node", NODES)
def test_defaults_satisfy_their_own_limits(node: str):
    assert [problem for row in reference.parameters(node) if (problem := row.problem(row.default))] == []


@pytest.mark.parametrize("node", NODES)
def test_every_parameter_and_topic_is_explained_once(node: str):
    rows = [*reference.parameters(node), *reference.NODES[node][1]]
    assert len({row.name for row in rows}) == len(rows)
    assert [row.name for row in rows if not row.text.strip()] == []


@pytest.mark.parametrize("node", NODES)
def test_topic_types_and_qos_profiles_exist(node: str):
    for topic in reference.NODES[node][1]:
        assert topic.load_type() is not None
        assert topic.qos in ("", *reference.PROFILES)
        if topic.name.startswith("/"):  # only what ROS itself has at a fixed place
            assert topic.name in ("/tf", "/tf_static", "/diagnostics", "/clock")
        else:
            assert (topic.qos == "") == (topic.direction == "service")


def copy_of_the_files(folder: Path) -> Path:
    for path in (reference.README, reference.PARAMETER_FILE, Path("package.xml")):
        (folder / path).parent.mkdir(exist_ok=True)
        (folder / path).write_text((ROOT / path).read_text())
    return folder


def test_check_finds_a_changed_value_and_write_mends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = copy_of_the_files(tmp_path)
    path = root / reference.PARAMETER_FILE
    path.write_text(path.read_text().replace("autostart: true", "autostart: false"))
    assert main.main(["reference", "--check", "--root", str(root)]) == 1
    assert "config/apron.yaml" in capsys.readouterr().err
    assert main.main(["reference", "--write", "--root", str(root)]) == 0
    assert main.main(["reference", "--check", "--root", str(root)]) == 0
    assert path.read_text() == (ROOT / reference.PARAMETER_FILE).read_text()


def test_readme_without_its_markers_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    root = copy_of_the_files(tmp_path)
    (root / reference.README).write_text("# clipomaly_ros\n")
    assert main.main(["reference", "--check", "--root", str(root)]) == 2
    assert "put them back" in capsys.readouterr().err


def test_a_folder_without_the_sources_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert main.main(["reference", "--write", "--root", str(tmp_path)]) == 2
    assert "--root" in capsys.readouterr().err
