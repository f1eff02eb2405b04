"""A limit on how often a service does its work."""

from __future__ import annotations

import time


class CallBudget:
    """A token bucket: rate calls a second on average, as many at once as come in one second.

    rate: calls per second; 0: no limit. Turner 1986, "leaky bucket" as a meter.
    """

    def __init__(self, rate: float) -> None:
        self._rate, self._most = rate, max(1.0, rate)
        self._left, self._looked = self._most, time.monotonic()

    def spend(self) -> bool:
        """Take one call out of the budget; False when there is none left."""
        if not self._rate:
            return True
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._looked) * self._rate)
        self._looked = now
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
