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
import re
import shlex
import shutil
import subprocess
import sys

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
)

REQUIREMENTS = ROOT / "scripts" / "requirements"
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
        if self.python.exists() and made.exists() and made.read_text() == str(ROOT):
            return
        python = shutil.which("python3") or "python3" if self.system else find_python()
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

    def install_packages(self, groups: list[str]) -> None:
        """Install the lists of packages, each once for each state of the pins."""
        if not self.system:
            groups = [f"ros-{self.distribution}", *groups]
        constraints = REQUIREMENTS / "constraints.txt"
        stamps = {group: fingerprint([REQUIREMENTS / f"{group}.txt", constraints]) for group in groups}
        files = {group: self.venv / f".{group}.installed" for group in groups}
        due = [
            group
            for group in groups
            if not files[group].exists() or files[group].read_text() != stamps[group]
        ]
        if not due:
            return
        command = [
            str(self.python),
            "-m",
            "pip",
            "install",
            "--disable-pip-version-check",
            "-c",
            str(constraints),
        ]
        if self.system:  # the system's cv_bridge was compiled against its own numpy
            own = self.log / "setup" / "constraints.txt"
            own.parent.mkdir(parents=True, exist_ok=True)
            own.write_text(
                "".join(
                    "numpy<2\n" if line.startswith("numpy==2.4") else line
                    for line in constraints.read_text().splitlines(keepends=True)
                    if not line.startswith(("numpy==2.2", "scipy==", "opencv", "setuptools"))
                )
            )
            command[-1] = str(own)
        for group in due:
            command += ["-r", str(REQUIREMENTS / f"{group}.txt")]
        run(
            f"packages: {', '.join(due)} (a first time takes some minutes)",
            command,
            self.build_environment(),
            self.log / "setup" / "pip.log",
        )
        if f"ros-{self.distribution}" in due:
            self.patch_exports()
        for group in due:
            files[group].write_text(stamps[group])

    def patch_exports(self) -> None:
        """Point the wheels' exported CMake targets at this machine's Python and numpy.

        Their generator package was made on another machine and kept its folders.
        """
        answer = subprocess.run(
            [
                str(self.python),
                "-c",
                "import sysconfig, numpy; print(sysconfig.get_path('include')); print(numpy.get_include())",
            ],
            capture_output=True,
            text=True,
            check=True,
            env=self.build_environment(),
        )
        include, numpy_include = answer.stdout.split("\n")[:2]
        for path in (self.venv / "share").rglob("*.cmake"):
            old = path.read_text()
            new = re.sub(r'/opt/python/[^;"]*/numpy/(?:_core|core)/include', numpy_include, old)
            new = re.sub(r'/opt/python/[^;"]*/include/python[\d.]+', include, new)
            new = re.sub(r'/usr/lib(?:64|/[^;"/]+)/libtinyxml2\.so;?', "", new)
            if new != old:
                path.write_text(new)

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
            for folder in ("launch", "config", "models/configs")
            for path in (ROOT / folder).rglob("*")
            if path.is_file()
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
                *self.colcon(),
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
        file.write_text(stamp)

    def colcon(self) -> list[str]:
        """Return the command for colcon under this environment's Python."""
        return [str(self.python), "-m", "colcon"] if not self.system else ["colcon"]

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
        if not stand_ins.exists():
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


def main() -> int:
    """Set up, then print the variables; exit code 1 with one clear message on failure."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--kilted", action="store_true", help="ROS 2 Kilted instead of Jazzy (from wheels)")
    parser.add_argument(
        "--with",
        dest="groups",
        action="append",
        default=[],
        choices=["export", "test"],
        help="further lists of packages",
    )
    options = parser.parse_args()
    try:
        system = not options.kilted and ros_is_sourced()
        distribution = (
            os.environ.get("ROS_DISTRO", "unknown") if system else "kilted" if options.kilted else "jazzy"
        )
        workspace = Workspace(distribution, system)
        if not (workspace.install / ".built").exists():
            check_compilers()
            say(f"ROS 2 {distribution}: {'the sourced install' if system else 'pinned wheels'}")
        with (ROOT / f"{workspace.venv.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)  # `demo` and `test` may start side by side
            workspace.make_venv()
            workspace.install_packages(["runtime", *options.groups])
            workspace.build_packages()
        for name, value in workspace.exports().items():
            print(f"export {name}={shlex.quote(value)}")
    except SetupError as error:
        print(f"setup: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
