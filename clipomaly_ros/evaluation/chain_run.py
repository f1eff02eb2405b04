"""A simulated bag through both stages in one process, with the nodes' own classes and without DDS."""

from __future__ import annotations

import heapq
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from types import SimpleNamespace

import numpy as np
import tf2_ros
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from std_msgs.msg import Header

from clipomaly_msgs.msg import AnomalyFrame, HazardZone
from clipomaly_ros.evaluation.chain_bag import ChainBag
from clipomaly_ros.evaluation.chain_settings import LoadedSegmenter
from clipomaly_ros.hazard.fuser import FusionSettings, RegionFuser
from clipomaly_ros.hazard.policy import load_policy
from clipomaly_ros.hazard.tracker import TrackerSettings, ZoneTracker
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.nodes.anomaly_frame_input import FrameInput, read_anomaly_frame
from clipomaly_ros.nodes.anomaly_frame_message import anomaly_frame, label_legend
from clipomaly_ros.nodes.cloud_input import CloudInput
from clipomaly_ros.nodes.fusion_settings import policy_path, settings_from
from clipomaly_ros.nodes.legend_history import LegendHistory
from clipomaly_ros.nodes.pair_synchronizer import PairSynchronizer
from clipomaly_ros.nodes.zone_keeper import Outgoing, ReadyPair, ZoneKeeper
from clipomaly_ros.nodes.zone_messages import time_message

SEGMENTATION_DELAY = 125_000_000  # after which a picture's regions reach fusion, at 8 frames/s [ns]
_CAMERA = ""


@dataclass(frozen=True)
class Perturbation:
    """An error that fusion is not told of.

    time_shift: what the clouds' stamps show too much [s]. rotation: error of the LiDAR's
    calibration, roll, pitch, yaw [rad]; translation: x, y, z [m]; both in the LiDAR's frame.
    """

    time_shift: float = 0.0
    rotation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)

    @property
    def extrinsic(self) -> RigidTransform | None:
        """Return the error of the calibration, None when there is none."""
        if not any((*self.rotation, *self.translation)):
            return None
        matrix = Rotation.from_euler("xyz", self.rotation).as_matrix()
        return RigidTransform(matrix, np.asarray(self.translation, np.float64))


@dataclass(frozen=True)
class PublishedZone:
    """One zone as it was published; fields as in clipomaly_msgs/HazardZone.

    names: the fused candidates, best first. polygon: float64 [n, 2]; centre: float64 [3].
    """

    id: str
    state: int
    polygon: NDArray[np.float64]
    centre: NDArray[np.float64]
    z_min: float
    z_max: float
    name: str = ""
    names: tuple[str, ...] = ()
    support: int = 0


@dataclass(frozen=True)
class PublishedFrame:
    """All zones published for one picture; vehicle: x, y of the reference frame [2] [m]."""

    stamp: int
    vehicle: NDArray[np.float64]
    zones: tuple[PublishedZone, ...]


@dataclass(frozen=True)
class ChainPlay:
    """What one bag led to. lost: pictures without zones and regions without place, by reason."""

    frames: tuple[PublishedFrame, ...]
    lost: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


@dataclass(frozen=True)
class SegmentedBag:
    """Stage one's results of a bag, the region images packed; legends: groups of their labels."""

    frames: tuple[FrameInput, ...]
    packed: tuple[bytes, ...]
    legends: LegendHistory
    seconds: float

    def unpacked(self) -> Iterator[FrameInput]:
        """Give out the frames as stage two takes them."""
        for frame, data in zip(self.frames, self.packed, strict=True):
            image = frame.region_image
            pixels = np.frombuffer(zlib.decompress(data), image.dtype).reshape(image.shape)
            yield replace(frame, region_image=pixels)


def segment_bag(
    bag: ChainBag, loaded: LoadedSegmenter | None, progress: Callable[[], object] = lambda: None
) -> SegmentedBag:
    """Run stage one over a bag; None takes the true masks in its place."""
    legends = LegendHistory()
    frames, packed = [], []
    start = time.perf_counter()
    for message in _true(bag, legends) if loaded is None else _segmented(bag, loaded, legends):
        frame = read_anomaly_frame(message)
        image = frame.region_image
        packed.append(zlib.compress(np.ascontiguousarray(image).tobytes(), 1))
        frames.append(replace(frame, region_image=np.broadcast_to(image.dtype.type(0), image.shape)))
        progress()
    return SegmentedBag(tuple(frames), tuple(packed), legends, time.perf_counter() - start)


def _true(bag: ChainBag, legends: LegendHistory) -> Iterator[AnomalyFrame]:
    for legend in bag.true_legends():
        legends.add(legend)
    yield from bag.true_frames()


def _segmented(bag: ChainBag, loaded: LoadedSegmenter, legends: LegendHistory) -> Iterator[AnomalyFrame]:
    for header, picture in bag.images():
        stamp = header.stamp.sec + header.stamp.nanosec * 1e-9
        result = loaded.segmenter.segment(picture, stamp)
        legends.add(label_legend(result.legend, header, loaded.origin.vocabulary_hash))
        yield anomaly_frame(result, header, loaded.origin, result.latencies)


def play(
    bag: ChainBag,
    segmented: SegmentedBag,
    parameters: SimpleNamespace,
    perturbation: Perturbation | None = None,
) -> ChainPlay:
    """Run stage two over a bag: join by stamps, fuse, track, publish, as hazard_fusion does.

    parameters: of hazard_fusion. Pictures come SEGMENTATION_DELAY after they were taken, clouds
    when they were measured; a shifted stamp changes what they are joined with, as it would.
    """
    stage = _StageTwo(bag, segmented.legends, parameters, perturbation or Perturbation())
    start = time.perf_counter()
    shift = round(stage.perturbation.time_shift * 1e9)
    pictures = ((frame.stamp + SEGMENTATION_DELAY, 1, frame) for frame in segmented.unpacked())
    clouds = ((cloud.stamp, 0, _shifted(cloud, shift)) for cloud in bag.clouds)
    for _, is_picture, item in heapq.merge(pictures, clouds, key=lambda entry: entry[:2]):
        if is_picture:
            stage.synchronizer.add_frame(_CAMERA, item)
        else:
            stage.synchronizer.add_cloud(item)
    unpaired = len(segmented.frames) - stage.pairs
    if unpaired:
        stage.lost["pictures without a cloud"] += unpaired
    return ChainPlay(tuple(stage.frames), stage.lost, time.perf_counter() - start)


class _StageTwo:
    """Fusion, tracker and policy behind a synchroniser, all with the node's parameters."""

    def __init__(
        self,
        bag: ChainBag,
        legends: LegendHistory,
        parameters: SimpleNamespace,
        perturbation: Perturbation,
    ) -> None:
        self._bag, self._legends, self._parameters = bag, legends, parameters
        self.perturbation = perturbation
        self._extrinsic = perturbation.extrinsic
        self.frames: list[PublishedFrame] = []
        self.lost: Counter[str] = Counter()
        self.pairs = 0
        self._vehicle = np.zeros(2)
        self._keeper = ZoneKeeper(
            RegionFuser(settings_from(FusionSettings, parameters, "fusion")),
            ZoneTracker(
                settings_from(TrackerSettings, parameters, "tracker"),
                load_policy(policy_path(parameters.policy)),
            ),
            parameters.fixed_frame,
            parameters.reference_frame,
            parameters.marker_lifetime,
            self._publish,
        )
        self.synchronizer = PairSynchronizer((_CAMERA,), self._pair, parameters.queue_size, parameters.slop)

    def _pair(self, camera: str, frame: FrameInput, cloud: CloudInput) -> None:
        self.pairs += 1
        parameters = self._parameters
        try:
            transforms = self._bag.transforms(
                (parameters.fixed_frame, parameters.reference_frame),
                (frame.frame_id, frame.stamp),
                (cloud.frame_id, cloud.stamp),
                self._extrinsic,
            )
        except tf2_ros.TransformException:
            self.lost["pictures without transforms"] += 1
            return
        self._vehicle = transforms.fixed_from_reference.translation[:2]
        model = self._bag.calibrations.at(frame.stamp)
        groups = self._legends.groups(frame.legend_id) or {}
        pair = ReadyPair(camera, frame, cloud, time.monotonic(), 0, model, transforms)
        self._keeper.fuse(pair, frame.regions_with_groups(groups), groups)

    def _publish(self, outgoing: Outgoing) -> None:
        array = outgoing.zones
        stamp = array.header.stamp.sec * 1_000_000_000 + array.header.stamp.nanosec
        if outgoing.result is not None and outgoing.result.unplaced:
            self.lost["regions without a place"] += len(outgoing.result.unplaced)
        self.frames.append(PublishedFrame(stamp, self._vehicle, tuple(map(_zone, array.zones))))


def _zone(zone: HazardZone) -> PublishedZone:
    return PublishedZone(
        bytes(zone.id.uuid).hex(),
        int(zone.state),
        np.array([(corner.x, corner.y) for corner in zone.polygon], np.float64),
        np.array([zone.centroid.x, zone.centroid.y, zone.centroid.z]),
        float(zone.z_min),
        float(zone.z_max),
        zone.name,
        tuple(candidate.name for candidate in zone.candidates),
        int(zone.sensor_support),
    )


def _shifted(cloud: CloudInput, shift: int) -> CloudInput:
    if not shift:
        return cloud
    stamp = cloud.stamp + shift
    return replace(
        cloud, header=Header(stamp=time_message(stamp), frame_id=cloud.header.frame_id), stamp=stamp
    )
