"""The history of one input."""

from __future__ import annotations

from typing import Any

from rclpy.time import Time

from message_filters.filters import SimpleFilter, stamp_of


class Cache(SimpleFilter):
    """Keep the last messages of one input, in the order of arrival, and pass each one on."""

    def __init__(self, f: SimpleFilter, cache_size: int = 1, allow_headerless: bool = False) -> None:
        super().__init__()
        self.cache_size = cache_size
        self.allow_headerless = allow_headerless
        self.cache_msgs: list[Any] = []
        self.cache_times: list[Time] = []
        self.connectInput(f)

    def connectInput(self, f: SimpleFilter) -> None:  # noqa: N802
        """Take the output of another filter as input."""
        self.incoming_connection = f.registerCallback(self.add)

    def add(self, msg: Any) -> None:
        """Store one message, drop the first one beyond the size, pass the message on."""
        stamp = stamp_of(msg, self.allow_headerless, "message_filters_cache")
        if stamp is None:
            return
        self.cache_times.append(stamp)
        self.cache_msgs.append(msg)
        if len(self.cache_msgs) > self.cache_size:
            del self.cache_msgs[0], self.cache_times[0]
        self.signalMessage(msg)

    def _entries(self) -> zip[tuple[Time, Any]]:
        return zip(self.cache_times, self.cache_msgs, strict=True)

    def getInterval(self, from_stamp: Time, to_stamp: Time) -> list[Any]:  # noqa: N802
        """Return the messages stamped within [from_stamp, to_stamp], both ends included."""
        if from_stamp > to_stamp:
            raise AssertionError(f"expected from_stamp <= to_stamp, got {from_stamp} and {to_stamp}")
        return [msg for time, msg in self._entries() if from_stamp <= time <= to_stamp]

    def getElemAfterTime(self, stamp: Time) -> Any:  # noqa: N802
        """Return the first message stamped at or after a time, or None."""
        return next((msg for time, msg in self._entries() if time >= stamp), None)

    def getElemBeforeTime(self, stamp: Time) -> Any:  # noqa: N802
        """Return the last message stamped at or before a time, or None."""
        return next((msg for time, msg in reversed(list(self._entries())) if time <= stamp), None)

    def getLastestTime(self) -> Time | None:  # noqa: N802  (the real method has this spelling)
        """Return the stamp of the last message, or None."""
        return self.cache_times[-1] if self.cache_times else None

    def getOldestTime(self) -> Time | None:  # noqa: N802
        """Return the stamp of the first message kept, or None."""
        return self.cache_times[0] if self.cache_times else None

    def getLast(self) -> Any:  # noqa: N802
        """Return the newest message, or None."""
        latest = self.getLastestTime()
        return None if latest is None else self.getElemAfterTime(latest)
