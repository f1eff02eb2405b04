"""Matching messages of several inputs by their stamps, exactly or within a slop."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Sequence
from typing import Any

from rclpy.duration import Duration
from rclpy.time import Time

from message_filters.filters import SimpleFilter, stamp_of


class TimeSynchronizer(SimpleFilter):
    """Emit one message per input as soon as all of them have one of exactly the same stamp.

    `queues` holds for each input {stamp in ns: message}, at most `queue_size` of them; the one
    with the oldest stamp goes first, even when it has just come. As in the real class, `lock`
    is held while callbacks run: a callback that feeds this synchronizer never returns, one
    that raises leaves the lock locked, one that empties the queues makes `add` raise KeyError.
    """

    def __init__(self, fs: Sequence[SimpleFilter], queue_size: int) -> None:
        super().__init__()
        self.queue_size = queue_size
        self.lock = threading.Lock()
        self.connectInput(fs)

    def connectInput(self, fs: Sequence[SimpleFilter]) -> None:  # noqa: N802
        """Take the outputs of other filters as inputs, each with an empty queue."""
        self.queues: list[dict[int, Any]] = [{} for _ in fs]
        self.input_connections = [
            f.registerCallback(self.add, queue, index)
            for index, (f, queue) in enumerate(zip(fs, self.queues, strict=True))
        ]

    def add(self, msg: Any, my_queue: dict[int, Any], my_queue_index: int | None = None) -> None:
        """Take one message of one input; emit the set it completes, and forget older messages."""
        self.lock.acquire()
        self._store(msg, Time.from_msg(msg.header.stamp).nanoseconds, my_queue)
        complete = set(self.queues[0]).intersection(*self.queues[1:])
        if complete:
            stamp = min(complete)
            self._emit([stamp] * len(self.queues))
            for queue in self.queues:  # what is older can only be matched out of order
                for old in [key for key in queue if key < stamp]:
                    del queue[old]
        self.lock.release()

    def _store(self, msg: Any, stamp: int, queue: dict[int, Any]) -> None:
        queue[stamp] = msg
        while len(queue) > self.queue_size:
            del queue[min(queue)]

    def _emit(self, stamps: Sequence[int]) -> None:
        """Emit the messages of these stamps, one for each queue, and then remove them."""
        self.signalMessage(*(queue[stamp] for queue, stamp in zip(self.queues, stamps, strict=True)))
        for queue, stamp in zip(self.queues, stamps, strict=True):
            del queue[stamp]


class ApproximateTimeSynchronizer(TimeSynchronizer):
    """Emit one message per input as soon as their stamps lie less than `slop` seconds apart.

    Each message is tried once, when it comes, against what the other inputs have queued: their
    stamps nearest to its own first, at equal distance the one that came first. The first
    combination with max - min < slop (strictly, so a slop of 0 never matches) is emitted.
    `allow_headerless` goes by keyword: its position differs between the ROS distributions.
    """

    def __init__(
        self, fs: Sequence[SimpleFilter], queue_size: int, slop: float, *, allow_headerless: bool = False
    ) -> None:
        super().__init__(fs, queue_size)
        self.slop = Duration(seconds=slop)
        self.allow_headerless = allow_headerless

    def add(self, msg: Any, my_queue: dict[int, Any], my_queue_index: int | None = None) -> None:
        """Take one message of one input; emit the first set that it completes."""
        time = stamp_of(msg, self.allow_headerless, "message_filters_approx")
        if time is None:
            return
        self.lock.acquire()
        stamp = time.nanoseconds
        self._store(msg, stamp, my_queue)
        if stamp in my_queue:
            stamps = self._match(stamp, my_queue)
            if stamps is not None:
                self._emit(stamps)
        self.lock.release()

    def _match(self, stamp: int, my_queue: dict[int, Any]) -> tuple[int, ...] | None:
        slop = self.slop.nanoseconds
        choices: list[list[int]] = []
        for queue in self.queues:
            if queue is my_queue:
                choices.append([stamp])
                continue
            near = [key for key in queue if abs(key - stamp) <= slop]
            if not near:
                return None
            choices.append(sorted(near, key=lambda key: abs(key - stamp)))
        return next((s for s in itertools.product(*choices) if max(s) - min(s) < slop), None)
