"""One soak run: the node as a process, steps played to it until the time is over."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from clipomaly_ros.nodes.running import spun_beside
from clipomaly_ros.replay.processes import NodeProcessError, NodeProcesses, share_file, transport_environment
from clipomaly_ros.replay.shared_memory import remove_abandoned
from clipomaly_ros.soak import scene
from clipomaly_ros.soak.faults import plan_faults
from clipomaly_ros.soak.feeder import BEAT_RATE, INPUT_TIMEOUT, MAX_AGE, Feeder
from clipomaly_ros.soak.link import DEPTH, NODE, Link
from clipomaly_ros.soak.memory import own_memory, processor_time
from clipomaly_ros.soak.observations import Observations

WARM_UP_STEPS = 300  # in which every fault comes once and every queue has been as long as it gets
MEMORY_WARM_UP_STEPS = 2000  # in which the heap has seen the rare meetings of two faults, too
SAMPLE_STEPS = 25  # between two looks at memory and processor time
_GRACE = 60.0  # for the end of the node, on the busiest machine [s]


@dataclass(frozen=True)
class SoakSettings:
    """seconds: of feeding; seed, share: see plan_faults."""

    seconds: float = 600.0
    seed: int = 0
    share: float = 0.25

    def __post_init__(self) -> None:
        if not 0 < self.seconds <= 7 * 86400:
            raise ValueError(f"duration: expected more than 0 and at most a week, got {self.seconds:g} s")
        if not 0 <= self.share <= 1:
            raise ValueError(f"share of faults: expected 0 to 1, got {self.share}")


def run_soak(
    settings: SoakSettings, folder: Path, progress: Callable[[Observations], None] = lambda seen: None
) -> Observations:
    """Run the node, feed it, end it; folder gets the log. progress(seen): after each step.

    BagError when nothing is installed. A node that does not start or ends is told in the result.
    """
    environment = transport_environment(folder)
    os.environ.update(environment)  # Fast DDS and rcl read them in this process, too
    seen = Observations()
    try:
        with NodeProcesses(folder / "log") as nodes:
            nodes.start(NODE, _parameters(), {}, [share_file("config", "apron.yaml")])

            def refused() -> None:
                for line in nodes.log_lines(NODE, "ERROR", "FATAL")[-1:]:
                    raise NodeProcessError(line.split(": ", 1)[-1])

            try:
                with spun_beside("clipomaly_soak", lambda node: Link(node, nodes.check)) as link:
                    _feed(settings, link, nodes.pid(NODE), seen, progress, refused)
            except NodeProcessError as error:
                seen.ended = " ".join(str(error).split())
            if nodes.stop(_GRACE) and not seen.ended:
                seen.ended = "it did not end on SIGINT and was killed"
            seen.errors = nodes.log_lines(NODE, "ERROR", "FATAL")
    finally:
        remove_abandoned(int(environment["ROS_DOMAIN_ID"]))
    return seen


def _feed(settings, link: Link, pid: int, seen: Observations, progress, refused) -> None:
    if not link.wait_ready(refused):
        raise NodeProcessError(f"{NODE} is not active and connected in time")
    feeder = Feeder(link, seen)
    base = link.wait_settled()
    link.sent.clear()
    if not feeder.begin():
        raise NodeProcessError(f"{NODE} does not follow /clock")
    begun, used = time.monotonic(), processor_time(pid)
    for step in plan_faults(settings.seed, settings.share):
        if time.monotonic() - begun >= settings.seconds:
            break
        feeder.play(step)
        if seen.steps % SAMPLE_STEPS == 0:
            before, used = used, processor_time(pid)
            if seen.steps > MEMORY_WARM_UP_STEPS:
                seen.memory.append(own_memory(pid))
            if seen.steps > WARM_UP_STEPS:
                seen.processor.append((used - before) / SAMPLE_STEPS)
        progress(seen)
    seen.wall = time.monotonic() - begun
    after = link.wait_settled()
    seen.sent = link.sent.copy()
    seen.counters = {key: count - base[key] for key, count in after.items()}


def _parameters() -> dict[str, object]:
    """Return what the node needs so that only it can lose something."""
    values: dict[str, object] = {
        "use_sim_time": True,
        "cameras": [""],
        "fixed_frame": scene.FIXED,
        "reference_frame": scene.BASE,
        "input_timeout": INPUT_TIMEOUT,
        "max_age": MAX_AGE,
        "min_publish_rate": BEAT_RATE,
    }
    for topic in ("anomalies", "points", "camera_info"):
        values[f"qos_overrides./{topic}.subscription.reliability"] = "reliable"
        values[f"qos_overrides./{topic}.subscription.depth"] = DEPTH
    values["qos_overrides./hazard_zones.publisher.depth"] = DEPTH
    return values
