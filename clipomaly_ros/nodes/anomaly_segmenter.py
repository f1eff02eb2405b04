"""The node anomaly_segmenter: camera images in, AnomalyFrames out."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from rclpy.callback_groups import MutuallyExclusiveCallbackGroup
from sensor_msgs.msg import CompressedImage, Image

from clipomaly_ros.nodes import diagnostics, qos
from clipomaly_ros.nodes.image_input import check_image
from clipomaly_ros.nodes.latest_worker import LatestWorker
from clipomaly_ros.nodes.managed_node import ManagedNode
from clipomaly_ros.nodes.message_checks import BadMessage
from clipomaly_ros.nodes.running import run_node
from clipomaly_ros.nodes.segmenter_frames import FrameWork
from clipomaly_ros.nodes.segmenter_interface import SEGMENTER_PARAMETERS, SEGMENTER_TOPICS
from clipomaly_ros.nodes.segmenter_loading import Loaded, load
from clipomaly_ros.nodes.segmenter_services import VocabularyServices
from clipomaly_ros.nodes.segmenter_settings import segmenter_settings
from clipomaly_ros.nodes.stamps import Order, StampSequence
from clipomaly_ros.nodes.tagger_loading import load_tagging
from clipomaly_ros.nodes.topics import by_name
from clipomaly_ros.vision.segmenter import AnomalySegmenter


@dataclass(frozen=True)
class CameraFrame:
    """One image that passed the edge. era: counts time jumps; arrived: steady clock [s]."""

    message: Image | CompressedImage
    era: int
    arrived: float


class AnomalySegmenterNode(ManagedNode):
    """Checks images on arrival and segments the newest one on a thread of its own."""

    def __init__(self, **options: Any) -> None:
        self._subscription = self._worker = self._frames = None
        self._publishers_made: list[Any] = []
        self._services_made: list[Any] = []
        self._stamps = StampSequence()
        self._era = 0
        self._era_lock = threading.Lock()
        self._topic = ""
        # Text takes seconds to embed; in a group of its own it does not hold up the images.
        self._vocabulary_group = MutuallyExclusiveCallbackGroup()
        super().__init__("anomaly_segmenter", SEGMENTER_PARAMETERS, **options)

    def configure(self, parameters: SimpleNamespace) -> None:
        """Load bundle, vocabulary and text table; create publishers and services."""
        loaded = load(
            parameters.bundle,
            parameters.approved_vocabulary,
            parameters.candidate_vocabulary,
            parameters.threads,
            parameters.text_cache,
            say=self.get_logger().info,
            go_on=self.context.ok,
            backend=parameters.backend,
            engine_cache=parameters.engine_cache,
            engine_mismatch=parameters.engine_mismatch,
            score_fusion=parameters.score_fusion,
            openvino_precision=parameters.openvino_precision,
        )
        settings = segmenter_settings(parameters, loaded.bundle.manifest, loaded.fusion)
        tagging = load_tagging(
            parameters.tagger_bundle,
            parameters.tag_list,
            parameters.tag_share,
            loaded.table,
            loaded.text_encoder,
            settings.logit_scale,
            parameters.threads,
            self.get_logger().info,
        )
        segmenter = AnomalySegmenter(loaded.encoder, loaded.table, settings, loaded.fusion, tagging)
        anomalies, legend, overlay = (
            self._create_publisher(name) for name in ("anomalies", "legend", "overlay")
        )
        self._frames = FrameWork(
            segmenter,
            loaded.bundle,
            loaded.table,
            self.health,
            SimpleNamespace(anomalies=anomalies, legend=legend, overlay=overlay),
            minimum_rate=parameters.minimum_rate,
        )
        services = VocabularyServices(
            loaded.vocabulary, loaded.table, loaded.text_encoder, self._frames.use, self.health
        )
        for name, callback in (
            ("~/add_candidates", services.add_candidates),
            ("~/set_vocabulary", services.set_vocabulary),
        ):
            kind = by_name(SEGMENTER_TOPICS, name).load_type()
            self._services_made.append(
                self.create_service(kind, name, callback, callback_group=self._vocabulary_group)
            )
        self._state_facts(loaded)

    def activate(self) -> None:
        """Start the worker and listen to the camera."""
        compressed = self.parameters.image_transport == "compressed"
        # As image_transport does: the transport's topic lies below the (remapped) base topic.
        base = self.resolve_topic_name("image_raw")
        self._topic = f"{base}/compressed" if compressed else base
        self._stamps.reset()
        self._worker = LatestWorker(self._work, self._replaced, "segmenter", on_error=self._failed)
        self.health.watch(self._topic, self.parameters.input_timeout)
        self._subscription = qos.create_subscription(
            self,
            self.health,
            CompressedImage if compressed else Image,
            self._topic,
            self._receive,
            qos.SENSOR_IN,
        )

    def deactivate(self) -> None:
        """Stop listening, then finish the frame in work."""
        if self._subscription is not None:
            self.destroy_subscription(self._subscription)
            self._subscription = None
            self.health.unwatch(self._topic)
        if self._worker is not None:
            if not self._worker.stop():
                self.get_logger().warning("the frame in work did not finish in time; it is abandoned")
            self._worker = None

    def cleanup(self) -> None:
        """Let go of model, publishers and services."""
        for publisher in self._publishers_made:
            self.destroy_lifecycle_publisher(publisher)
        for service in self._services_made:
            self.destroy_service(service)
        self._publishers_made, self._services_made = [], []
        self._frames = None

    def on_time_jump_backward(self, reason: str) -> None:
        """Begin a new era: results of images from before the jump are not published any more."""
        with self._era_lock:
            self._era += 1
        self._stamps.reset()
        if self._worker is not None:
            self._worker.clear()

    def _create_publisher(self, name: str) -> Any:
        topic = by_name(SEGMENTER_TOPICS, name)
        publisher = qos.create_publisher(self, self.health, topic.load_type(), name, qos.PROFILES[topic.qos])
        self._publishers_made.append(publisher)
        return publisher

    def _state_facts(self, loaded: Loaded) -> None:
        bundle = loaded.bundle
        self.health.fact("backend", loaded.backend)
        self.health.fact("backend_fallback", loaded.backend_fallback or None, diagnostics.WARN)
        if loaded.backend_fallback:
            self.get_logger().warning(f"{loaded.backend} is used: {loaded.backend_fallback}")
        self.health.fact("model_id", bundle.id)
        self.health.fact("model_hash", bundle.hash)
        text = (
            "the bundle's weights are random: names and scores are meaningless" if bundle.untrained else None
        )
        self.health.fact("untrained", text, diagnostics.WARN)
        if text:
            self.get_logger().warning(f"UNTRAINED MODEL {bundle.id}: {text}")

    def _receive(self, message: Image | CompressedImage) -> None:
        self.health.count_ok("frames_in")
        try:
            check_image(message)
        except BadMessage as error:
            self.health.count(f"dropped_{error.reason}", f"{self._topic}: {error}")
            return
        self.health.seen(self._topic)
        before = self._stamps.latest
        order = self._stamps.follow(message.header.stamp)
        if order is Order.SAME:
            self.health.count("dropped_duplicate_stamp", f"{self._topic}: the stamp of the image before")
            return
        if order is Order.EARLIER:
            back = (before - self._stamps.latest) * 1e-9
            self.note_backward_jump(f"{self._topic}: the stamps went back by {back:.3f} s")
            self._stamps.follow(message.header.stamp)
        if self._worker is not None:
            self._worker.submit(CameraFrame(message, self._era, time.perf_counter()))

    def _work(self, frame: CameraFrame) -> None:
        if self._frames is not None:
            self._frames.process(frame.message, frame.arrived, lambda: self._current(frame))

    def _current(self, frame: CameraFrame) -> bool:
        with self._era_lock:
            return frame.era == self._era

    def _replaced(self, frame: CameraFrame) -> None:
        self.health.count("frames_replaced", "a newer image came before this one was begun")

    def _failed(self, frame: CameraFrame, error: Exception) -> None:
        if isinstance(error, BadMessage):
            self.health.count(f"dropped_{error.reason}", f"{self._topic}: {error}")
        else:
            self.health.count_error("segmentation_failed", f"{self._topic}: {error!r}")


def main(args: Sequence[str] | None = None) -> int:
    """Run the node until a signal ends it."""
    return run_node(AnomalySegmenterNode, args, threads=2)


if __name__ == "__main__":
    sys.exit(main())
