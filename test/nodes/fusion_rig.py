"""hazard_fusion as a process, with the sensors and the planner played by the test."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import fusion_scene as scene
import numpy as np
from diagnostic_msgs.msg import DiagnosticArray
from rclpy.qos import QoSDurabilityPolicy, QoSProfile, QoSReliabilityPolicy
from ros_harness import NodeProcess, Observer, node_process, wait_until
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import CameraInfo, PointCloud2
from tf2_msgs.msg import TFMessage
from visualization_msgs.msg import MarkerArray

from clipomaly_msgs.msg import AnomalyFrame, HazardZoneArray, LabelLegend, LegendEntry

NODE = "/hazard_fusion"
STEP = 100_000_000
START = 1_700_000_000_000_000_000
LATCHED = QoSProfile(
    depth=1, reliability=QoSReliabilityPolicy.RELIABLE, durability=QoSDurabilityPolicy.TRANSIENT_LOCAL
)


class FusionRig:
    """Publishes pairs one at a time and waits for the zones of each."""

    def __init__(
        self, observer: Observer, process: NodeProcess, cameras: tuple[str, ...], mounted: bool
    ) -> None:
        self.observer, self.process = observer, process
        self.zones: list[HazardZoneArray] = observer.subscribe(HazardZoneArray, "/hazard_zones")
        self.markers: list[MarkerArray] = observer.subscribe(MarkerArray, "/hazard_markers")
        self.tf_static = observer.publisher(TFMessage, "/tf_static", LATCHED)
        self.tf = observer.publisher(TFMessage, "/tf", 100)
        self.points = observer.publisher(PointCloud2, "/points")
        self.cameras: dict[str, tuple[Any, Any, Any]] = {}
        for camera in cameras:
            prefix = f"/{camera}" if camera else ""
            self.cameras[camera] = (
                observer.publisher(AnomalyFrame, f"{prefix}/anomalies"),
                observer.publisher(CameraInfo, f"{prefix}/camera_info"),
                observer.publisher(LabelLegend, f"{prefix}/legend", LATCHED),
            )
        observer.wait_publishers("/hazard_zones")
        observer.wait_publishers("/hazard_markers")
        self.next_stamp = START
        if mounted:  # before it is waited until the node hears: no pair is earlier than the transforms
            self.mount()
        self.wait_heard()

    def wait_heard(self) -> None:
        """Send unusable messages until the node's best-effort subscriptions count them.

        That a publisher knows of a subscription does not mean that the subscription knows of
        the publisher yet; until then best-effort messages are lost.
        """
        inputs = [(self.points, scene.cloud(0, np.zeros((0, 3))), "points_zero_stamp")]
        inputs += [
            (infos, scene.camera_info(0), "camera_info_zero_stamp") for _, infos, _ in self.cameras.values()
        ]
        for publisher, message, counter in inputs:
            before = self.counter(counter)

            def heard(publisher=publisher, message=message, counter=counter, before=before) -> bool:
                publisher.publish(message)
                return self.counter(counter) > before

            wait_until(heard, f"{counter} above {before}")

    def start_clock(self, nanoseconds: int) -> Any:
        """Publish /clock until the node's diagnostics bear its time; return the publisher."""
        reports = self.observer.subscribe(DiagnosticArray, "/diagnostics")
        clock = self.observer.publisher(Clock, "/clock")
        message = Clock(clock=scene.stamp(nanoseconds))

        def told() -> bool:
            clock.publish(message)
            return any(report.header.stamp == message.clock for report in reports)

        wait_until(told, "diagnostics that bear the simulated time")
        return clock

    def mount(self, fixed: bool = True) -> None:
        """Send the transforms of a parked vehicle, with or without its place in the fixed frame."""
        transforms = scene.sensor_transforms()
        if fixed:
            transforms.append(scene.transform(scene.FIXED, scene.BASE))
        self.tf_static.publish(TFMessage(transforms=transforms))

    def legend(self, group: str = "baggage", camera: str = "") -> None:
        """Send the legend of the scene's frames."""
        self.cameras[camera][2].publish(
            LabelLegend(
                legend_id=scene.LEGEND_ID,
                entries=[LegendEntry(label=7, name="suitcase", source=2, group=group)],
            )
        )

    def stamp(self) -> int:
        """Return a stamp later than all before."""
        self.next_stamp += STEP
        return self.next_stamp

    def send(
        self,
        frame: AnomalyFrame | None = None,
        info: CameraInfo | None = None,
        cloud: PointCloud2 | None = None,
        camera: str = "",
    ) -> None:
        """Publish what is given, calibration first."""
        frames, infos, _ = self.cameras[camera]
        if info is not None:
            infos.publish(info)
        if cloud is not None:
            self.points.publish(cloud)
        if frame is not None:
            frames.publish(frame)

    def send_pair(self, stamp: int, camera: str = "") -> None:
        """Publish a good pair."""
        self.send(scene.anomaly_frame(stamp), scene.camera_info(stamp), scene.cloud(stamp), camera)

    def arrays_of(self, stamp: int) -> list[HazardZoneArray]:
        """Return the arrays measured at a stamp."""
        wanted = scene.stamp(stamp)
        return [array for array in self.zones if array.header.stamp == wanted and array.camera_frame]

    def wait_zones(self, stamp: int, number: int = 1) -> HazardZoneArray:
        """Wait for the array of a frame and return it."""
        wait_until(
            lambda: len(self.arrays_of(stamp)) >= number,
            f"{number} arrays of {stamp}; diagnostics: {self.observer.values(NODE)}",
        )
        return self.arrays_of(stamp)[-1]

    def good_pair(self, stamp: int | None = None) -> HazardZoneArray:
        """Publish a good pair and return its zones."""
        stamp = self.stamp() if stamp is None else stamp
        before = len(self.arrays_of(stamp))
        self.send_pair(stamp)
        return self.wait_zones(stamp, before + 1)

    def counter(self, name: str) -> int:
        """Return a counter of the diagnostics, 0 when it is not there."""
        return int(self.observer.values(NODE).get(name, "0"))

    def wait_counter(self, name: str, at_least: int = 1) -> str:
        """Wait for a counter of the diagnostics and return its latest explanation."""
        self.observer.wait_count(NODE, name, at_least)
        return self.observer.values(NODE).get(f"{name}.last", "")


@contextlib.contextmanager
def running_fusion(
    folder: Path, namespaces: tuple[str, ...] = ("",), mounted: bool = True, **parameters: Any
) -> Iterator[FusionRig]:
    """Run the node for a test; recorded stamps are old, so max_age is off unless given."""
    values = {"max_age": 0.0, "min_publish_rate": 0.0, "tf_timeout": 20.0, **parameters}
    with (
        Observer() as observer,
        node_process("hazard_fusion", folder / "hazard_fusion.log", values) as process,
    ):
        yield FusionRig(observer, process, namespaces, mounted)
