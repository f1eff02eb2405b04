"""Run nodes over DDS in tests: processes, the graph, diagnostics, publishing until matched."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import rclpy
from diagnostic_msgs.msg import DiagnosticArray
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState, GetState
from rclpy.executors import Executor, ExternalShutdownException, SingleThreadedExecutor
from rclpy.node import Node
from rclpy.qos import QoSProfile

TIMEOUT = 120.0  # generous: nothing here measures time
ROOT = Path(__file__).resolve().parents[2]
REPORTS = {"diagnostics_period": 0.1}  # what nodes tell is waited for again and again


def wait_until(condition: Callable[[], Any], what: str, timeout: float = TIMEOUT) -> Any:
    """Wait until a condition is true and return its value; fail with `what` after the timeout."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"after {timeout:.0f} s still not: {what}")
        time.sleep(0.02)


def spin(executor: Executor, closing: threading.Event) -> None:
    """Run callbacks until told to close.

    Not Executor.spin: its shutdown takes the handles away that a turn on another thread may just
    be about to wait for, which then fails, or waits for ever.
    """
    with contextlib.suppress(ExternalShutdownException):
        while not closing.is_set():
            executor.spin_once(timeout_sec=0.2)


def end(executor: Executor, thread: threading.Thread) -> None:
    """Wait for the thread of a closing `spin`, then end its executor."""
    executor.wake()
    thread.join(10.0)
    executor.shutdown(timeout_sec=5.0)


class NodeProcess:
    """One node as a process of its own, with its output in a file."""

    def __init__(self, command: Sequence[str], log: Path, environment: dict[str, str] | None = None) -> None:
        self.log = log
        self._sink = log.open("wb")
        self.process = subprocess.Popen(
            list(command),
            stdout=self._sink,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
            cwd=ROOT,
        )

    @property
    def output(self) -> str:
        """Return everything printed so far."""
        return self.log.read_text(errors="replace")

    def send(self, number: signal.Signals) -> None:
        """Send a signal."""
        self.process.send_signal(number)

    def wait(self, timeout: float = TIMEOUT) -> int:
        """Wait for the end and return the exit code."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise AssertionError(f"the process did not end; its output:\n{self.output}") from None

    def close(self) -> None:
        """End the process, by force when it does not end by itself."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(10.0)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait(10.0)
        self._sink.close()

    def __enter__(self) -> NodeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def node_process(
    executable: str,
    log: Path,
    parameters: dict[str, Any] | None = None,
    arguments: Sequence[str] = (),
    parameter_file: Path | None = None,
) -> NodeProcess:
    """Start one of this package's node executables with --ros-args and frequent diagnostics."""
    folder = os.environ.get("CLIPOMALY_EXECUTABLES")
    command = (
        [str(Path(folder) / executable)]
        if folder and (Path(folder) / executable).exists()
        else [sys.executable, "-m", f"clipomaly_ros.nodes.{executable}"]
    )
    command += ["--ros-args", *arguments]
    if parameter_file is not None:
        command += ["--params-file", str(parameter_file)]
    for name, value in {**REPORTS, **(parameters or {})}.items():
        command += ["-p", f"{name}:={str(value).lower() if isinstance(value, bool) else value}"]
    return NodeProcess(command, log)


class Observer:
    """A node of the test's own, spun on a thread, that hears diagnostics and whatever is asked."""

    def __init__(self, name: str = "observer", namespace: str = "") -> None:
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.node = Node(name, namespace=namespace, context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.executor.add_node(self.node)
        self._lock = threading.Lock()
        self._closing = threading.Event()
        self._status: dict[str, Any] = {}
        self.received: dict[str, list[Any]] = {}
        self.node.create_subscription(DiagnosticArray, "/diagnostics", self._on_diagnostics, 50)
        self._thread = threading.Thread(target=spin, args=(self.executor, self._closing), daemon=True)
        self._thread.start()

    def _on_diagnostics(self, message: DiagnosticArray) -> None:
        with self._lock:
            for status in message.status:
                self._status[status.name] = status

    def close(self) -> None:
        """Stop spinning and destroy the node."""
        self._closing.set()
        end(self.executor, self._thread)
        self.node.destroy_node()
        rclpy.try_shutdown(context=self.context)

    def __enter__(self) -> Observer:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def status(self, name: str) -> Any | None:
        """Return the latest DiagnosticStatus of a node by fully qualified name, or None."""
        with self._lock:
            return self._status.get(name)

    def values(self, name: str) -> dict[str, str]:
        """Return the key/value pairs of a node's latest status."""
        status = self.status(name)
        return {item.key: item.value for item in status.values} if status else {}

    def level(self, name: str) -> int | None:
        """Return the level of a node's latest status as a number, None before the first."""
        status = self.status(name)
        return status.level[0] if status else None

    def wait_count(self, name: str, counter: str, at_least: int = 1, timeout: float = TIMEOUT) -> int:
        """Wait until a counter in a node's diagnostics has reached a value."""
        wait_until(
            lambda: int(self.values(name).get(counter, "0")) >= at_least,
            f"{counter} >= {at_least} in the diagnostics of {name}",
            timeout,
        )
        return int(self.values(name)[counter])

    def wait_value(self, name: str, key: str, expected: str, timeout: float = TIMEOUT) -> None:
        """Wait until a fact in a node's diagnostics has a value."""
        wait_until(lambda: self.values(name).get(key) == expected, f"{key} = {expected} in {name}", timeout)

    def subscribe(self, message_type: Any, topic: str, qos: QoSProfile | int = 50) -> list[Any]:
        """Subscribe, and return the list into which messages go."""
        messages = self.received.setdefault(topic, [])
        self.node.create_subscription(message_type, topic, messages.append, qos)
        return messages

    def publisher(self, message_type: Any, topic: str, qos: QoSProfile | int = 5, matched: int = 1) -> Any:
        """Create a publisher and wait until so many subscriptions have matched."""
        publisher = self.node.create_publisher(message_type, topic, qos)
        if matched:
            wait_until(lambda: publisher.get_subscription_count() >= matched, f"a subscription of {topic}")
        return publisher

    def wait_publishers(self, topic: str, number: int = 1) -> None:
        """Wait until so many publishers of a topic are known."""
        wait_until(lambda: self.node.count_publishers(topic) >= number, f"{number} publishers of {topic}")

    def begin_anew(self, node_name: str) -> None:
        """Wait until an earlier node of this name is off the graph, and drop all diagnostics heard so far.

        A call must not reach that node, and what it reported does not count.
        """
        # rclpy's life-cycle state machine keeps a destroyed node of this process on the graph,
        # services and all, until the garbage collector has found the cycle.
        gc.collect()
        wait_until(
            lambda: node_name not in [name for name, _ in self.node.get_node_names_and_namespaces()],
            f"{node_name} gone",
        )
        with self._lock:
            self._status.clear()

    @contextlib.contextmanager
    def calling(
        self, service_type: Any, name: str, timeout: float = TIMEOUT
    ) -> Iterator[Callable[[Any], Any]]:
        """Give a function that calls a service and returns its response."""
        client = self.node.create_client(service_type, name)

        def call(request: Any) -> Any:
            wait_until(client.service_is_ready, f"service {name}", timeout)
            future = client.call_async(request)
            wait_until(future.done, f"answer of {name}", timeout)
            return future.result()

        try:
            yield call
        finally:
            self.node.destroy_client(client)

    def call(self, service_type: Any, name: str, request: Any, timeout: float = TIMEOUT) -> Any:
        """Call a service once and return its response."""
        with self.calling(service_type, name, timeout) as call:
            return call(request)

    def state_of(self, node_name: str) -> str:
        """Return the life-cycle state of a node by its fully qualified name."""
        return self.call(GetState, f"{node_name}/get_state", GetState.Request()).current_state.label

    def change_state(self, node_name: str, transition: int) -> bool:
        """Ask for a life-cycle transition (lifecycle_msgs/Transition.TRANSITION_*)."""
        request = ChangeState.Request(transition=Transition(id=transition))
        return self.call(ChangeState, f"{node_name}/change_state", request).success


@contextlib.contextmanager
def spinning(factory: Callable[..., Node], arguments: Sequence[str] = ()) -> Iterator[Node]:
    """Run a node in this process on its own context and thread.

    factory is called with the keyword `context`; arguments are those after the program's name.
    """
    context = rclpy.Context()
    rclpy.init(args=list(arguments), context=context)
    node = factory(context=context)
    executor = SingleThreadedExecutor(context=context)
    executor.add_node(node)

    closing = threading.Event()
    thread = threading.Thread(target=spin, args=(executor, closing), daemon=True)
    thread.start()
    try:
        yield node
    finally:
        closing.set()
        end(executor, thread)
        node.destroy_node()
        rclpy.try_shutdown(context=context)
