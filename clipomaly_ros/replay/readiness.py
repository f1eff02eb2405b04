"""Wait for the nodes: active, discovered, every needed topic connected."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Sequence

from lifecycle_msgs.srv import GetState
from rclpy.node import Node

from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.replay.player import Player
from clipomaly_ros.replay.processes import NodeProcessError, NodeProcesses
from clipomaly_ros.replay.recorder import Recorder

SETTLED = 0.3  # discovery is complete when nothing is missing for so long [s]
LONGEST_START = 600.0  # a large vocabulary on a slow machine [s]


def wait_until_active(
    node: Node,
    names: Sequence[str],
    nodes: NodeProcesses,
    recorder: Recorder,
    player: Player,
    required: Sequence[str],
    results: Collection[str],
    say: Callable[[str], None],
) -> None:
    """Wait until the nodes are active and connected with player and recorder.

    required: played topics that somebody must listen to. results: topics that the nodes
    must publish. The node must be spun by another
    thread. BagError when a node refuses its configuration, NodeProcessError when one ends.
    """
    say("waiting for the nodes (the first start embeds the vocabulary, which takes a while)")
    clients = {name: node.create_client(GetState, f"/{name}/get_state") for name in names}
    states = {name: "" for name in clients}
    deadline, since = time.monotonic() + LONGEST_START, 0.0
    while time.monotonic() < deadline:
        nodes.check()
        for name, client in clients.items():
            if states[name] == "active" or not client.service_is_ready():
                continue
            future = client.call_async(GetState.Request())
            answered = threading.Event()
            future.add_done_callback(lambda _, event=answered: event.set())
            if answered.wait(1.0):
                states[name] = future.result().current_state.label
            failures = nodes.log_lines(name, "ERROR", "FATAL")
            if states[name] in ("unconfigured", "inactive") and failures:
                raise BagError(f"{name} stays {states[name]}: {failures[-1].split(': ', 1)[-1]}")
        recorder.follow(node)
        heard = all(player.subscribers()[topic] > 0 for topic in required)
        if set(states.values()) == {"active"} and heard and recorder.followed >= set(results):
            # Player and nodes see each other; nodes among themselves may still be a moment behind.
            since = since or time.monotonic()
            if time.monotonic() - since > SETTLED:
                return
        else:
            since = 0.0
        time.sleep(0.05)
    raise NodeProcessError(
        f"the nodes are not ready after {LONGEST_START:.0f} s: states {states}, followed topics "
        f"{sorted(recorder.followed)}, subscribers {player.subscribers()}"
    )
