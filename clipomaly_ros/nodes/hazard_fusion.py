"""The hazard_fusion node: anomaly regions and LiDAR points in, hazard zones out."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from rclpy.clock import Clock, ClockType
from visualization_msgs.msg import MarkerArray

from clipomaly_msgs.msg import HazardZoneArray
from clipomaly_msgs.srv import ClearZone, ConfirmZone
from clipomaly_ros.hazard.fuser import FusionSettings, RegionFuser
from clipomaly_ros.hazard.policy import load_policy
from clipomaly_ros.hazard.tracker import TrackerSettings, ZoneTracker
from clipomaly_ros.nodes import diagnostics, qos
from clipomaly_ros.nodes.anomaly_frame_input import FrameInput
from clipomaly_ros.nodes.cloud_input import CloudInput
from clipomaly_ros.nodes.fusion_inputs import FusionInputs, sensor_topic
from clipomaly_ros.nodes.fusion_interface import FUSION_PARAMETERS
from clipomaly_ros.nodes.fusion_services import ZoneServices
from clipomaly_ros.nodes.fusion_settings import policy_path, settings_from
from clipomaly_ros.nodes.latest_worker import LatestWorker
from clipomaly_ros.nodes.managed_node import ManagedNode
from clipomaly_ros.nodes.message_checks import BadMessage
from clipomaly_ros.nodes.parameters import ParameterError
from clipomaly_ros.nodes.running import run_node
from clipomaly_ros.nodes.transforms_at_stamps import TransformsAtStamps
from clipomaly_ros.nodes.waiting_pairs import WaitingPairs
from clipomaly_ros.nodes.zone_keeper import Outgoing, ReadyPair, ZoneKeeper
from clipomaly_ros.nodes.zone_messages import bounded_text, health_of

RETRY_PERIOD = 0.01  # seconds between two looks whether transforms have come
HEARTBEAT_PERIOD = 0.05  # seconds, at most, between two looks whether an array is due
HEALTH_TEXT = 256  # bytes
SECOND = 1_000_000_000


class HazardFusion(ManagedNode):
    """Joins frames and clouds, waits for their transforms, and publishes zones."""

    def __init__(self, **options: Any) -> None:
        self._inputs: FusionInputs | None = None
        self._transforms: TransformsAtStamps | None = None
        self._workers: dict[str, LatestWorker] = {}
        self._pacing: list[Any] = []
        self._operator: list[Any] = []
        self._zones = self._markers = self._keeper = None
        self._published: tuple[int, float] | None = None  # latest array: node's time [ns], steady [s]
        super().__init__("hazard_fusion", FUSION_PARAMETERS, **options)

    def configure(self, parameters: SimpleNamespace) -> None:
        """Load the policy, check the settings, create publishers and services."""
        for name in ("cameras", "lidars"):
            chosen = getattr(parameters, name)
            if len(set(chosen)) != len(chosen):
                raise ParameterError(f"{name}: expected different namespaces, got {chosen}")
        for name in ("fixed_frame", "reference_frame"):
            if not getattr(parameters, name):
                raise ParameterError(f"{name}: expected the name of a frame, got an empty text")
        policy = load_policy(policy_path(parameters.policy))
        self._keeper = ZoneKeeper(
            RegionFuser(settings_from(FusionSettings, parameters, "fusion")),
            ZoneTracker(settings_from(TrackerSettings, parameters, "tracker"), policy),
            parameters.fixed_frame,
            parameters.reference_frame,
            parameters.marker_lifetime,
            self._publish,
            lambda: self._markers.get_subscription_count() > 0,
        )
        self._zones = qos.create_publisher(self, self.health, HazardZoneArray, "hazard_zones", qos.RESULTS)
        self._markers = qos.create_publisher(self, self.health, MarkerArray, "hazard_markers", qos.RESULTS)
        operator = ZoneServices(
            self._keeper.clear_zone,
            self._keeper.confirm_zone,
            self.health,
            self.get_logger(),
            parameters.max_service_rate,
        )
        self._operator = [
            self.create_service(ClearZone, "~/clear_zone", operator.clear_zone),
            self.create_service(ConfirmZone, "~/confirm_zone", operator.confirm_zone),
        ]

    def activate(self) -> None:
        """Subscribe and begin to work."""
        parameters = self.parameters
        self._published = None
        self._workers = {
            camera: LatestWorker(self._fuse, self._replaced, f"fusion {camera}", self._failed)
            for camera in parameters.cameras or [""]
        }
        self._waiting = WaitingPairs(
            self._complete, self._dropped, round(parameters.tf_timeout * SECOND), parameters.waiting_size
        )
        self._transforms = TransformsAtStamps(
            self,
            parameters.fixed_frame,
            parameters.reference_frame,
            parameters.tf_cache_time,
            round(parameters.jump_threshold * SECOND),
            lambda stray: self.health.count("stray_transform", str(stray)),
        )
        # Steady: it only looks again; how long a pair waits is measured on the node's clock.
        self._retry = self.create_timer(
            RETRY_PERIOD, self._look_again, clock=Clock(clock_type=ClockType.STEADY_TIME)
        )
        self._retry.cancel()
        self._pacing = [self._retry]
        if parameters.min_publish_rate:
            # Steady as well: when /clock stops the planner must go on hearing, and be told so.
            period = min(HEARTBEAT_PERIOD, 0.25 / parameters.min_publish_rate)
            steady = Clock(clock_type=ClockType.STEADY_TIME)
            self._pacing.append(self.create_timer(period, self._heartbeat, clock=steady))
        self.health.watch_clock(parameters.clock_timeout)
        self._inputs = FusionInputs(self, self.health, parameters, self._pair, self._stamps_jumped)

    def deactivate(self) -> None:
        """Unsubscribe and end the work."""
        self.health.watch_clock(None)
        if self._inputs is not None:
            self._inputs.close()
            self._inputs = None
        for timer in self._pacing:
            self.destroy_timer(timer)
        self._pacing = []
        if self._transforms is not None:
            self._transforms.close()
            self._transforms = None
        for worker in self._workers.values():
            worker.stop()
        self._workers = {}

    def cleanup(self) -> None:
        """Destroy publishers and services, forget the zones."""
        for service in self._operator:
            self.destroy_service(service)
        for publisher in (self._zones, self._markers):
            if publisher is not None:
                self.destroy_publisher(publisher)
        self._operator, self._zones, self._markers, self._keeper = [], None, None, None

    def on_time_jump_backward(self, reason: str) -> None:
        """Start over after a jump of the clock, unless stamps have told of it already."""
        if self._inputs is not None:
            self._inputs.clock_jumped(self._now(), self._start_over)

    def _stamps_jumped(self, stamp: int, reason: str) -> None:
        self.health.count("time_jump_backward", reason)
        self._start_over(stamp)

    def _start_over(self, stamp: int) -> None:
        """Forget everything that is of before the jump; stamp [ns]: where time goes on."""
        self._inputs.clear()
        waiting = self._waiting.clear()
        if waiting:
            self.health.count("pairs_before_time_jump", "they still waited for transforms", waiting)
        self._transforms.buffer.forget_future(stamp)
        self._published = None
        self._markers.publish(self._keeper.start_over(stamp))

    def _pair(self, camera: str, frame: FrameInput, clouds: tuple[CloudInput, ...]) -> None:
        pair = ReadyPair(camera, frame, clouds[0], time.monotonic(), self._keeper.era, others=clouds[1:])
        self._waiting.add(pair, self._now())
        if len(self._waiting):
            self._retry.reset()

    def _look_again(self) -> None:
        self._waiting.retry(self._now())
        if not len(self._waiting):
            self._retry.cancel()

    def _complete(self, pair: ReadyPair) -> None:
        """Hand a pair to its worker; BadMessage while something is missing."""
        frame = pair.frame
        age = (self._now() - frame.stamp) / SECOND
        if self.parameters.max_age and age > self.parameters.max_age:
            raise BadMessage(
                "pair_stale",
                f"it is {age:.3f} s old, max_age is {self.parameters.max_age} s; to replay a recording, "
                "publish /clock and set use_sim_time, or set max_age to 0",
            )
        model = self._inputs.calibrations[pair.camera].at(frame.stamp)
        if model is None:
            topic = self.resolve_topic_name(sensor_topic(pair.camera, "camera_info"))
            raise BadMessage("camera_info_missing", f"nothing usable on {topic} up to the image's stamp")
        if (model.width, model.height) != frame.size:
            # The right one may still be on its way: after a change of the camera's resolution.
            raise BadMessage(
                "camera_info_size",
                f"CameraInfo is for {model.width}x{model.height} pixels, label_image has "
                f"{frame.size[0]}x{frame.size[1]}: they must be of the same picture",
            )
        transforms = self._transforms.at_scans(frame.frame_id, frame.stamp, pair.clouds)
        self._workers[pair.camera].submit(replace(pair, model=model, transforms=transforms))

    def _dropped(self, pair: ReadyPair, reason: str, text: str) -> None:
        if reason == "scan_transform_missing":  # better not quite sharp than not at all
            self.health.count(reason, f"points stay undeskewed: {text}")
            first, *others = [cloud.at_stamp() for cloud in pair.clouds]
            try:
                return self._complete(replace(pair, cloud=first, others=tuple(others)))
            except BadMessage as problem:
                reason, text = problem.reason, str(problem)
            except Exception as error:
                reason, text = "pair_failed", repr(error)
        if reason == "transform_missing" and self._transforms is not None:
            text = self._transforms.explain(pair.frame.frame_id, pair.cloud.frame_id, text)
        (self.health.count_error if reason == "pair_failed" else self.health.count)(reason, text)
        self.health.count_ok("pairs_dropped")

    def _replaced(self, pair: ReadyPair) -> None:
        self.health.count(
            "pairs_replaced", "a newer pair came before this one was begun: too slow for the rate"
        )
        self.health.count_ok("pairs_dropped")

    def _failed(self, pair: ReadyPair, error: Exception) -> None:
        self.health.count_error("fusion_failed", f"image {pair.frame.stamp / SECOND:.3f} s: {error!r}")
        self.health.count_ok("pairs_dropped")

    def _fuse(self, pair: ReadyPair) -> None:
        """Work on a pair, on its worker's thread."""
        self.health.fact("untrained", str(pair.frame.provenance.untrained).lower())
        inputs = self._inputs
        groups = inputs.legends[pair.camera].groups(pair.frame.legend_id) if inputs is not None else {}
        if groups is None:
            if pair.frame.regions:
                self.health.count(
                    "legend_missing",
                    f"no legend {pair.frame.legend_id[:12]!r}: zones follow the default policy",
                )
            groups = {}
        if not self._keeper.fuse(pair, pair.frame.regions_with_groups(groups), groups):
            self.health.count("pairs_before_time_jump", "time jumped back while it was computed")

    def _heartbeat(self) -> None:
        """Say that the node lives, when nothing else does: by its own time, by real time if that stands."""
        now, steady = self._now(), time.monotonic()
        period = 1.0 / self.parameters.min_publish_rate
        try:
            stands = self.health.clock_stands()
            if self._published is None or now < self._published[0]:
                self._published = now, steady  # silence begins to count here
                return
            silent = now - self._published[0] >= period * SECOND
            if silent or min(stands, steady - self._published[1]) >= period:
                self._keeper.repeat(now, self._transforms.fixed_from_reference())
        except Exception as error:  # a timer that raises ends the node
            self.health.count_error("heartbeat_failed", repr(error))

    def _publish(self, outgoing: Outgoing) -> None:
        array, result = outgoing.zones, outgoing.result
        with self.health.at_once():  # a report in between would take the reasons out of this array
            for number, reason in (result.unplaced if result is not None else {}).items():
                self.health.count("region_unplaced", f"region {number}: {reason}")
            through = sum(one.seen_through for one in result.measurements) if result is not None else 0
            if through:
                self.health.count_ok("regions_seen_through", through)
            level, text = self.health.level_and_message()
        if result is None:
            array.health = HazardZoneArray.HEALTH_STALE
            text = f"no new pair of image and cloud; {text}"
        else:
            # An input fell silent, but this pair came: not everything is seen any more.
            array.health = health_of(diagnostics.WARN if level == diagnostics.STALE else level)
            self.health.count_ok("regions_placed", len(result.measurements))
            self.health.count_ok("arrays_out")
            for reason, number in self._keeper.lost().items():
                self.health.fact(f"zones given up: {reason}", number)
        # Copied in one go: this runs on a worker's thread, and clouds come meanwhile.
        undeskewed = list(self._inputs.undeskewed) if self._inputs is not None else []
        if undeskewed:
            text = f"undeskewed: {', '.join(undeskewed)}; {text}"
        array.health_message = bounded_text(text, HEALTH_TEXT)
        self._published = self._now(), time.monotonic()
        self.health.fact("zones", len(array.zones))
        self._zones.publish(array)
        if outgoing.markers is not None:
            self._markers.publish(outgoing.markers)

    def _now(self) -> int:
        return self.get_clock().now().nanoseconds


def main(args: list[str] | None = None) -> int:
    """Run the node until a signal."""
    return run_node(HazardFusion, args)


if __name__ == "__main__":
    sys.exit(main())
