"""The clouds of several LiDARs gathered for each frame, without waiting for one that is dead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

PATIENCE = 200_000_000  # ns of stamps: two scans at 10 Hz
MEMORY = 64  # frames


@dataclass
class _Pending:
    camera: str
    frame: Any
    clouds: dict[str, Any] = field(default_factory=dict)


class CloudGathering:
    """Joins what the synchronisers of each camera and LiDAR match to one set for each frame.

    on_complete(camera, frame, clouds): called once for each frame with the matching clouds,
    at least one, in the order of lidars. A frame is complete when each LiDAR has matched or
    has gone past it; it waits for none once another one is PATIENCE past it. Each frame and
    cloud goes to all synchronisers before `frame_came` or `cloud_came` is called: a frame of a
    slow segmenter comes when all its clouds are there, and the first match must not go alone.
    silent(lidar): tells whether nothing came from it for too long. frame and cloud: anything
    with a stamp [ns]; slop: nanoseconds.
    """

    def __init__(
        self,
        lidars: Sequence[str],
        on_complete: Callable[[str, Any, tuple[Any, ...]], None],
        silent: Callable[[str], bool],
        slop: int,
    ) -> None:
        self._lidars = tuple(lidars)
        self._on_complete, self._silent, self._slop = on_complete, silent, slop
        self.clear()

    def matched(self, camera: str, lidar: str, frame: Any, cloud: Any) -> None:
        """Take a match of a frame and a cloud."""
        key = camera, frame.stamp
        if key in self._done:
            return  # its frame has gone without it
        if len(self._lidars) == 1:
            self._finish(_Pending(camera, frame, {lidar: cloud}))
            return
        self._pending.setdefault(key, _Pending(camera, frame)).clouds[lidar] = cloud

    def frame_came(self) -> None:
        """Hand on what is complete, after all synchronisers have had a frame."""
        if self._pending:
            self._look()

    def cloud_came(self, lidar: str, stamp: int) -> None:
        """Note how far a LiDAR is, after its synchroniser has had the cloud; hand on what is complete."""
        self._newest[lidar] = max(stamp, self._newest.get(lidar, stamp))
        if self._pending:
            self._look()

    def clear(self) -> None:
        """Forget everything, after a jump back in time."""
        self._pending: dict[tuple[str, int], _Pending] = {}
        self._newest: dict[str, int] = {}
        self._done: deque[tuple[str, int]] = deque(maxlen=MEMORY)

    def _look(self) -> None:
        furthest = max(self._newest.values(), default=0)
        for key in sorted(self._pending, key=lambda key: key[1]):
            one = self._pending[key]
            limit = one.frame.stamp + self._slop
            if furthest > limit + PATIENCE or all(
                lidar in one.clouds or self._newest.get(lidar, 0) > limit or self._silent(lidar)
                for lidar in self._lidars
            ):
                del self._pending[key]
                self._finish(one)

    def _finish(self, one: _Pending) -> None:
        self._done.append((one.camera, one.frame.stamp))
        clouds = tuple(one.clouds[lidar] for lidar in self._lidars if lidar in one.clouds)
        self._on_complete(one.camera, one.frame, clouds)
