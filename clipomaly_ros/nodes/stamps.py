"""Message stamps as integers, and the order in which they come."""

from __future__ import annotations

import enum

from builtin_interfaces.msg import Time


def to_nanoseconds(stamp: Time) -> int:
    """Return a stamp as nanoseconds."""
    return stamp.sec * 1_000_000_000 + stamp.nanosec


class Order(enum.Enum):
    """How a stamp lies to the one before it on the same topic."""

    FIRST = "first"
    LATER = "later"
    SAME = "same"
    EARLIER = "earlier"


class StampSequence:
    """Follows the stamps of one topic; an earlier stamp starts a new sequence."""

    def __init__(self) -> None:
        self.latest: int | None = None

    def follow(self, stamp: Time) -> Order:
        """Take the next stamp and tell its order."""
        now, before = to_nanoseconds(stamp), self.latest
        self.latest = now
        if before is None:
            return Order.FIRST
        return Order.LATER if now > before else Order.SAME if now == before else Order.EARLIER

    def reset(self) -> None:
        """Forget the latest stamp."""
        self.latest = None
