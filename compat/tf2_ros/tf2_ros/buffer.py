"""The buffer that nodes use: waiting, and clearing when time jumps back."""

from __future__ import annotations

import time as wall
from collections.abc import Callable
from typing import Any

from geometry_msgs.msg import TransformStamped
from rclpy.clock import Clock, JumpThreshold
from rclpy.duration import Duration
from rclpy.logging import get_logger

from tf2_ros.buffer_core import BufferCore, nanoseconds


class Buffer(BufferCore):
    """BufferCore with timeouts; clears itself when its clock jumps back by a second or more.

    A change of the source of time (to or from simulated time) clears it, too. With a node its
    clock is watched, else the system's. The real class also gives the node a service that tells
    the tree; this one does not.
    """

    def __init__(self, cache_time: Duration | None = None, node: Any = None) -> None:
        super().__init__(cache_time)
        self.clock = Clock() if node is None else node.get_clock()
        threshold = JumpThreshold(min_forward=None, min_backward=Duration(seconds=-1), on_clock_change=True)
        self.jump_handle = self.clock.create_jump_callback(threshold, post_callback=self.time_jump_callback)

    def time_jump_callback(self, time_jump: Any) -> None:
        """Clear: stored stamps mean nothing on the new time line."""
        get_logger("tf2_buffer").warning("time jumped back or has a new source: transforms cleared")
        self.clear()

    def lookup_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Any,
        timeout: Duration = Duration(),  # noqa: B008
    ) -> TransformStamped:
        """Return the pose of the source frame in the target frame, waiting up to `timeout` for data."""
        self.can_transform(target_frame, source_frame, time, timeout)
        return self.lookup_transform_core(target_frame, source_frame, time)

    def lookup_transform_full(
        self,
        target_frame: str,
        target_time: Any,
        source_frame: str,
        source_time: Any,
        fixed_frame: str,
        timeout: Duration = Duration(),  # noqa: B008
    ) -> TransformStamped:
        """Return the transform between two frames at two times, waiting up to `timeout` for data."""
        self.can_transform_full(target_frame, target_time, source_frame, source_time, fixed_frame, timeout)
        return self.lookup_transform_full_core(
            target_frame, target_time, source_frame, source_time, fixed_frame
        )

    def can_transform(
        self,
        target_frame: str,
        source_frame: str,
        time: Any,
        timeout: Duration = Duration(),  # noqa: B008
        return_debug_tuple: bool = False,
    ) -> bool | tuple[bool, str]:
        """Tell whether the lookup would succeed, waiting up to `timeout`; with the reason if asked."""
        answer = self._wait(lambda: self.can_transform_core(target_frame, source_frame, time), timeout)
        return answer if return_debug_tuple else answer[0]

    def can_transform_full(
        self,
        target_frame: str,
        target_time: Any,
        source_frame: str,
        source_time: Any,
        fixed_frame: str,
        timeout: Duration = Duration(),  # noqa: B008
        return_debug_tuple: bool = False,
    ) -> bool | tuple[bool, str]:
        """Tell whether the lookup through a fixed frame would succeed, waiting up to `timeout`."""
        answer = self._wait(
            lambda: self.can_transform_full_core(
                target_frame, target_time, source_frame, source_time, fixed_frame
            ),
            timeout,
        )
        return answer if return_debug_tuple else answer[0]

    def _wait(self, ask: Callable[[], tuple[bool, str]], timeout: Duration) -> tuple[bool, str]:
        end = wall.monotonic() + nanoseconds(timeout) / 1e9
        with self._lock:  # released while waiting for the next transform
            answer = ask()
            while not answer[0] and (left := end - wall.monotonic()) > 0:
                self._lock.wait(left)
                answer = ask()
            return answer
