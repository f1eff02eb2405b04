"""Processes are started with what they need, watched, and never left behind."""

import os
import signal
import stat
import subprocess
import time

import pytest
import yaml

from clipomaly_ros.replay import processes
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.replay.processes import NodeProcessError, NodeProcesses
from clipomaly_ros.replay.shared_memory import remove_abandoned


@pytest.fixture
def scripts(tmp_path, monkeypatch):
    """Return a function that makes an executable shell script and lets it be found."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("CLIPOMALY_EXECUTABLES", str(folder))

    def make(name, text):
        path = folder / name
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    return make


def until(condition, timeout=60.0):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "condition not met in time"
        time.sleep(0.02)


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def test_parameters_and_remappings_reach_the_process(scripts, tmp_path):
    scripts("node", 'echo "$@"; sleep 60')
    with NodeProcesses(tmp_path / "log") as nodes:
        nodes.start("node", {"a": 1, "b": {"c": "x"}}, {"points": "/top"}, [tmp_path / "base.yaml"])
        until(lambda: "/top" in nodes.log("node").read_text())
        line = nodes.log("node").read_text()
    assert f"--ros-args --params-file {tmp_path}/base.yaml --params-file {tmp_path}/log/node.yaml" in line
    assert "-r points:=/top" in line
    written = yaml.safe_load((tmp_path / "log" / "node.yaml").read_text())
    assert written == {"/node": {"ros__parameters": {"a": 1, "b": {"c": "x"}}}}


def test_a_process_that_ends_is_noticed_with_its_last_words(scripts, tmp_path):
    scripts("node", "echo all went wrong; exit 7")
    with NodeProcesses(tmp_path / "log") as nodes:
        nodes.start("node", {}, {}, [])

        until(lambda: "all went wrong" in nodes.log("node").read_text())

        def watch():
            deadline = time.monotonic() + 60
            while time.monotonic() < deadline:
                nodes.check()

        with pytest.raises(NodeProcessError, match=r"(?s)exit code 7.*all went wrong"):
            watch()


def test_a_deaf_process_and_its_child_are_killed(scripts, tmp_path, monkeypatch):
    monkeypatch.setattr(processes, "GRACE", 0.3)
    scripts("node", f"trap '' INT; sleep 300 & echo $! $$ > {tmp_path}/pids; wait; sleep 300")
    with NodeProcesses(tmp_path / "log") as nodes:
        nodes.start("node", {}, {}, [])
        until(lambda: (tmp_path / "pids").exists() and (tmp_path / "pids").read_text().strip())
        pids = [int(word) for word in (tmp_path / "pids").read_text().split()]
        assert all(alive(pid) for pid in pids)
        assert nodes.stop() == ["node"]
    until(lambda: not any(alive(pid) for pid in pids))


@pytest.fixture
def interruptible():
    """Let SIGINT interrupt: a shell without job control has it ignored in what it starts with &."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interrupt_during_the_start_leaves_nothing_behind(scripts, tmp_path, monkeypatch):
    scripts("node", f"echo $$ > {tmp_path}/pid; exec sleep 300")
    begin = subprocess.Popen

    def interrupted(*arguments, **options):
        process = begin(*arguments, **options)
        until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
        signal.raise_signal(signal.SIGINT)
        return process

    monkeypatch.setattr(processes.subprocess, "Popen", interrupted)
    with pytest.raises(KeyboardInterrupt), NodeProcesses(tmp_path / "log") as nodes:
        nodes.start("node", {}, {}, [])
    until(lambda: not alive(int((tmp_path / "pid").read_text())))


def test_an_exception_ends_the_processes(scripts, tmp_path):
    scripts("node", f"echo $$ > {tmp_path}/pid; exec sleep 300")

    def fail():
        with NodeProcesses(tmp_path / "log") as nodes:
            nodes.start("node", {}, {}, [])
            until(lambda: (tmp_path / "pid").exists() and (tmp_path / "pid").read_text().strip())
            raise RuntimeError("on the way")

    with pytest.raises(RuntimeError, match="on the way"):
        fail()
    until(lambda: not alive(int((tmp_path / "pid").read_text())))


def test_a_missing_executable_says_what_to_do(scripts, tmp_path):
    with NodeProcesses(tmp_path / "log") as nodes, pytest.raises(BagError, match="build the workspace"):
        nodes.start("nothing_here", {}, {}, [])


def test_a_chosen_domain_and_profile_are_kept(monkeypatch, tmp_path):
    monkeypatch.setenv("ROS_DOMAIN_ID", "17")
    monkeypatch.setenv("FASTDDS_DEFAULT_PROFILES_FILE", "/my/own.xml")
    chosen = processes.transport_environment(tmp_path)
    assert chosen["ROS_DOMAIN_ID"] == "17"
    assert not any(name in chosen for name in processes.PROFILE_VARIABLES)
    for name in processes.PROFILE_VARIABLES:
        monkeypatch.delenv(name, raising=False)
    chosen = processes.transport_environment(tmp_path)
    assert [n for n in processes.PROFILE_VARIABLES if n in chosen and chosen[n].endswith(".xml")]


def test_only_memory_that_nobody_holds_is_removed(tmp_path):
    import fcntl

    dead, living, making = "fastrtps_" + "a" * 16, "fastrtps_" + "b" * 16, "fastrtps_" + "c" * 16
    ours, foreign = "fastrtps_port7661", "fastrtps_port9911"  # domains 1 and 10
    for name in (dead, dead + "_el", living, living + "_el", making, "other"):
        (tmp_path / name).touch()
    for name in (ours, foreign):
        for end in ("", "_el"):
            (tmp_path / (name + end)).touch()
        (tmp_path / f"sem.{name}_mutex").touch()
    with open(tmp_path / (living + "_el")) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert remove_abandoned(1, tmp_path) == 2
    left = sorted(os.listdir(tmp_path))
    expected = [living, living + "_el", making, "other", foreign, foreign + "_el", f"sem.{foreign}_mutex"]
    assert left == sorted(expected)
