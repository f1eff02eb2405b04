"""Fill the virtual environment: pinned packages, and what the ROS wheels need to be usable."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Container
from typing import TYPE_CHECKING

from machine import ROOT, SetupError, fingerprint, run

if TYPE_CHECKING:
    from workspace import Workspace

REQUIREMENTS = ROOT / "scripts" / "requirements"
# Package -> module of the libraries that a ROS install brings by itself.
SYSTEM_LIBRARIES = {
    "numpy": "numpy",
    "scipy": "scipy",
    "opencv-python-headless": "cv2",
    "pyyaml": "yaml",
}


def install_packages(workspace: Workspace, groups: list[str]) -> None:
    """Install the lists of packages, each once for each state of the pins."""
    if not workspace.system:
        groups = [f"ros-{workspace.distribution}", *groups]
    constraints = REQUIREMENTS / "constraints.txt"
    stamps = {group: fingerprint([REQUIREMENTS / f"{group}.txt", constraints]) for group in groups}
    files = {group: workspace.venv / f".{group}.installed" for group in groups}
    due = [
        group for group in groups if not files[group].exists() or files[group].read_text() != stamps[group]
    ]
    if not due:
        return
    command = [str(workspace.python), "-m", "pip", "install", "--disable-pip-version-check"]
    if workspace.system:
        versions = system_versions(workspace)
        own = workspace.log / "setup"
        own.mkdir(parents=True, exist_ok=True)
        files_of = {group: own / f"{group}.txt" for group in [*due, "constraints"]}
        files_of["constraints"].write_text(system_constraints(constraints.read_text(), versions))
        for group in due:
            files_of[group].write_text(without((REQUIREMENTS / f"{group}.txt").read_text(), versions))
    else:
        files_of = {group: REQUIREMENTS / f"{group}.txt" for group in [*due, "constraints"]}
    command += ["-c", str(files_of["constraints"])]
    for group in due:
        command += ["-r", str(files_of[group])]
    workspace.unfinished.touch()
    try:
        run(
            f"packages: {', '.join(due)} (a first time takes some minutes)",
            command,
            workspace.build_environment(),
            workspace.log / "setup" / "pip.log",
        )
    except SetupError:
        workspace.unfinished.unlink()  # pip itself has cleaned up
        raise
    if f"ros-{workspace.distribution}" in due:
        patch_exports(workspace)
    for group in due:
        files[group].write_text(stamps[group])
    workspace.unfinished.unlink()


def system_versions(workspace: Workspace) -> dict[str, str]:
    """Return the versions of those libraries that come with the ROS install."""
    code = "import importlib, sys\nfor name in sys.argv[1:]:\n"
    code += "  try: print(name, importlib.import_module(name).__version__)\n  except ImportError: pass"
    answer = subprocess.run(
        [str(workspace.python), "-c", code, *SYSTEM_LIBRARIES.values()],
        capture_output=True,
        text=True,
        env=workspace.build_environment(),
    )
    found = dict(line.split() for line in answer.stdout.splitlines())
    return {name: found[module] for name, module in SYSTEM_LIBRARIES.items() if module in found}


def patch_exports(workspace: Workspace) -> None:
    """Point the wheels' exported CMake targets at this machine's Python and numpy.

    Their generator package was made on another machine and kept its folders.
    """
    answer = subprocess.run(
        [
            str(workspace.python),
            "-c",
            "import sysconfig, numpy; print(sysconfig.get_path('include')); print(numpy.get_include())",
        ],
        capture_output=True,
        text=True,
        check=True,
        env=workspace.build_environment(),
    )
    include, numpy_include = answer.stdout.split("\n")[:2]
    for path in (workspace.venv / "share").rglob("*.cmake"):
        old = path.read_text()
        new = re.sub(r'/opt/python/[^;"]*/numpy/(?:_core|core)/include', numpy_include, old)
        new = re.sub(r'/opt/python/[^;"]*/include/python[\d.]+', include, new)
        new = re.sub(r'/usr/lib(?:64|/[^;"/]+)/libtinyxml2\.so;?', "", new)
        if new != old:
            path.write_text(new)


def requirement_name(line: str) -> str:
    """Return the package that a line of a list names, in lower case."""
    return re.split(r"[\s=<>;#]", line, maxsplit=1)[0].lower()


def without(lines: str, packages: Container[str]) -> str:
    """Drop these packages from a list."""
    return "".join(line for line in lines.splitlines(keepends=True) if requirement_name(line) not in packages)


def system_constraints(pins: str, versions: dict[str, str]) -> str:
    """Rewrite the pins for a virtual environment on top of a ROS install.

    cv_bridge and the message packages were compiled against the system's numpy and OpenCV,
    and colcon runs there: other versions must not cover them.
    """
    kept = "".join(f"{name}=={version}\n" for name, version in versions.items() if name == "numpy")
    return without(pins, {"setuptools", *versions}) + kept
