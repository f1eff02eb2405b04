"""Frames of several cameras joined with the clouds of one LiDAR by their stamps."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from message_filters import ApproximateTimeSynchronizer, SimpleFilter


class PairSynchronizer:
    """One ApproximateTimeSynchronizer for each camera, all fed with the same clouds.

    on_pair(camera, frame, cloud): called for each match; frame and cloud are anything with
    header.stamp. It must not raise: the synchroniser would keep its lock.
    slop: largest difference of the stamps [s].
    """

    def __init__(
        self, cameras: Sequence[str], on_pair: Callable[[str, Any, Any], None], queue_size: int, slop: float
    ) -> None:
        self._cameras, self._on_pair = tuple(cameras), on_pair
        self._queue_size, self._slop = queue_size, slop
        self._inputs: dict[str, tuple[SimpleFilter, SimpleFilter]] = {}
        self.clear()

    def add_frame(self, camera: str, frame: Any) -> None:
        """Take a checked frame of a camera."""
        self._inputs[camera][0].signalMessage(frame)

    def add_cloud(self, cloud: Any) -> None:
        """Take a checked cloud."""
        for _, clouds in self._inputs.values():
            clouds.signalMessage(cloud)

    def clear(self) -> None:
        """Forget everything queued.

        After a jump back in time the queues hold stamps ahead of all that come, and the
        synchroniser evicts the lowest stamp first, which is then always the new message: it
        would match next to nothing any more. It has no call to empty it, so new ones are made.
        """
        for camera in self._cameras:
            frames, clouds = SimpleFilter(), SimpleFilter()
            synchronizer = ApproximateTimeSynchronizer([frames, clouds], self._queue_size, self._slop)
            synchronizer.registerCallback(self._matched(camera))
            self._inputs[camera] = frames, clouds

    def _matched(self, camera: str) -> Callable[[Any, Any], None]:
        def on_match(frame: Any, cloud: Any) -> None:
            self._on_pair(camera, frame, cloud)

        return on_match
