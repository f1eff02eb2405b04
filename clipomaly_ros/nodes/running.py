"""How nodes are run: alone until a signal comes, or spun beside what their process does."""

from __future__ import annotations

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import rclpy
from rclpy.executors import ExternalShutdownException, MultiThreadedExecutor, SingleThreadedExecutor
from rclpy.lifecycle import LifecycleNode
from rclpy.node import Node
from rclpy.signals import SignalHandlerOptions

SIGNAL_GRACE = 1.0  # seconds
Made = TypeVar("Made")


def run_node(
    factory: Callable[[], LifecycleNode], args: Sequence[str] | None = None, threads: int = 1
) -> int:
    """Run a node until SIGINT, SIGTERM or a shutdown of its context; return the exit code.

    It is 0, or 2 for arguments that ROS cannot read.
    threads: of the executor; more than one only helps callbacks in different groups.
    """
    node = executor = None
    begun = False
    sys.unraisablehook = _without_half_made_tasks
    try:
        rclpy.init(args=args)
        begun = True
        executor = SingleThreadedExecutor() if threads == 1 else MultiThreadedExecutor(threads)
        node = factory()
        executor.add_node(node)
        # Not spin(): a SIGTERM that comes just before rclpy waits does not wake it, ever.
        while rclpy.ok():
            executor.spin_once(timeout_sec=1.0)
    except (KeyboardInterrupt, ExternalShutdownException):
        pass  # the usual ways to end
    except Exception as error:
        if not begun:  # before there is a logger: a parameter file or a remapping that ROS cannot read
            print(" ".join(f"{type(error).__name__}: {error}".split()), file=sys.stderr)
            return 2
        # A signal while the node is being made or a message is being converted lets rclpy fail
        # in many ways: the interrupt is lost in its C++ part.
        if not _shut_down_soon():
            raise
    finally:
        # A terminal and a launch file both send SIGINT: the second must not interrupt the clean-up.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        if executor is not None:
            executor.shutdown(timeout_sec=2.0)
        if node is not None:
            node.destroy_node()
        rclpy.try_shutdown()
    return 0


def _without_half_made_tasks(unraisable: Any) -> None:
    """Report what could not be raised, but for a task of rclpy that a signal has left half made.

    Its __del__ then misses an attribute, and a clean end would show a traceback.
    """
    place = getattr(unraisable.object, "__module__", ""), getattr(unraisable.object, "__name__", "")
    if place != ("rclpy.task", "__del__") or not isinstance(unraisable.exc_value, AttributeError):
        sys.__unraisablehook__(unraisable)


def _shut_down_soon() -> bool:
    """Tell whether a signal has come: rclpy shuts its context down a moment later, on its own thread."""
    end = time.monotonic() + SIGNAL_GRACE
    while rclpy.ok() and time.monotonic() < end:
        time.sleep(0.01)
    return not rclpy.ok()


@contextmanager
def spun_beside(name: str, make: Callable[[Node], Made]) -> Iterator[Made]:
    """Yield what make(node) makes of a new node; a thread spins the node from then to the end.

    The node has a context of its own and leaves signals to its process.
    """
    context = rclpy.Context()
    rclpy.init(args=[], context=context, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node(name, context=context, enable_rosout=False)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)

    def spin() -> None:
        try:
            executor.spin()
        except ExternalShutdownException:
            return

    spinner = threading.Thread(target=spin, name=f"{name}-spin", daemon=True)
    try:
        made = make(node)
        spinner.start()
        yield made
    finally:
        executor.shutdown(timeout_sec=2.0)
        if spinner.is_alive():
            spinner.join(5.0)
        node.destroy_node()
        context.try_shutdown()
