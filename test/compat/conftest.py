"""Tell which implementations the contract tests have run against; spin nodes until something holds."""

import importlib
import time

import pytest
import rclpy
from rclpy.executors import SingleThreadedExecutor


def pytest_terminal_summary(terminalreporter):
    for name in ("message_filters", "tf2_ros", "cv_bridge"):
        terminalreporter.write_line(f"contract: {name} is {importlib.import_module(name).__file__}")


class Graph:
    """Nodes of one context, and an executor that spins them until something holds."""

    def __init__(self):
        self.context = rclpy.Context()
        rclpy.init(context=self.context)
        self.executor = SingleThreadedExecutor(context=self.context)
        self.nodes = []

    def node(self, name, **options):
        node = rclpy.create_node(name, context=self.context, **options)
        self.executor.add_node(node)
        self.nodes.append(node)
        return node

    def spin_until(self, holds, timeout=120.0):
        end = time.monotonic() + timeout
        while not holds():
            assert time.monotonic() < end, f"gave up after {timeout} s of spinning"
            self.executor.spin_once(timeout_sec=0.05)

    def close(self):
        for node in self.nodes:
            self.executor.remove_node(node)
            node.destroy_node()
        self.executor.shutdown()
        self.context.try_shutdown()


@pytest.fixture
def graph():
    graph = Graph()
    yield graph
    graph.close()
