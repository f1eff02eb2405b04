"""Why frames and clouds do or do not match: counts, ages and the nearest stamps."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping

MEMORY = 30  # stamps of each kind


class PairStatistics:
    """Follows the stamps [ns] of both inputs of the synchroniser."""

    def __init__(self) -> None:
        self.frames = self.pairs = 0
        self._frame_stamps: deque[int] = deque(maxlen=MEMORY)
        self._cloud_stamps: deque[int] = deque(maxlen=MEMORY)
        self._ages: dict[str, int] = {}

    def frame(self, topic: str, stamp: int, now: int) -> None:
        """Note a usable frame."""
        self.frames += 1
        self._frame_stamps.append(stamp)
        self._ages[topic] = now - stamp

    def cloud(self, topic: str, stamp: int, now: int) -> None:
        """Note a usable cloud."""
        self._cloud_stamps.append(stamp)
        self._ages[topic] = now - stamp

    def pair(self) -> None:
        """Note a match."""
        self.pairs += 1

    def nearest(self) -> int | None:
        """Return the smallest difference between any recent frame and cloud [ns], None without both."""
        differences = [abs(a - b) for a in self._frame_stamps for b in self._cloud_stamps]
        return min(differences, default=None)

    def clear(self) -> None:
        """Forget the stamps of before a jump; the counts go on."""
        self._frame_stamps.clear()
        self._cloud_stamps.clear()

    def facts(self) -> Mapping[str, str]:
        """Return what the diagnostics show."""
        nearest = self.nearest()
        return {
            "frames_without_cloud": str(self.frames - self.pairs),
            "nearest_stamp_difference": "none" if nearest is None else f"{nearest * 1e-9:.4f} s",
            **{f"age_on_arrival {topic}": f"{age * 1e-9:.3f} s" for topic, age in self._ages.items()},
        }
