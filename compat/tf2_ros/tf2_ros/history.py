"""The transforms that one child frame has had to its parent."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from typing import NamedTuple

from tf2_ros.exceptions import ExtrapolationException
from tf2_ros.rigid import Rigid, interpolate


class Sample(NamedTuple):
    """One transform: the parent's name, and the child's pose in it."""

    parent: str
    pose: Rigid


def seconds(stamp: int) -> str:
    """Write a time in ns as seconds."""
    return f"{stamp / 1e9:.6f}"


class StaticHistory:
    """One transform for all times."""

    def __init__(self, keep: int) -> None:
        del keep  # the same constructor as MovingHistory; nothing here grows old
        self.sample: Sample | None = None

    def insert(self, stamp: int, sample: Sample) -> bool:
        """Replace the transform; any stamp will do."""
        self.sample = sample
        return True

    def at(self, time: int) -> Sample:
        """Return the transform."""
        assert self.sample is not None  # noqa: S101  (a history is made to be filled at once)
        return self.sample

    def latest(self) -> tuple[int, str | None]:
        """Return no time (0), and the parent."""
        return 0, self.at(0).parent

    def span(self) -> tuple[int, int, int]:
        """Return the oldest stamp, the newest stamp and the number of samples."""
        return 0, 0, 1

    def clear(self) -> None:
        """Keep what is static."""


class MovingHistory:
    """Transforms ordered by stamp (ns), kept for `keep` ns behind the newest one."""

    def __init__(self, keep: int) -> None:
        self.keep = keep
        self.stamps: list[int] = []
        self.samples: list[Sample] = []

    def insert(self, stamp: int, sample: Sample) -> bool:
        """Store one sample in its place; False if it lies more than `keep` behind the newest.

        What lies too far behind the newest is forgotten now, and not while reading, so the
        newest sample of all never pushes out others before the next one comes.
        """
        if self.stamps:
            limit = self.stamps[-1] - self.keep
            old = bisect_left(self.stamps, limit)
            del self.stamps[:old], self.samples[:old]
            if stamp < limit:
                return False
        first, last = bisect_left(self.stamps, stamp), bisect_right(self.stamps, stamp)
        if sample not in self.samples[first:last]:
            self.stamps.insert(last, stamp)
            self.samples.insert(last, sample)
        return True

    def at(self, time: int) -> Sample:
        """Return the sample for a time in ns, 0 for the newest; interpolate between neighbours.

        Between two samples with different parents the older one holds. No extrapolation:
        a time outside of the samples raises ExtrapolationException.
        """
        if not self.stamps:
            raise ExtrapolationException(
                f"time {seconds(time)} was asked for, but the buffer has been cleared and holds nothing newer"
            )
        if time in (0, self.stamps[-1]):
            return self.samples[-1]
        if time == self.stamps[0]:
            return self.samples[0]
        if not self.stamps[0] < time < self.stamps[-1]:
            where = "after the newest" if time > self.stamps[-1] else "before the oldest"
            raise ExtrapolationException(
                f"time {seconds(time)} lies {where} transform: "
                f"the buffer reaches from {seconds(self.stamps[0])} to {seconds(self.stamps[-1])}"
            )
        after = bisect_right(self.stamps, time)
        older, newer = self.samples[after - 1], self.samples[after]
        if older.parent != newer.parent:
            return older
        start, end = self.stamps[after - 1], self.stamps[after]
        return Sample(older.parent, interpolate(older.pose, newer.pose, (time - start) / (end - start)))

    def latest(self) -> tuple[int, str | None]:
        """Return the newest stamp in ns with its parent, or (0, None)."""
        return (self.stamps[-1], self.samples[-1].parent) if self.stamps else (0, None)

    def span(self) -> tuple[int, int, int]:
        """Return the oldest stamp, the newest stamp and the number of samples."""
        return (self.stamps[0], self.stamps[-1], len(self.stamps)) if self.stamps else (0, 0, 0)

    def clear(self) -> None:
        """Forget all samples, but not that the frame was there."""
        self.stamps.clear()
        self.samples.clear()
