"""Backward jumps of message stamps, told apart from late messages of before the jump."""

from __future__ import annotations

import enum


class Verdict(enum.Enum):
    """What to do with a message."""

    ACCEPT = "accept"
    JUMP = "jump"  # the first message of a new era: forget everything older, then accept
    OLD = "old"  # still of the era before the jump: drop


class StampEras:
    """Follows the stamps of several inputs that replay the same timeline.

    A bag that starts over sends all stamps back, but not all inputs arrive at once: a slow
    input still brings its last messages of before the jump. So each input belongs to an era.
    The first input that goes back by more than the threshold begins a new one; the others
    join it with their own step back, or as soon as their stamps are not ahead of it, and
    what they bring until then is old. Stamps and threshold in nanoseconds.
    """

    def __init__(self, threshold: int) -> None:
        self.threshold = threshold
        self.era = 0
        self._newest: int | None = None  # stamp in this era, over all inputs
        self._inputs: dict[str, tuple[int, int]] = {}  # name -> era, newest stamp

    @property
    def newest(self) -> int | None:
        """Return the newest stamp of this era, None before the first."""
        return self._newest

    def judge(self, name: str, stamp: int) -> Verdict:
        """Take the stamp of the next message of an input."""
        era, newest = self._inputs.get(name, (self.era, stamp))
        back = stamp < newest - self.threshold
        behind = era < self.era
        if behind and not back and self._newest is not None and stamp > self._newest + self.threshold:
            self._inputs[name] = era, max(newest, stamp)
            return Verdict.OLD
        jump = back and not behind
        if jump:
            self._begin(None)
        self._inputs[name] = self.era, stamp if back or behind else max(newest, stamp)
        self._newest = stamp if self._newest is None else max(self._newest, stamp)
        return Verdict.JUMP if jump else Verdict.ACCEPT

    def clock_jumped(self, now: int) -> bool:
        """Tell whether a backward jump of the clock to now begins a new era.

        It does not when a message has begun it already.
        """
        if self._newest is not None and self._newest <= now + self.threshold:
            return False
        self._begin(now)
        return True

    def _begin(self, newest: int | None) -> None:
        self.era += 1
        self._newest = newest
