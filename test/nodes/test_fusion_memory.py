"""hazard_fusion frees images and clouds as soon as it is done with them, without the garbage collector."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import fusion_scene as scene
import pytest
from fusion_direct import SECOND, START, STEP, DirectFusion, direct_fusion
from sensor_msgs.msg import PointCloud2

from clipomaly_msgs.msg import AnomalyFrame
from clipomaly_ros.nodes.anomaly_frame_input import FrameInput
from clipomaly_ros.nodes.cloud_input import CloudInput
from clipomaly_ros.nodes.message_checks import BadMessage
from clipomaly_ros.nodes.waiting_pairs import WaitingPairs

LARGE = (PointCloud2, AnomalyFrame, FrameInput, CloudInput)


class Pair:
    """Stands for images and clouds: tens of megabytes."""


@contextmanager
def rings() -> Iterator[list[object]]:
    """Collect what only the garbage collector would free, of everything made in the block."""
    found: list[object] = []
    gc.collect()
    gc.disable()
    try:
        yield found
        gc.set_debug(gc.DEBUG_SAVEALL)
        gc.collect()
        found += gc.garbage
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def test_a_pair_that_waited_is_in_no_ring_of_references():
    there: list[Pair] = []

    def complete(pair: Pair) -> None:
        if pair not in there:
            raise BadMessage("transform_missing", "none")

    waiting = WaitingPairs(complete, lambda pair, reason, text: None, timeout=10, limit=2)
    with rings() as found:
        for now in range(8):  # some are complete at once, some later, some never, some find the queue full
            pair = Pair()
            if now % 3 == 0:
                there.append(pair)
            waiting.add(pair, now)
        waiting.retry(9)
        waiting.retry(100)
        assert not len(waiting)
        there.clear()
        del pair
    assert not [one for one in found if isinstance(one, Pair)]


def gone_wrong(fusion: DirectFusion, begin: int) -> None:
    """Send pairs that fail in each way: no transforms, no counterpart, nothing usable, a jump back."""
    for number in range(4):
        fusion.pair(begin + number * STEP)
    fusion.receive("/points", scene.cloud(begin + SECOND))
    fusion.receive("/anomalies", scene.anomaly_frame(begin + 2 * SECOND))
    fusion.receive("/anomalies", scene.anomaly_frame(begin + 3 * SECOND, frame_id="unheard_of"))
    fusion.receive("/points", scene.cloud(begin + 3 * SECOND))
    broken = scene.cloud(begin + 3 * SECOND + STEP)
    broken.fields = broken.fields[:1]
    fusion.receive("/points", broken)
    fusion.set_time(begin + 10 * SECOND)
    fusion.look_again()


@pytest.mark.parametrize("park_first", [True, False], ids=["transforms at once", "transforms late"])
def test_nothing_that_a_sensor_sent_is_left_to_the_garbage_collector(park_first: bool):
    with direct_fusion(max_age=0.0) as fusion, rings() as found:
        fusion.set_time(START)
        if park_first:
            fusion.park()
        gone_wrong(fusion, START)
        if not park_first:
            assert fusion.count("transform_missing")
            fusion.park()
        fusion.pair(START + 10 * SECOND)
        fusion.look_again()
        assert fusion.measured()
        fusion.set_time(START - 100 * SECOND)
        fusion.node._inputs.clear()
        fusion.zones.clear()
    kinds = {type(one).__name__ for one in found if isinstance(one, LARGE)}
    assert not kinds
