"""Pairs of image and cloud that wait for a transform or a calibration, in a bounded queue."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from clipomaly_ros.nodes.message_checks import BadMessage


@dataclass
class _Waiting:
    # Of the problem the text alone. The exception's traceback leads back here, through the frames of the
    # call and what they hold: such a ring keeps images and clouds until the garbage collector comes by.
    pair: Any
    deadline: int
    problem: str = "not tried yet"


class WaitingPairs:
    """Tries each pair until it is complete or its time is over.

    complete(pair): hands the pair on, or raises BadMessage that says what is missing.
    Whatever else it raises gives up that pair alone, as "pair_failed".
    on_dropped(pair, reason, text): called once for each pair that is given up; must not raise.
    timeout: nanoseconds on the clock whose times are passed in. limit: pairs kept.
    """

    def __init__(
        self,
        complete: Callable[[Any], None],
        on_dropped: Callable[[Any, str, str], None],
        timeout: int,
        limit: int,
    ) -> None:
        self._complete, self._on_dropped = complete, on_dropped
        self._timeout, self._limit = timeout, limit
        self._queue: deque[_Waiting] = deque()

    def __len__(self) -> int:
        return len(self._queue)

    def add(self, pair: Any, now: int) -> None:
        """Take a new pair and try all; with the queue full the one before the newest is given up.

        Giving up the oldest would starve: with transforms later than the queue is long, no
        pair would ever get old enough to be complete.
        """
        self._queue.append(_Waiting(pair, now + self._timeout))
        self.retry(now)
        while len(self._queue) > self._limit:
            newest, item = self._queue.pop(), self._queue.pop()
            self._queue.append(newest)
            self._on_dropped(
                item.pair, "waiting_queue_full", f"{self._limit} other pairs wait as well: {item.problem}"
            )

    def retry(self, now: int) -> None:
        """Hand on what is complete now, in order; give up what has waited for too long."""
        waiting, self._queue = self._queue, deque()
        for item in waiting:
            try:
                self._complete(item.pair)
            except BadMessage as problem:
                item.problem = str(problem)
                if now >= item.deadline:
                    self._on_dropped(item.pair, problem.reason, item.problem)
                else:
                    self._queue.append(item)
            except Exception as error:  # it runs in a timer: raised, it would end the node
                self._on_dropped(item.pair, "pair_failed", repr(error))

    def clear(self) -> int:
        """Forget all pairs and return how many there were."""
        count = len(self._queue)
        self._queue.clear()
        return count
