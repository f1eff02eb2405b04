"""How fast counters grow."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

WINDOW = 1.0  # seconds of real time, at least, that a rate is taken over


class CounterRates:
    """Remembers counters, to tell how often each went up a second since it last looked."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._before: dict[str, int] = {}
        self._begin = clock()
        self._rates: dict[str, float] = {}

    def look(self, counts: Mapping[str, int]) -> dict[str, float]:
        """Return the rate of each counter [Hz], of the latest window that is over."""
        now = self._clock()
        elapsed = now - self._begin
        if elapsed >= WINDOW:
            self._rates = {
                name: (count - self._before.get(name, 0)) / elapsed for name, count in counts.items()
            }
            self._before, self._begin = dict(counts), now
        return dict(self._rates)
