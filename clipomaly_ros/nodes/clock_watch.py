"""A clock that stands still: noticed on the steady clock, which never does."""

from __future__ import annotations


class ClockWatch:
    """Compares a clock with the steady clock at each look."""

    def __init__(self) -> None:
        self._latest: int | None = None
        self._moved = 0.0

    def look(self, now: int, steady: float) -> float:
        """Return for how long the clock, which shows now [ns], has not moved [s]; steady: in s."""
        if now != self._latest:
            self._latest, self._moved = now, steady
        return steady - self._moved
