"""Start the real node executables as separate processes, watch them, end them cleanly."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import yaml
from ament_index_python.packages import (
    PackageNotFoundError,
    get_package_prefix,
    get_package_share_directory,
)

from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.replay.domains import own_domain

PACKAGE = "clipomaly_ros"
GRACE = 8.0  # between SIGINT and SIGKILL [s]
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")


class NodeProcessError(RuntimeError):
    """A node's process ended or refused to work; the text holds the end of its log."""


def share_file(*parts: str) -> Path:
    """Find an installed file of the package by its parts, e.g. "config", "apron.yaml"."""
    try:
        path = Path(get_package_share_directory(PACKAGE), *parts)
    except PackageNotFoundError as error:
        raise BagError(f"{PACKAGE} is not on AMENT_PREFIX_PATH: build the workspace and source it") from error
    if not path.exists():
        raise BagError(f"{path} is not installed: build the workspace again")
    return path


def executable(name: str) -> Path:
    """Find a node's executable: in $CLIPOMALY_EXECUTABLES, else where colcon installed it."""
    folder = os.environ.get("CLIPOMALY_EXECUTABLES")
    path = Path(folder, name) if folder else Path(get_package_prefix(PACKAGE), "lib", PACKAGE, name)
    if not os.access(path, os.X_OK):
        raise BagError(f"expected the executable {path}: build the workspace and source it")
    return path


def transport_environment(out: Path) -> dict[str, str]:
    """Return the variables under which player and nodes find each other, and nobody else."""
    chosen = {
        "ROS_DOMAIN_ID": str(own_domain()),
        "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST",
        "ROS_LOG_DIR": str(out / "log"),
    }
    # Fast DDS 2 (Jazzy) knows only the first name; Fast DDS 3 warns about it.
    if not any(os.environ.get(name) for name in PROFILE_VARIABLES):
        name = PROFILE_VARIABLES[0 if os.environ.get("ROS_DISTRO") == "jazzy" else 1]
        chosen[name] = str(share_file("config", "fastdds_large_messages.xml"))
    return chosen


class NodeProcesses:
    """The node processes of one replay; a context manager that leaves none behind.

    folder: gets one log file and one parameter file a node.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def start(
        self,
        name: str,
        parameters: Mapping[str, Any],
        remappings: Mapping[str, str],
        defaults: Sequence[Path],
    ) -> None:
        """Start one executable whose node has the same name.

        defaults: parameter files, overridden by parameters.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        own = self.folder / f"{name}.yaml"
        own.write_text(yaml.safe_dump({f"/{name}": {"ros__parameters": dict(parameters)}}), encoding="utf-8")
        command = [str(executable(name)), "--ros-args"]
        for file in (*defaults, own):
            command += ["--params-file", str(file)]
        for old, new in remappings.items():
            command += ["-r", f"{old}:={new}"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1", "RCUTILS_COLORIZED_OUTPUT": "0"}
        # An interrupt in the middle of Popen would leave a process that nobody knows of.
        with self.log(name).open("wb") as sink, interrupts_later():
            self._running[name] = subprocess.Popen(
                command,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C in the terminal reaches the player only, which ends them
            )

    def pid(self, name: str) -> int:
        """Return the process number of a running node."""
        return self._running[name].pid

    def log(self, name: str) -> Path:
        """Return the file with a node's output."""
        return self.folder / f"{name}.log"

    def log_lines(self, name: str, *levels: str) -> list[str]:
        """Return the lines of a node's log with one of the levels, e.g. "ERROR", "FATAL"."""
        marks = tuple(f"[{level}]" for level in levels)
        lines = self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()
        return [line for line in lines if any(mark in line for mark in marks)]

    def check(self) -> None:
        """Raise NodeProcessError when a node has ended."""
        for name, process in self._running.items():
            code = process.poll()
            if code is not None:
                how = f"exit code {code}" if code >= 0 else f"signal {signal.Signals(-code).name}"
                raise NodeProcessError(f"{name} ended unexpectedly ({how}); the end of {self.log_end(name)}")

    def log_end(self, name: str, lines: int = 15) -> str:
        """Return the last lines of a node's log under its path."""
        text = self.log(name).read_text(encoding="utf-8", errors="replace").splitlines()[-lines:]
        return "\n  ".join([f"{self.log(name)}:", *text])

    def stop(self, grace: float | None = None) -> list[str]:
        """End all nodes: SIGINT, after a grace [s], or GRACE, SIGKILL; return the names of those killed."""
        for process in self._running.values():
            self._signal(process, signal.SIGINT)
        deadline = time.monotonic() + (GRACE if grace is None else grace)
        killed = []
        for name, process in self._running.items():
            try:
                process.wait(max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                self._signal(process, signal.SIGKILL)
                process.wait()
                killed.append(name)
            if process.returncode < 0:
                killed.append(name)
        self._running.clear()
        return sorted(set(killed))

    @staticmethod
    def _signal(process: subprocess.Popen[bytes], number: int) -> None:
        if process.poll() is None:
            os.killpg(process.pid, number)  # the whole session: a node may have children

    def __enter__(self) -> NodeProcesses:
        return self

    def __exit__(self, *exception: object) -> None:
        with interrupts_later():  # a second Ctrl-C must not leave processes behind
            self.stop()


@contextmanager
def interrupts_later() -> Iterator[None]:
    """Put off SIGINT and SIGTERM until the end of the block; for the main thread."""
    came: set[int] = set()

    def note(number: int, frame: object) -> None:
        came.add(number)

    before = {number: signal.signal(number, note) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
