"""The tree of frames, without any ROS node."""

from __future__ import annotations

import math
import os
import threading
from typing import Any

from geometry_msgs.msg import TransformStamped
from rclpy.logging import get_logger
from rclpy.time import Time

from tf2_ros.exceptions import (
    ConnectivityException,
    ExtrapolationException,
    InvalidArgumentException,
    LookupException,
    TransformException,
)
from tf2_ros.history import MovingHistory, Sample, StaticHistory, seconds
from tf2_ros.rigid import IDENTITY, Rigid, normalise

DEFAULT_CACHE_NS = 10_000_000_000
# Jazzy turns a quaternion into a matrix first, which takes any length; Kilted does not any more.
ANY_LENGTH = os.environ.get("ROS_DISTRO") in ("humble", "jazzy")
LENGTH_TOLERANCE = 10e-3  # of the squared length
DEEPEST = 1000  # links from a frame to its root; more means a loop


def nanoseconds(value: Any) -> int:
    """Return a time or duration, as a message or as rclpy's class, in ns."""
    if hasattr(value, "sec") and hasattr(value, "nanosec"):
        return int(value.sec) * 1_000_000_000 + int(value.nanosec)
    if hasattr(value, "nanoseconds"):
        return int(value.nanoseconds)
    raise TypeError(f"expected a time with sec and nanosec, or with nanoseconds; got {type(value).__name__}")


class BufferCore:
    """Store transforms and answer for the transform between any two frames at any stored time."""

    def __init__(self, cache_time: Any = None) -> None:
        self._keep = DEFAULT_CACHE_NS if cache_time is None else nanoseconds(cache_time)
        self._lock = threading.Condition(threading.RLock())
        self._histories: dict[str, StaticHistory | MovingHistory] = {}
        self._known: dict[str, None] = {}  # an ordered set: every frame ever named, as child or parent
        self._authorities: dict[str, str] = {}

    # -- writing ----------------------------------------------------------------------------

    def set_transform(self, transform: TransformStamped, authority: str) -> None:
        """Store one moving transform; a bad or too old one is logged and ignored."""
        self._store(transform, authority, MovingHistory)

    def set_transform_static(self, transform: TransformStamped, authority: str) -> None:
        """Store one transform for all times; a bad one is logged and ignored."""
        self._store(transform, authority, StaticHistory)

    def clear(self) -> None:
        """Forget all moving transforms; static ones and the names of frames stay."""
        with self._lock:
            for history in self._histories.values():
                history.clear()

    def _store(self, transform: TransformStamped, authority: str, kind: type) -> None:
        stamp = nanoseconds(transform.header.stamp)
        parent, child = (
            name[1:] if name.startswith("/") else name
            for name in (transform.header.frame_id, transform.child_frame_id)
        )
        move, turn = transform.transform.translation, transform.transform.rotation
        pose = Rigid((move.x, move.y, move.z), (turn.x, turn.y, turn.z, turn.w))
        fault = _fault(parent, child, pose)
        if fault:
            get_logger("tf2").error(
                f"ignored a transform from {authority!r}, parent {parent!r}, child {child!r}: {fault}"
            )
            return
        with self._lock:
            history = self._histories.get(child)
            if type(history) is not kind:
                history = self._histories[child] = kind(self._keep)
            self._known.setdefault(child)
            self._known.setdefault(parent)
            if history.insert(stamp, Sample(parent, Rigid(pose.translation, normalise(pose.rotation)))):
                self._authorities[child] = authority
            else:
                get_logger("tf2").warning(
                    f"TF_OLD_DATA: ignored a transform of {child!r} from {authority!r} stamped "
                    f"{seconds(stamp)}, more than {seconds(self._keep)} s behind the newest; "
                    "after a jump back in time, clear the buffer"
                )
            self._lock.notify_all()

    # -- reading ----------------------------------------------------------------------------

    def lookup_transform_core(self, target_frame: str, source_frame: str, time: Any) -> TransformStamped:
        """Return the pose of the source frame in the target frame at a time (0: the latest common one)."""
        with self._lock:
            pose, stamp = self._lookup(target_frame, source_frame, nanoseconds(time))
        return _message(target_frame, source_frame, pose, stamp)

    def lookup_transform_full_core(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any, fixed_frame: str
    ) -> TransformStamped:
        """Return the pose of the source frame at one time in the target frame at another one.

        The fixed frame is taken as not moving in between. The stamp is the target's.
        """
        with self._lock:
            for name in (target_frame, source_frame, fixed_frame):
                self._check(name)
            to_fixed, _ = self._lookup(fixed_frame, source_frame, nanoseconds(source_time))
            to_target, stamp = self._lookup(target_frame, fixed_frame, nanoseconds(target_time))
        return _message(target_frame, source_frame, to_target @ to_fixed, stamp)

    def can_transform_core(self, target_frame: str, source_frame: str, time: Any) -> tuple[bool, str]:
        """Tell whether the lookup would succeed, and if not, why."""
        return self._attempt(self.lookup_transform_core, target_frame, source_frame, time)

    def can_transform_full_core(
        self, target_frame: str, target_time: Any, source_frame: str, source_time: Any, fixed_frame: str
    ) -> tuple[bool, str]:
        """Tell whether the lookup through a fixed frame would succeed, and if not, why."""
        return self._attempt(
            self.lookup_transform_full_core, target_frame, target_time, source_frame, source_time, fixed_frame
        )

    def get_latest_common_time(self, target_frame: str, source_frame: str) -> Time:
        """Return the newest time at which every moving link between two frames has data.

        0 if all links are static. Without a chain it is a plain TransformException.
        """
        with self._lock:
            self._check(target_frame)
            self._check(source_frame)
            try:
                return Time(nanoseconds=self._latest_common_time(target_frame, source_frame))
            except TransformException as error:
                raise TransformException(str(error)) from None

    def all_frames_as_yaml(self) -> str:
        """Return a YAML mapping: child frame -> parent, broadcaster, rate in Hz, span of time in s."""
        with self._lock:
            if not self._known:
                return "[]"
            lines = []
            for child, history in self._histories.items():
                _, parent = history.latest()
                if parent is None:
                    continue
                oldest, newest, count = history.span()
                lines += [
                    f"{child}: ",
                    f"  parent: '{parent}'",
                    f"  broadcaster: '{self._authorities.get(child, 'unknown')}'",
                    f"  rate: {count * 1e9 / max(newest - oldest, 100_000):.3f}",
                    f"  most_recent_transform: {seconds(newest)}",
                    f"  oldest_transform: {seconds(oldest)}",
                    f"  buffer_length: {(newest - oldest) / 1e9:.3f}",
                ]
            return "".join(f"{line}\n" for line in lines)

    def all_frames_as_string(self) -> str:
        """Return one line for each child frame, naming its parent."""
        with self._lock:
            return "".join(
                f"Frame {child} has the parent {history.latest()[1] or 'NO_PARENT'}.\n"
                for child, history in self._histories.items()
            )

    def _attempt(self, lookup: Any, *args: Any) -> tuple[bool, str]:
        try:
            lookup(*args)
        except TransformException as error:
            return False, str(error)
        return True, ""

    def _check(self, name: str) -> None:
        if not name or name.startswith("/"):
            raise InvalidArgumentException(
                f"expected a frame name that is not empty and has no leading slash, got {name!r}"
            )
        if name not in self._known:
            raise LookupException(f"frame {name!r} does not exist; known frames: {sorted(self._known)}")

    def _lookup(self, target: str, source: str, time: int) -> tuple[Rigid, int]:
        if target == source:  # the identity holds for names that nobody has sent, too
            history = self._histories.get(target)
            return IDENTITY, history.latest()[0] if history and time == 0 else time
        self._check(target)
        self._check(source)
        if time == 0:
            time = self._latest_common_time(target, source)
        up, up_fault = self._climb(source, target, time)
        down, down_fault = self._climb(target, source, time)
        common = next((frame for frame in up if frame in down), None)
        if common is None:
            fault = down_fault or up_fault
            if fault:
                raise ExtrapolationException(f"no transform from {source!r} to {target!r}: {fault}")
            raise _unconnected(target, source)
        return down[common].inverse() @ up[common], time

    def _climb(self, start: str, stop: str, time: int) -> tuple[dict[str, Rigid], str]:
        """Return the pose of a frame in itself and in each ancestor, and why the way ends early.

        Ends at the root, at `stop`, or where there are no data for the time.
        """
        poses = {start: IDENTITY}
        frame = start
        for _ in range(DEEPEST):
            history = self._histories.get(frame)
            if frame == stop or history is None:
                return poses, ""
            try:
                sample = history.at(time)
            except ExtrapolationException as error:
                return poses, f"frame {frame!r}: {error}"
            pose = sample.pose @ poses[frame]
            frame = sample.parent
            poses.setdefault(frame, pose)
        raise self._loop(start)

    def _loop(self, start: str) -> LookupException:
        return LookupException(
            f"the tree of frames has a loop above {start!r}:\n{self.all_frames_as_string()}"
        )

    def _latest_common_time(self, target: str, source: str) -> int:
        if target == source:
            history = self._histories.get(target)
            return history.latest()[0] if history else 0
        up, down = self._latest_links(source, target), self._latest_links(target, source)
        common = next((frame for frame in up if frame in down), None)
        if common is None:
            raise _unconnected(target, source)
        return min((stamp for stamp in up[common] + down[common] if stamp), default=0)

    def _latest_links(self, start: str, stop: str) -> dict[str, list[int]]:
        """Return for a frame and each ancestor by the newest data: the newest stamps on the way."""
        links: dict[str, list[int]] = {start: []}
        frame = start
        for _ in range(DEEPEST):
            history = self._histories.get(frame)
            if frame == stop or history is None:
                return links
            stamp, parent = history.latest()
            if parent is None:
                return links
            stamps = [*links[frame], stamp]
            frame = parent
            links.setdefault(frame, stamps)
        raise self._loop(start)


def _unconnected(target: str, source: str) -> ConnectivityException:
    return ConnectivityException(
        f"frames {target!r} and {source!r} are both known, but no chain of transforms joins them"
    )


def _fault(parent: str, child: str, pose: Rigid) -> str:
    """Say why a transform cannot be stored, or nothing."""
    if not child:
        return "child_frame_id is empty"
    if not parent:
        return "frame_id is empty"
    if child == parent:
        return "parent and child are the same frame"
    if any(map(math.isnan, (*pose.translation, *pose.rotation))):
        return f"it holds NaN: {pose}"
    square = sum(part * part for part in pose.rotation)
    if not 0.0 < square < math.inf:  # its own overflow included
        return f"the quaternion cannot be normalised: {pose.rotation}"
    if not ANY_LENGTH and abs(square - 1.0) >= LENGTH_TOLERANCE:
        return f"TF_DENORMALIZED_QUATERNION: the quaternion is not of length 1: {pose.rotation}"
    return ""


def _message(target: str, source: str, pose: Rigid, stamp: int) -> TransformStamped:
    msg = TransformStamped()
    msg.header.frame_id, msg.child_frame_id = target, source
    msg.header.stamp.sec, msg.header.stamp.nanosec = divmod(stamp, 1_000_000_000)
    move, turn = msg.transform.translation, msg.transform.rotation
    move.x, move.y, move.z = pose.translation
    turn.x, turn.y, turn.z, turn.w = normalise(pose.rotation)
    return msg
