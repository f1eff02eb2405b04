"""colcon finds and builds both packages, at the root and from a workspace."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = {"clipomaly_msgs": "ros.ament_cmake", "clipomaly_ros": "ros.ament_python"}
README = (ROOT / "README.md").read_text()


def colcon(folder: Path, *arguments: str) -> str:
    command = ["colcon"] if shutil.which("colcon") else [sys.executable, "-m", "colcon"]
    environment = {key: value for key, value in os.environ.items() if not key.startswith("COLCON_")}
    done = subprocess.run(
        [*command, "--log-base", os.devnull, *arguments],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, f"colcon {' '.join(arguments)}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


def listed(text: str) -> dict[str, str]:
    return {name: kind.strip("()") for name, _, kind in (line.split("\t") for line in text.splitlines())}


@pytest.fixture
def workspace(tmp_path: Path) -> Path:
    (tmp_path / "src").mkdir()
    (tmp_path / "src" / "clipomaly_ros").symlink_to(ROOT, target_is_directory=True)
    return tmp_path


def base_paths_of_readme() -> list[str]:
    command = re.search(r"colcon build --base-paths ([^\n#]+)", README)
    assert command, "the README must say how to build in a workspace"
    return command[1].replace("'", "").split()


def test_plain_colcon_list_at_the_root_finds_both_packages():
    assert listed(colcon(ROOT, "list")) == PACKAGES


def test_workspace_command_of_the_readme_finds_both_packages(workspace: Path):
    assert listed(colcon(workspace, "list", "--base-paths", *base_paths_of_readme())) == PACKAGES


def test_without_the_second_base_path_the_interfaces_would_be_missing(workspace: Path):
    """Why the README's command is longer than usual."""
    assert set(listed(colcon(workspace, "list", "--base-paths", "src"))) == {"clipomaly_ros"}


def test_workspace_builds_the_python_package_with_launch_and_config(workspace: Path):
    colcon(
        workspace,
        "build",
        "--base-paths",
        *base_paths_of_readme(),
        "--merge-install",
        "--packages-select",
        "clipomaly_ros",
        "--event-handlers",
        "console_direct-",
    )
    share = workspace / "install" / "share" / "clipomaly_ros"
    for folder in ("launch", "config", "models/configs", "models/apron-mini"):
        ours = {
            path.relative_to(ROOT)
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and not path.name.startswith(".") and "__pycache__" not in path.parts
        }
        installed = {path.relative_to(share) for path in (share / folder).rglob("*") if path.is_file()}
        assert ours, f"{folder} is empty"
        assert installed == ours
    executables = {path.name for path in (workspace / "install" / "lib" / "clipomaly_ros").iterdir()}
    bridges = {"keep_out_bridge", "nav2_filter_info", "detection3d_bridge", "autoware_bridge"}
    assert executables == {
        *("anomaly_segmenter", "hazard_fusion", "clipomaly"),
        *(f"hazard_{name}" for name in bridges),
    }
    marker = workspace / "install/share/ament_index/resource_index/packages/clipomaly_ros"
    assert marker.exists()
