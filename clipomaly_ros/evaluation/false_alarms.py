"""Published unknown regions where nothing is wrong."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.pixel_metrics import ANOMALY, VOID


@dataclass(frozen=True)
class FrameAlarms:
    """False alarms of one frame. nominal: there is no anomaly in it."""

    frame: str
    condition: str
    nominal: bool
    count: int


@dataclass(frozen=True)
class AlarmRate:
    """False alarms of a set of frames."""

    alarms: int
    frames: int
    frames_with_alarm: int

    @property
    def per_thousand_frames(self) -> float:
        """Return false alarms per 1,000 frames; NaN without frames."""
        return 1000 * self.alarms / self.frames if self.frames else float("nan")


def false_regions(
    region_image: NDArray[np.unsignedinteger], unknown: Sequence[int], label: NDArray[np.uint8]
) -> list[int]:
    """Return which unknown regions touch no anomaly.

    region_image: [H, W], 0 = none. unknown: identifiers of the unknown regions. label: uint8
    [H, W], 0, 1 and 255 = void; a region that lies in void altogether is not judged.
    """
    if not len(unknown):
        return []
    regions, flat = region_image.ravel(), label.ravel()
    limit = max(int(regions.max(initial=0)), *unknown) + 1
    area = np.bincount(regions, minlength=limit)
    anomalous, void = (
        np.bincount(regions[np.flatnonzero(flat == value)], minlength=limit) for value in (ANOMALY, VOID)
    )
    return [item for item in unknown if area[item] > void[item] and not anomalous[item]]


def alarm_rate(frames: Iterable[FrameAlarms]) -> AlarmRate:
    """Return the false alarms of some frames together."""
    counts = [frame.count for frame in frames]
    return AlarmRate(sum(counts), len(counts), sum(count > 0 for count in counts))
