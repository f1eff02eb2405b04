import contextlib
import signal
import sys

import pytest
import rclpy
from rclpy.task import Task

from clipomaly_ros.nodes.running import run_node


class Failing:
    def __del__(self):
        raise AttributeError("of our own")


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_only_half_made_tasks_end_without_a_word(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
):
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)  # put back afterwards

    def make() -> None:
        half_made = Task.__new__(Task)  # as a signal in its __init__ leaves it
        with contextlib.suppress(AttributeError):  # one that has no such attribute needs no help
            del half_made
        assert "Traceback" not in capsys.readouterr().err
        failing = Failing()
        del failing
        assert "of our own" in capsys.readouterr().err
        raise KeyboardInterrupt

    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        assert run_node(make) == 0
    finally:  # a node that ends has its process for itself, and ignores them
        for number, handler in before.items():
            signal.signal(number, handler)
    assert not rclpy.ok()
