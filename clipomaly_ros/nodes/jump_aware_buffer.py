"""A TF buffer that starts over when stamps go back, and is not fooled by a single wrong one.

It also makes rounded rotations whole: tf2 of Kilted and later keeps them as they come, so that
each one scales all that is chained behind it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import tf2_ros
from geometry_msgs.msg import Quaternion, Transform, TransformStamped
from rclpy.duration import Duration

from clipomaly_ros.nodes.stamp_eras import StampEras, Stray, Verdict
from clipomaly_ros.nodes.stamps import to_nanoseconds

RECENT = 2.0  # seconds of real time within which TF and messages jump together
# Of a quaternion's squared length, off 1: what tf2 of Kilted still takes, and what does no harm
# (0.1 mm in 100 m).
ROUNDED, HARMLESS = 10e-3, 1e-6


class JumpAwareBuffer(tf2_ros.Buffer):
    """A TF buffer that starts over when the stamps of moving frames go back.

    Otherwise transforms of before the jump, now in the future, would take part in
    interpolation; so would a single one stamped ahead, which therefore waits for the next of
    its frame. Static transforms stay. threshold: nanoseconds. now: returns the node's time [ns].
    on_stray: called for each transform whose stamp no other agrees with.
    """

    def __init__(
        self,
        cache_time: Duration,
        threshold: int,
        now: Callable[[], int] = lambda: 0,
        on_stray: Callable[[Stray], None] = lambda stray: None,
    ) -> None:
        super().__init__(cache_time)
        self._threshold, self._now, self._on_stray = threshold, now, on_stray
        self._eras = StampEras(threshold, shared_messages=True, now=now)
        self._ahead: dict[str, tuple[TransformStamped, str]] = {}
        self._begun = -RECENT

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Take a transform of a moving frame."""
        transform = whole(transform)
        stamp, child = to_nanoseconds(transform.header.stamp), transform.child_frame_id
        newest = self._eras.newest_of(child)
        early = self._ahead.pop(child, None)
        if early is not None:
            offset = to_nanoseconds(early[0].header.stamp) - (stamp if newest is None else newest)
            if to_nanoseconds(early[0].header.stamp) <= stamp + self._threshold:
                self._take(*early)
                newest = self._eras.newest_of(child)
            else:
                self._on_stray(Stray(child, offset))
        now = self._now()
        if now and newest is not None and stamp > max(newest, now) + self._threshold:
            self._ahead[child] = transform, authority
        else:
            self._take(transform, authority)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Take a transform that does not move."""
        super().set_transform_static(whole(transform), authority)

    def forget_future(self, now: int) -> None:
        """Start over when something is newer than now [ns], unless TF has just done so by itself."""
        if time.monotonic() - self._begun < RECENT:
            return
        held = self._eras.clock_jumped(now)
        if held is not None:
            self._start_over(held)

    def _take(self, transform: TransformStamped, authority: str) -> None:
        judgement = self._eras.judge(
            transform.child_frame_id, to_nanoseconds(transform.header.stamp), (transform, authority)
        )
        for stray in judgement.strays:
            self._on_stray(stray)
        if judgement.verdict is Verdict.JUMP:
            self._start_over(judgement.held)
        if judgement.verdict in (Verdict.JUMP, Verdict.ACCEPT):
            super().set_transform(transform, authority)

    def _start_over(self, held: tuple[tuple[TransformStamped, str], ...]) -> None:
        self._begun = time.monotonic()
        self._ahead.clear()
        self.clear()
        for transform, authority in held:
            super().set_transform(transform, authority)


def whole(transform: TransformStamped) -> TransformStamped:
    """Return the transform with a quaternion of length 1, if only rounding has made it another.

    Any other length is left to tf2: up to Jazzy it takes the direction, since Kilted it refuses.
    """
    turn = transform.transform.rotation
    square = turn.x * turn.x + turn.y * turn.y + turn.z * turn.z + turn.w * turn.w
    if not HARMLESS < abs(square - 1.0) < ROUNDED:
        return transform
    length = math.sqrt(square)
    return TransformStamped(
        header=transform.header,
        child_frame_id=transform.child_frame_id,
        transform=Transform(
            translation=transform.transform.translation,
            rotation=Quaternion(x=turn.x / length, y=turn.y / length, z=turn.z / length, w=turn.w / length),
        ),
    )
