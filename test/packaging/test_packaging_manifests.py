"""The manifests are valid and name exactly what the code imports."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from ament_index_python.packages import get_packages_with_prefixes
from catkin_pkg.package import parse_package

ROOT = Path(__file__).resolve().parents[2]
FOLDERS = {"clipomaly_ros": ROOT, "clipomaly_msgs": ROOT / "clipomaly_msgs"}
# Import name -> rosdep key of what is not a ROS package.
LIBRARIES = {
    "cv2": "python3-opencv",
    "numpy": "python3-numpy",
    "scipy": "python3-scipy",
    "yaml": "python3-yaml",
}
# Run, not imported: `ros2 launch`, and `ros2 bag play` in replay.launch.py.
COMMANDS = {"ros2bag", "ros2launch", "rosbag2_storage_mcap"}
# Each is needed by one bridge, which says so when it is missing.
OPTIONAL = {"autoware_perception_msgs", "nav2_msgs", "vision_msgs"}


def imports(files) -> set[str]:
    found = set()
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(), str(path))):
            if isinstance(node, ast.Import):
                found |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("name", FOLDERS)
def test_manifest_is_valid(name: str):
    warnings: list[str] = []
    package = parse_package(str(FOLDERS[name] / "package.xml"), warnings=warnings)
    assert package.name == name
    assert package.licenses == ["Apache-2.0"]
    assert warnings == []
    package.validate()


def test_versions_agree():
    versions = {parse_package(str(folder / "package.xml")).version for folder in FOLDERS.values()}
    assert len(versions) == 1
    assert f'version="{versions.pop()}"' in (ROOT / "setup.py").read_text()


def declared(package) -> set[str]:
    return {item.name for item in (*package.build_depends, *package.exec_depends)}


def ros_imports() -> set[str]:
    """Return the ROS packages whose modules are imported or whose types are named as "package/msg/Type"."""
    files = [*(ROOT / "clipomaly_ros").rglob("*.py"), *(ROOT / "launch").glob("*.py")]
    stand_ins = {path.name for path in (ROOT / "compat").iterdir() if path.is_dir()}
    known = set(get_packages_with_prefixes()) | stand_ins | {"launch", "launch_ros"}
    types = {name for path in files for name in re.findall(r'"(\w+)/(?:msg|srv)/\w+"', path.read_text())}
    return (imports(files) | types) & known - {"clipomaly_ros"} - OPTIONAL


def test_every_ros_import_is_declared_and_nothing_else():
    package = parse_package(str(ROOT / "package.xml"))
    ros = {name for name in declared(package) if not name.startswith("python3-")}
    assert ros_imports() <= ros, "imported but not in package.xml"
    assert ros - COMMANDS <= ros_imports(), "in package.xml but never imported"


def test_every_library_with_a_rosdep_key_is_declared():
    package = parse_package(str(ROOT / "package.xml"))
    used = imports((ROOT / "clipomaly_ros").rglob("*.py"))
    assert {key for name, key in LIBRARIES.items() if name in used} <= declared(package)


def test_message_package_depends_on_what_its_messages_hold():
    folder = FOLDERS["clipomaly_msgs"]
    used = {
        line.split("/")[0].strip()
        for path in [*folder.glob("msg/*.msg"), *folder.glob("srv/*.srv")]
        for line in path.read_text().splitlines()
        if "/" in line.split("#")[0]
    }
    package = parse_package(str(folder / "package.xml"))
    assert used == {item.name for item in package.build_depends}


def test_torch_is_imported_by_the_export_and_the_training_only():
    model = ROOT / "clipomaly_ros" / "model"
    outside = [
        path
        for path in model.parent.rglob("*.py")
        if not path.is_relative_to(model) and imports([path]) & {"torch", "open_clip"}
    ]
    assert outside == []


def test_nodes_and_bundles_need_neither_torch_nor_a_network():
    """The default bundle encodes a picture and words, and both nodes are imported, without either."""
    code = (
        "import sys\n"
        "sys.modules.update(dict.fromkeys(['torch', 'open_clip', 'torchvision', 'timm', 'onnx']))\n"
        "def offline(event, arguments):\n"
        "    if event in ('socket.connect', 'socket.getaddrinfo', 'urllib.Request'):\n"
        "        raise PermissionError(f'{event} {arguments}')\n"
        "sys.addaudithook(offline)\n"
        "import numpy, clipomaly_ros.nodes.anomaly_segmenter, clipomaly_ros.nodes.hazard_fusion\n"
        "from clipomaly_ros.model.bundle import load_bundle\n"
        "bundle = load_bundle(sys.argv[1])\n"
        "encoder = bundle.image_encoder(1)\n"
        "encoder.encode(numpy.zeros((1, 3, *encoder.input_size), numpy.float32))\n"
        "bundle.text_encoder(1).encode(['a wrench'])\n"
    )
    bundle = ROOT / "models" / "apron-mini"
    done = subprocess.run(
        [sys.executable, "-c", code, str(bundle)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_of_vision_the_model_knows_the_types_only():
    for path in (ROOT / "clipomaly_ros" / "model").rglob("*.py"):
        lines = path.read_text().splitlines()
        used = {line.split()[1] for line in lines if line.lstrip().startswith("from clipomaly_ros.vision")}
        assert used <= {"clipomaly_ros.vision.types"}, path


@pytest.mark.parametrize("room", ["vision", "hazard", "vocabulary"])
def test_algorithms_know_no_ros_no_torch_and_not_each_other(room: str):
    others = {"vision", "hazard"} - {room}
    for path in (ROOT / "clipomaly_ros" / room).rglob("*.py"):
        assert not imports([path]) & {"rclpy", "torch", "open_clip", "sensor_msgs", "clipomaly_msgs"}, path
        for other in others | {"nodes", "model", "cli", "evaluation", "simulation", "replay"}:
            assert f"clipomaly_ros.{other}" not in path.read_text(), path
