"""What fusion hears: subscriptions, checks at the edge, jumps back in time, matching by stamp."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from functools import partial
from types import SimpleNamespace
from typing import Any

import message_filters
from rclpy.lifecycle import LifecycleNode
from rclpy.qos import QoSProfile
from sensor_msgs.msg import CameraInfo, PointCloud2

from clipomaly_msgs.msg import AnomalyFrame, LabelLegend
from clipomaly_ros.nodes import qos
from clipomaly_ros.nodes.anomaly_frame_input import FrameInput, read_anomaly_frame
from clipomaly_ros.nodes.camera_info_history import CameraInfoHistory, describe
from clipomaly_ros.nodes.cloud_gathering import CloudGathering
from clipomaly_ros.nodes.cloud_input import CloudInput, read_cloud
from clipomaly_ros.nodes.diagnostics import WARN, HealthMonitor
from clipomaly_ros.nodes.legend_history import LegendHistory
from clipomaly_ros.nodes.message_checks import BadMessage, check_header
from clipomaly_ros.nodes.pair_statistics import PairStatistics
from clipomaly_ros.nodes.pair_synchronizer import PairSynchronizer
from clipomaly_ros.nodes.stamp_eras import StampEras, Verdict

RECENT = 64  # messages of a topic among which a copy is recognised


def sensor_topic(sensor: str, name: str) -> str:
    """Return the relative topic of a camera or LiDAR; the sensor "" has no namespace of its own."""
    return f"{sensor}/{name}" if sensor else name


class FusionInputs:
    """Subscribes, refuses what cannot be used under a named counter, and matches the rest.

    on_pair(camera, frame, clouds): called for each match, with checked inputs; one cloud of
    each LiDAR that has one.
    on_jump(stamp, text): called when stamps begin anew, before anything of the new time is
    handed on; it must call `clear`. No callback raises into the executor or message_filters.
    """

    def __init__(
        self,
        node: LifecycleNode,
        health: HealthMonitor,
        parameters: SimpleNamespace,
        on_pair: Callable[[str, FrameInput, tuple[CloudInput, ...]], None],
        on_jump: Callable[[int, str], None],
    ) -> None:
        self._node, self._health = node, health
        self._on_pair, self._on_jump = on_pair, on_jump
        self._rectified = parameters.rectified
        self._max_age = round(parameters.max_age * 1e9)
        self._watched: list[str] = []
        self._subscriptions: list[Any] = []
        self.cameras: Sequence[str] = parameters.cameras or [""]
        self.statistics = PairStatistics()
        clock = node.get_clock()
        self._eras = StampEras(round(parameters.jump_threshold * 1e9), now=lambda: clock.now().nanoseconds)
        self.calibrations = {camera: CameraInfoHistory(parameters.rectified) for camera in self.cameras}
        self.legends = {camera: LegendHistory() for camera in self.cameras}
        self._deskew, self._time_unit = parameters.deskew, parameters.point_time_unit
        self.undeskewed: dict[str, str] = {}  # topic -> why
        self._told_undeskewed: set[str] = set()
        self._kinds: dict[str, str] = {}  # topic -> name of the input in the counters
        self._recent: dict[str, deque[tuple[int, str]]] = defaultdict(lambda: deque(maxlen=RECENT))
        lidars = parameters.lidars or [""]
        self._synchronizers = {
            lidar: PairSynchronizer(
                self.cameras, partial(self._matched, lidar), parameters.queue_size, parameters.slop
            )
            for lidar in lidars
        }
        topics = {lidar: node.resolve_topic_name(sensor_topic(lidar, "points")) for lidar in lidars}
        self._gathering = CloudGathering(
            lidars,
            self._gathered,
            lambda lidar: health.is_silent(topics[lidar]),
            round(parameters.slop * 1e9),
        )
        # Heard is not used: a sensor with a clock of its own is never joined, and that must be told.
        self._joined_lidars = {lidar: f"{topic}, joined with images" for lidar, topic in topics.items()}
        self._joined_cameras = {
            camera: f"{node.resolve_topic_name(sensor_topic(camera, 'anomalies'))}, joined with points"
            for camera in self.cameras
        }
        for name in (*self._joined_cameras.values(), *self._joined_lidars.values()):
            self._watch(name, parameters.input_timeout)
        for camera in self.cameras:
            self._subscribe_camera(camera, parameters.input_timeout)
        for lidar in lidars:
            topic, hear = sensor_topic(lidar, "points"), partial(self._cloud, lidar)
            self._subscribe(PointCloud2, "points", topic, hear, qos.SENSOR_IN, parameters.input_timeout)

    def _subscribe_camera(self, camera: str, timeout: float) -> None:
        def frame(topic: str, message: AnomalyFrame) -> None:
            self._frame(camera, topic, message)

        def info(topic: str, message: CameraInfo) -> None:
            self._camera_info(camera, topic, message)

        def legend(_: str, message: LabelLegend) -> None:
            self.legends[camera].add(message)

        for kind, name, callback, profile, limit in (
            (AnomalyFrame, "anomalies", frame, qos.RESULTS, timeout),
            (CameraInfo, "camera_info", info, qos.SENSOR_IN, None),  # may be sent once only
            (LabelLegend, "legend", legend, qos.LATCHED, None),
        ):
            self._subscribe(kind, name, sensor_topic(camera, name), callback, profile, limit)

    def _subscribe(
        self,
        kind: type,
        name: str,
        topic: str,
        callback: Callable[[str, Any], None],
        profile: QoSProfile,
        timeout: float | None,
    ) -> None:
        """Hear a topic; what the callback refuses is counted under the input's name."""
        resolved = self._node.resolve_topic_name(topic)

        def guarded(message: Any) -> None:
            self._guard(name, resolved, lambda: callback(resolved, message))

        subscriber = message_filters.Subscriber(
            self._node,
            kind,
            topic,
            qos_profile=profile,
            event_callbacks=qos.subscription_events(self._health, resolved),
            qos_overriding_options=qos.overriding_options(),
        )
        subscriber.registerCallback(guarded)
        self._subscriptions.append(subscriber.sub)
        if timeout is not None:
            self._watch(resolved, timeout)

    def _watch(self, name: str, timeout: float) -> None:
        self._health.watch(name, timeout)
        self._watched.append(name)

    def _guard(self, name: str, topic: str, action: Callable[[], None]) -> None:
        """Do something with a message of an input; count by its name why it cannot be used."""
        try:
            action()
        except BadMessage as problem:
            self._health.count(f"{name}_{problem.reason}", f"{topic}: {problem}")
        except Exception as error:
            self._health.count_error(f"{name}_failed", f"{topic}: {error!r}")

    def _frame(self, camera: str, topic: str, message: AnomalyFrame) -> None:
        frame = read_anomaly_frame(message)
        now = self._check_time(frame.stamp)

        def use() -> None:
            self._refuse_again(topic, (frame.stamp, frame.frame_id))
            self._tell_frames(camera, frame)
            self._accept(topic, "frames_in")
            self.statistics.frame(topic, frame.stamp, now)
            for synchronizer in self._synchronizers.values():
                synchronizer.add_frame(camera, frame)
            self._gathering.frame_came()

        self._in_order("anomalies", topic, f"camera {camera}", frame.stamp, use)

    def _cloud(self, lidar: str, topic: str, message: PointCloud2) -> None:
        cloud = read_cloud(message, self._deskew, self._time_unit)
        now = self._check_time(cloud.stamp)

        def use() -> None:
            self._refuse_again(topic, (cloud.stamp, cloud.frame_id))
            self._accept(topic, "clouds_in")
            self.statistics.cloud(topic, cloud.stamp, now)
            if cloud.points.non_finite:
                self._health.count_ok("points_non_finite", cloud.points.non_finite)
            self._tell_deskew(topic, cloud)
            self._synchronizers[lidar].add_cloud(cloud)
            self._gathering.cloud_came(lidar, cloud.stamp)
            for key, value in self.statistics.facts().items():
                self._health.fact(key, value)

        self._in_order("points", topic, topic, cloud.stamp, use)

    def _refuse_again(self, topic: str, key: tuple[int, str]) -> None:
        """Refuse what came before: a copy would count as another observation."""
        recent = self._recent[topic]
        if key in recent:
            raise BadMessage("duplicate", f"stamp {key[0] * 1e-9:.3f} s came before")
        recent.append(key)

    def _tell_frames(self, camera: str, frame: FrameInput) -> None:
        """Warn while an image and its calibration name different frames: one of them is wrong."""
        model = self.calibrations[camera].at(frame.stamp)
        differ = model is not None and model.frame not in ("", frame.frame_id)
        text = f"image in {frame.frame_id!r}, camera_info in {model.frame!r}" if differ else None
        self._health.fact(sensor_topic(camera, "frame_id"), text, WARN)

    def _tell_deskew(self, topic: str, cloud: CloudInput) -> None:
        """Say whether motion within the scans is compensated; in the log once for each topic."""
        if cloud.times is not None:
            self.undeskewed.pop(topic, None)
            text = f"points within {cloud.times[-1] - cloud.times[0]:.3f} s"
        else:
            why = (cloud.points.untimed or "no points") if self._deskew else "switched off (parameter deskew)"
            text = f"undeskewed: {why}"
            if topic not in self._told_undeskewed and self._deskew and len(cloud.points.xyz):
                self._told_undeskewed.add(topic)
                self._node.get_logger().warning(f"{topic}: {text}")
            self.undeskewed[topic] = why
        self._health.fact(f"deskew {topic}", text)

    def _camera_info(self, camera: str, topic: str, message: CameraInfo) -> None:
        stamp = check_header(message.header)
        self._check_time(stamp)

        def use() -> None:
            self.calibrations[camera].add(message)
            self._health.fact(f"calibration {topic}", describe(message, self._rectified))
            self._accept(topic, "camera_infos_in")

        self._in_order("camera_info", topic, f"camera {camera}", stamp, use)

    def _accept(self, topic: str, counter: str) -> None:
        self._health.seen(topic)
        self._health.count_ok(counter)

    def _check_time(self, stamp: int) -> int:
        """Refuse stamps from the future; return the node's time [ns]."""
        now = self._node.get_clock().now().nanoseconds
        if self._max_age and now and stamp > now + self._max_age:
            raise BadMessage(
                "from_the_future",
                f"stamped {(stamp - now) * 1e-9:.3f} s ahead of the clock: check the clocks",
            )
        return now

    def _in_order(self, name: str, topic: str, source: str, stamp: int, use: Callable[[], None]) -> None:
        """Use a message unless it is of before a jump, or steps back alone; start over at a jump."""
        self._kinds[topic] = name
        judgement = self._eras.judge(topic, stamp, lambda: self._guard(name, topic, use), source)
        for stray in judgement.strays:
            # One ahead was used; one behind was dropped, which is told under its input's name.
            refused = "" if stray.offset > 0 else f"{self._kinds[stray.name]}_"
            self._health.count(f"{refused}stray_stamp", str(stray))
        if judgement.verdict is Verdict.OLD:
            raise BadMessage("before_time_jump", f"its stamp {stamp * 1e-9:.3f} s is of before the jump")
        if judgement.verdict is Verdict.HOLD:
            self._health.count_ok("messages_held")
            return
        if judgement.verdict is Verdict.JUMP:
            self._on_jump(stamp, f"the stamps of {topic} went back to {stamp * 1e-9:.3f} s, others as well")
        for deliver in judgement.held:
            deliver()
        use()

    def clock_jumped(self, now: int, start_over: Callable[[int], None]) -> None:
        """Begin a new time after a backward jump of the clock to now [ns], unless stamps did it already."""
        held = self._eras.clock_jumped(now)
        if held is not None:
            start_over(now)
            for deliver in held:
                deliver()

    def _matched(self, lidar: str, camera: str, frame: FrameInput, cloud: CloudInput) -> None:
        self._health.seen(self._joined_lidars[lidar])
        self._gathering.matched(camera, lidar, frame, cloud)

    def _gathered(self, camera: str, frame: FrameInput, clouds: tuple[CloudInput, ...]) -> None:
        try:
            self._health.seen(self._joined_cameras[camera])
            self._health.count_ok("pairs_matched")
            self.statistics.pair()
            self._on_pair(camera, frame, clouds)
        except Exception as error:  # the synchroniser would keep its lock for ever
            self._health.count_error("pair_failed", repr(error))

    def clear(self) -> None:
        """Forget what waits for its counterpart; legends and the newest calibrations hold at any time."""
        for synchronizer in self._synchronizers.values():
            synchronizer.clear()
        self._gathering.clear()
        self._recent.clear()
        self.statistics.clear()
        for history in self.calibrations.values():
            history.start_over()

    def close(self) -> None:
        """Unsubscribe."""
        for topic in self._watched:
            self._health.unwatch(topic)
        for subscription in self._subscriptions:
            self._node.destroy_subscription(subscription)
        self._watched, self._subscriptions = [], []
