"""One image through decoding and segmentation, out as messages: the worker's part of the segmenter."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
from cv_bridge import CvBridge
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

from clipomaly_ros.model.bundle import ModelBundle
from clipomaly_ros.nodes.anomaly_frame_message import Origin, anomaly_frame, label_legend
from clipomaly_ros.nodes.diagnostics import HealthMonitor
from clipomaly_ros.nodes.image_input import decode
from clipomaly_ros.vision.overlay import draw_overlay
from clipomaly_ros.vision.segmenter import AnomalySegmenter
from clipomaly_ros.vision.types import AnomalyResult, TextTable
from clipomaly_ros.vocabulary.entries import Vocabulary

SMOOTHING = 0.2  # weight of the newest frame in the mean duration


class FrameWork:
    """Decodes, segments and publishes one image at a time; `use` may come from another thread.

    publishers: anomalies, legend, overlay. minimum_rate: frames per second below which the
    node reports itself degraded; 0 for never.
    """

    def __init__(
        self,
        segmenter: AnomalySegmenter,
        bundle: ModelBundle,
        table: TextTable,
        health: HealthMonitor,
        publishers: SimpleNamespace,
        minimum_rate: float,
    ) -> None:
        self._segmenter, self._bundle, self._health = segmenter, bundle, health
        self._publishers, self._minimum_rate = publishers, minimum_rate
        self._bridge = CvBridge()
        self._lock = threading.Lock()
        self._next_table: TextTable | None = None
        self._size: tuple[int, ...] | None = None
        self._legend_id = ""
        self._camera: str | None = None
        self._duration: float | None = None
        self._origin = self._origin_of(table)

    def use(self, vocabulary: Vocabulary, table: TextTable) -> None:
        """Take another vocabulary into use from the next frame on."""
        if table.vocabulary_hash != vocabulary.hash:
            raise ValueError(f"table of {table.vocabulary_hash} for vocabulary {vocabulary.hash}")
        with self._lock:
            self._next_table = table

    def process(self, message: Image | CompressedImage, arrived: float, current: Callable[[], bool]) -> None:
        """Segment one image and publish what was found, unless it is no longer current.

        arrived: time.perf_counter() on arrival. Raises BadMessage or VisionError.
        """
        begun = time.perf_counter()
        rgb = decode(message)
        decoded = time.perf_counter()
        self._note_size(rgb.shape[:2])
        self._take_next_table()
        result = self._segmenter.segment(rgb, self._time_in_sequence(message))
        if not current():
            self._health.count("dropped_before_time_jump", "time went back while this image was in work")
            return
        latencies = {"queue": begun - arrived, "decode": decoded - begun, **result.latencies}
        latencies["total"] = time.perf_counter() - arrived
        frame = anomaly_frame(result, message.header, self._origin, latencies)
        if frame.legend_id != self._legend_id:
            # First, so that a consumer never has labels it cannot look up for long.
            self._publishers.legend.publish(
                label_legend(result.legend, message.header, self._origin.vocabulary_hash)
            )
            self._legend_id = frame.legend_id
        self._publishers.anomalies.publish(frame)
        self._health.count_ok("frames_out")
        self._health.count_ok("regions_out", len(frame.regions))
        if result.dropped_regions:
            self._health.count(
                "dropped_regions",
                "beyond max_regions the smallest, above max_region_area_fraction the largest",
                result.dropped_regions,
            )
        self._note_duration(time.perf_counter() - begun)
        if self._publishers.overlay.get_subscription_count():
            self._publish_overlay(rgb, result, message)

    def _time_in_sequence(self, message: Image | CompressedImage) -> float | None:
        """Return the stamp [s], None for the first image of another camera, which begins a sequence."""
        header = message.header
        same = self._camera in (None, header.frame_id)
        self._camera = header.frame_id
        return header.stamp.sec + header.stamp.nanosec * 1e-9 if same else None

    def _publish_overlay(
        self, rgb: NDArray[np.uint8], result: AnomalyResult, message: Image | CompressedImage
    ) -> None:
        picture = draw_overlay(rgb, result.region_image, result.regions, self._bundle.untrained)
        bgr = np.ascontiguousarray(picture[..., ::-1])
        self._publishers.overlay.publish(self._bridge.cv2_to_imgmsg(bgr, "bgr8", message.header))

    def _origin_of(self, table: TextTable) -> Origin:
        self._health.fact("vocabulary_hash", table.vocabulary_hash)
        self._health.fact("approved_classes", table.approved_count)
        self._health.fact("candidates", len(table.entries) - table.approved_count)
        return Origin(table.vocabulary_hash, self._bundle.id, self._bundle.hash, self._bundle.untrained)

    def _take_next_table(self) -> None:
        with self._lock:
            table, self._next_table = self._next_table, None
        if table is not None:
            self._segmenter.set_table(table)
            self._origin = self._origin_of(table)

    def _note_size(self, size: tuple[int, ...]) -> None:
        if self._size is not None and size != self._size:
            self._health.count(
                "image_size_changed", f"from {self._size[1]}x{self._size[0]} to {size[1]}x{size[0]}"
            )
        self._size = size

    def _note_duration(self, seconds: float) -> None:
        before = seconds if self._duration is None else self._duration
        self._duration = before + SMOOTHING * (seconds - before)
        rate = 1.0 / max(self._duration, 1e-6)
        self._health.fact("frames_per_second_possible", f"{rate:.1f}")
        slow = rate < self._minimum_rate
        self._health.fact(
            "degraded", f"{rate:.1f} frames/s possible, {self._minimum_rate:g} wanted" if slow else None
        )
