"""The transforms of one pair of image and cloud, each at its own stamp, through the fixed frame."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import tf2_ros
import yaml
from geometry_msgs.msg import TransformStamped
from rclpy.clock import ClockType
from rclpy.duration import Duration
from rclpy.node import Node
from rclpy.time import Time

from clipomaly_ros.hazard.deskew import Sweep, continued
from clipomaly_ros.hazard.ego_motion import EgoMotion
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.nodes.cloud_input import CloudInput
from clipomaly_ros.nodes.jump_aware_buffer import JumpAwareBuffer
from clipomaly_ros.nodes.message_checks import BadMessage
from clipomaly_ros.nodes.stamp_eras import Stray

LATEST = 0
_AHEAD = 200_000_000  # how far a pose is continued beyond the newest transform [ns]
_BASE = 100_000_000  # of the motion that is continued, and of the velocity [ns]


@dataclass(frozen=True)
class PairTransforms:
    """Where camera and LiDAR were; fixed_from_reference and motion are None when TF does not know.

    sweeps: one for each cloud when their points must be moved to the image's stamp, in the
    frame of the first cloud; the transforms of that hold at that stamp then.
    """

    camera_from_cloud: RigidTransform
    fixed_from_cloud: RigidTransform
    fixed_from_camera: RigidTransform
    fixed_from_reference: RigidTransform | None
    sweeps: tuple[Sweep, ...] = ()
    motion: EgoMotion | None = None


class TransformsAtStamps:
    """Listens to TF and answers for pairs of image and cloud.

    on_stray(stray): called for each transform whose stamp no other agrees with.
    """

    def __init__(
        self,
        node: Node,
        fixed_frame: str,
        reference_frame: str,
        cache_time: float,
        jump_threshold: int,
        on_stray: Callable[[Stray], None] = lambda stray: None,
    ) -> None:
        self.fixed_frame, self.reference_frame = fixed_frame, reference_frame
        self.buffer = JumpAwareBuffer(
            Duration(nanoseconds=round(cache_time * 1e9)),
            jump_threshold,
            lambda: node.get_clock().now().nanoseconds,
            on_stray,
        )
        self._listener = tf2_ros.TransformListener(self.buffer, node)

    def close(self) -> None:
        """Stop listening."""
        self._listener.unregister()

    def known_frames(self) -> list[str]:
        """Return the names of all frames TF has heard of."""
        try:
            tree = yaml.safe_load(self.buffer.all_frames_as_yaml())
            parents = {entry["parent"] for entry in tree.values()} if tree else set()
            return sorted(set(tree or ()) | parents)
        except yaml.YAMLError:  # a frame name that YAML reads as something else
            return self.buffer.all_frames_as_string().splitlines()

    def at(self, camera_frame: str, camera_stamp: int, cloud_frame: str, cloud_stamp: int) -> PairTransforms:
        """Look all transforms of a pair up; BadMessage "transform_missing" when one is not there.

        It is called again and again while a pair waits; `explain` says more, once.
        """
        fixed, image_time, cloud_time = self.fixed_frame, _time(camera_stamp), _time(cloud_stamp)
        try:
            camera_from_cloud = self.buffer.lookup_transform_full(
                camera_frame, image_time, cloud_frame, cloud_time, fixed
            )
            fixed_from_cloud = self.buffer.lookup_transform(fixed, cloud_frame, cloud_time)
            fixed_from_camera = self.buffer.lookup_transform(fixed, camera_frame, image_time)
        except tf2_ros.TransformException as error:
            raise BadMessage("transform_missing", str(error)) from error
        try:
            return PairTransforms(
                _rigid(camera_from_cloud),
                _rigid(fixed_from_cloud),
                _rigid(fixed_from_camera),
                self.fixed_from_reference(camera_stamp),
                motion=self._motion(camera_frame, camera_stamp, fixed_from_camera),
            )
        except HazardError as error:
            raise BadMessage("transform_bad", str(error)) from error

    def _motion(self, frame: str, stamp: int, now: TransformStamped) -> EgoMotion | None:
        """Return the mean motion of a frame up to a stamp [ns]; None where TF does not reach back."""
        if stamp <= _BASE:  # there are no times before zero, and zero itself is the latest
            return None
        try:
            earlier = self.buffer.lookup_transform(self.fixed_frame, frame, _time(stamp - _BASE))
        except tf2_ros.TransformException:
            return None
        return EgoMotion.between(_rigid(earlier), _rigid(now), _BASE / 1e9)

    def at_scans(self, camera_frame: str, camera_stamp: int, clouds: Sequence[CloudInput]) -> PairTransforms:
        """Look up the transforms of an image and all that the points of its clouds need.

        BadMessage "transform_missing" as `at`; "scan_transform_missing" when only the way of a
        LiDAR during its scan is not known.
        """
        if len(clouds) == 1 and clouds[0].times is None:
            return self.at(camera_frame, camera_stamp, clouds[0].frame_id, clouds[0].stamp)
        found = self.at(camera_frame, camera_stamp, clouds[0].frame_id, camera_stamp)
        try:
            return replace(found, sweeps=tuple(self._sweep(cloud) for cloud in clouds))
        except tf2_ros.TransformException as error:
            raise BadMessage("scan_transform_missing", str(error)) from error
        except HazardError as error:
            raise BadMessage("transform_bad", str(error)) from error

    def _sweep(self, cloud: CloudInput) -> Sweep:
        times = np.zeros(1) if cloud.times is None else cloud.times
        stamps = [cloud.stamp + round(float(time) * 1e9) for time in times]
        if min(stamps) < 0:  # a simulation begins at zero; rclpy has no times before
            raise BadMessage("scan_transform_missing", "the scan began before time 0")
        return Sweep(times, tuple(self._pose(cloud.frame_id, stamp) for stamp in stamps))

    def _pose(self, frame: str, stamp: int) -> RigidTransform:
        """Look a LiDAR's pose up, continued evenly where its scan goes on after the newest transform.

        Waiting for that one would cost each pair up to a period of TF.
        """
        try:
            return _rigid(self.buffer.lookup_transform(self.fixed_frame, frame, _time(stamp)))
        except tf2_ros.ExtrapolationException:
            newest = self.buffer.lookup_transform(self.fixed_frame, frame, _time(LATEST))
            latest = Time.from_msg(newest.header.stamp).nanoseconds
            if not 0 < stamp - latest <= _AHEAD or latest <= _BASE:
                raise
            earlier = self.buffer.lookup_transform(self.fixed_frame, frame, _time(latest - _BASE))
            return continued(_rigid(earlier), _rigid(newest), (stamp - latest) / _BASE)

    def fixed_from_reference(self, stamp: int = LATEST) -> RigidTransform | None:
        """Return where the reference frame is at a stamp [ns], None when TF does not know."""
        try:
            found = self.buffer.lookup_transform(self.fixed_frame, self.reference_frame, _time(stamp))
            return _rigid(found)
        except (tf2_ros.TransformException, HazardError):
            return None

    def explain(self, camera_frame: str, cloud_frame: str, problem: str) -> str:
        """Say why the transforms of a pair are missing: unknown frames by name, and all known ones."""
        known = self.known_frames()
        needed = dict.fromkeys([self.fixed_frame, cloud_frame, camera_frame])
        absent = [repr(frame) for frame in needed if frame not in known]
        if absent:
            problem = f"TF does not know {' and '.join(absent)}"
        return f"{problem[:400]}; known frames: {', '.join(known) or 'none'}"


def _time(stamp: int) -> Time:
    return Time(nanoseconds=stamp, clock_type=ClockType.ROS_TIME)


def _rigid(transform: TransformStamped) -> RigidTransform:
    rotation, translation = transform.transform.rotation, transform.transform.translation
    return RigidTransform.from_quaternion(
        (rotation.x, rotation.y, rotation.z, rotation.w), (translation.x, translation.y, translation.z)
    )
