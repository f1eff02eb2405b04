"""The zones of the node: pairs in, messages out, under one lock."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header
from visualization_msgs.msg import MarkerArray

from clipomaly_msgs.msg import HazardZoneArray
from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.corridor import Watch
from clipomaly_ros.hazard.deskew import merged
from clipomaly_ros.hazard.fuser import RegionFuser
from clipomaly_ros.hazard.tracker import ZoneTracker
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import FusionResult, RegionObservation, Zone
from clipomaly_ros.nodes.anomaly_frame_input import FrameInput, Provenance
from clipomaly_ros.nodes.cloud_input import CloudInput
from clipomaly_ros.nodes.transforms_at_stamps import PairTransforms
from clipomaly_ros.nodes.zone_markers import ZoneMarkers
from clipomaly_ros.nodes.zone_messages import (
    bounded_text,
    latency_messages,
    time_message,
    zone_messages,
)

FRAME_TEXT = 128  # bytes in a name of a frame within HazardZoneArray


@dataclass(frozen=True)
class ReadyPair:
    """An image and a cloud with all that is needed to fuse them.

    matched: steady time at which they were joined [s]. era: jumps back in time before.
    others: clouds of further LiDARs that match the image.
    """

    camera: str
    frame: FrameInput
    cloud: CloudInput
    matched: float
    era: int = 0
    model: CameraModel | None = None
    transforms: PairTransforms | None = None
    others: tuple[CloudInput, ...] = ()

    @property
    def clouds(self) -> tuple[CloudInput, ...]:
        """Return all clouds."""
        return (self.cloud, *self.others)

    def points(self) -> PointCloud:
        """Return the points of all clouds, as the transforms expect them."""
        if not self.transforms.sweeps:
            return self.cloud.points
        parts = [
            (cloud.points, sweep) for cloud, sweep in zip(self.clouds, self.transforms.sweeps, strict=True)
        ]
        return merged(parts, self.transforms.fixed_from_cloud)


@dataclass(frozen=True)
class Outgoing:
    """What is published for one pair or heartbeat; health is left to the caller.

    markers: None when nobody looks at them.
    """

    zones: HazardZoneArray
    markers: MarkerArray | None
    result: FusionResult | None = None


class ZoneKeeper:
    """Fuses pairs, tracks zones and turns them into messages. Thread-safe.

    publish(outgoing): called with the lock held, so that arrays leave in the order of the
    tracker's updates. watched(): tells whether anybody looks at markers; without, none are made.
    """

    def __init__(
        self,
        fuser: RegionFuser,
        tracker: ZoneTracker,
        fixed_frame: str,
        reference_frame: str,
        marker_lifetime: float,
        publish: Callable[[Outgoing], None],
        watched: Callable[[], bool] = lambda: True,
    ) -> None:
        self._fuser, self._tracker = fuser, tracker
        self._fixed_frame, self._reference_frame = fixed_frame, reference_frame
        self._markers = ZoneMarkers(marker_lifetime)
        self._publish, self._watched = publish, watched
        self._lock = threading.RLock()
        self._provenance: dict[uuid.UUID, Provenance] = {}
        self.era = 0

    def fuse(
        self,
        pair: ReadyPair,
        regions: tuple[RegionObservation, ...],
        groups: Mapping[int, str] | None = None,
    ) -> bool:
        """Fuse a pair, update the tracks and publish; False when time jumped back meanwhile.

        groups: policy group of each label, which tells known things from ground and sky.
        """
        begun = time.monotonic()
        where, points = pair.transforms, pair.points()
        moved = time.monotonic()
        result = self._fuser.fuse(
            pair.frame.region_image,
            regions,
            pair.model,
            points,
            where.camera_from_cloud,
            where.fixed_from_cloud,
            where.fixed_from_camera,
            self._watch(pair, groups or {}),
            where.motion,
            one_lidar=len(pair.clouds) == 1,
        )
        fused = time.monotonic()
        with self._lock:
            if pair.era != self.era:
                return False
            origin = _origin(where.fixed_from_reference)
            zones = self._tracker.update(result.measurements, pair.frame.stamp, origin, pair.camera)
            self._remember(zones, pair.frame)
            array = self._array(zones, pair.frame.stamp, origin)
            array.cloud_stamp = pair.cloud.header.stamp
            array.camera_frame = bounded_text(pair.frame.frame_id, FRAME_TEXT)
            latencies = {
                "wait": begun - pair.matched,
                "deskew": moved - begun,
                **result.latencies,
                "track": time.monotonic() - fused,
            }
            latencies["total"] = time.monotonic() - pair.matched
            array.latencies = latency_messages(latencies)
            self._publish(Outgoing(array, self._shown(array), result))
        return True

    def _watch(self, pair: ReadyPair, groups: Mapping[int, str]) -> Watch | None:
        """Return what the search for obstacles without a mask needs; None when it is off or cannot be."""
        pose, labels = pair.transforms.fixed_from_reference, pair.frame.label_image
        if not self._fuser.settings.corridor.enabled or pose is None or labels is None:
            return None
        obstructing = np.zeros(np.iinfo(labels.dtype).max + 1, bool)
        stands = [label for label, group in groups.items() if self._tracker.policy.obstructs(group)]
        obstructing[[label for label in stands if label < len(obstructing)]] = True
        return Watch(pose, labels, obstructing)

    def repeat(self, now: int, fixed_from_reference: RigidTransform | None) -> None:
        """Publish the zones as they are at a time [ns], without a new measurement."""
        with self._lock:
            origin = _origin(fixed_from_reference)
            array = self._array(self._tracker.zones(now, origin), now, origin)
            self._publish(Outgoing(array, self._shown(array)))

    def clear_zone(self, zone: uuid.UUID, operator: str, reason: str) -> None:
        """Clear a zone by order of an operator; HazardError when there is none of that id."""
        with self._lock:
            self._tracker.clear(zone, operator, reason)

    def confirm_zone(self, zone: uuid.UUID, name: str, operator: str, reason: str) -> None:
        """Confirm a zone by order of an operator; HazardError when there is none of that id."""
        with self._lock:
            self._tracker.confirm(zone, name or None, operator=operator, reason=reason)

    def lost(self) -> dict[str, int]:
        """Return how many zones the tracker gave up, by reason, since the start."""
        with self._lock:
            return dict(self._tracker.dropped)

    def start_over(self, now: int) -> MarkerArray:
        """Forget all zones; return the markers that say so."""
        with self._lock:
            self.era += 1
            self._tracker.reset()
            self._provenance.clear()
            return self._markers.reset(self._header(now))

    def _remember(self, zones: tuple[Zone, ...], frame: FrameInput) -> None:
        """Keep for each zone what named it last."""
        for zone in zones:
            if zone.last_seen == frame.stamp or zone.id not in self._provenance:
                self._provenance[zone.id] = frame.provenance
        present = {zone.id for zone in zones}
        self._provenance = {key: value for key, value in self._provenance.items() if key in present}

    def _array(
        self, zones: tuple[Zone, ...], stamp: int, origin: NDArray[np.float64] | None
    ) -> HazardZoneArray:
        return HazardZoneArray(
            header=self._header(stamp),
            reference_frame=bounded_text(self._reference_frame, FRAME_TEXT),
            zones=zone_messages(zones, stamp, origin, self._provenance),
        )

    def _shown(self, array: HazardZoneArray) -> MarkerArray | None:
        """Return the markers of an array; what went while nobody looked is deleted with the next ones."""
        return self._markers.update(array) if self._watched() else None

    def _header(self, stamp: int) -> Header:
        return Header(stamp=time_message(stamp), frame_id=self._fixed_frame)


def _origin(fixed_from_reference: RigidTransform | None) -> NDArray[np.float64] | None:
    return None if fixed_from_reference is None else fixed_from_reference.translation
