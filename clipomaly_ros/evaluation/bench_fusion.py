"""Speed of the fusion: one callback's work stage by stage, beside the straightforward way."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from clipomaly_ros.evaluation.bench_fusion_numpy import fuse_naively
from clipomaly_ros.evaluation.bench_fusion_scene import FIELDS, POINT_STEP, FusionInput, make_input
from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.hazard.clouds import PointCloud, parse_cloud
from clipomaly_ros.hazard.fuser import FusionSettings, RegionFuser
from clipomaly_ros.hazard.types import FusionResult

WARM_UP = 3  # callbacks that are not counted
_SAME_POINT = 0.005  # metres
SAME = 0.98  # share of their points that the two ways must have in common


@dataclass(frozen=True)
class FusionTimings:
    """One case: so many points and regions.

    stages: by name in order of execution; callback: all of them; cpu: processor time of the
    callback, all threads; naive, naive_cpu: the same of the straightforward way. placed:
    regions with LiDAR points. agreement: share of the regions' points that both ways give to
    the same region; 0 when only one of them finds points of some region.
    """

    points: int
    regions: int
    stages: Mapping[str, Timing]
    callback: Timing
    cpu: Timing
    naive: Timing
    naive_cpu: Timing
    placed: int
    agreement: float

    @property
    def same(self) -> bool:
        """Tell whether both ways give the regions the same points."""
        return self.agreement >= SAME


def measure_fusion(
    points: int, regions: int, frames: int, naive_frames: int = 3, seed: int = 0
) -> FusionTimings:
    """Time callbacks on one made-up scene; WARM_UP callbacks before are not counted."""
    made, settings = make_input(points, regions, seed), FusionSettings()
    fuser = RegionFuser(settings)
    stages: dict[str, Timing] = {}
    callback, cpu, naive, naive_cpu = Timing(), Timing(), Timing(), Timing()
    for index in range(-WARM_UP, frames):
        cpu_start, start = time.process_time(), time.perf_counter()
        cloud = parse(made)
        parsed = time.perf_counter()
        result = fuse(fuser, made, cloud)
        end, cpu_end = time.perf_counter(), time.process_time()
        if index < 0:
            continue
        for stage, seconds in {"parse": parsed - start, **result.latencies}.items():
            stages.setdefault(stage, Timing()).values.append(1000 * seconds)
        callback.values.append(1000 * (end - start))
        cpu.values.append(1000 * (cpu_end - cpu_start))
    for _ in range(naive_frames):
        cpu_start, start = time.process_time(), time.perf_counter()
        objects = fuse_naively(made, settings)
        naive.values.append(1000 * (time.perf_counter() - start))
        naive_cpu.values.append(1000 * (time.process_time() - cpu_start))
    own = _points_of(result)
    agreement = agreement_of(own, {key: _places(made, cloud, index) for key, index in objects.items()})
    return FusionTimings(points, regions, stages, callback, cpu, naive, naive_cpu, len(own), agreement)


def parse(made: FusionInput) -> PointCloud:
    """Read the cloud as the node does."""
    return parse_cloud(FIELDS, made.data, made.points, 1, POINT_STEP, made.points * POINT_STEP, False)


def fuse(fuser: RegionFuser, made: FusionInput, cloud: PointCloud) -> FusionResult:
    """Fuse as the node does."""
    return fuser.fuse(
        made.region_image,
        made.regions,
        made.camera,
        cloud,
        made.camera_from_cloud,
        made.fixed_from_cloud,
        made.fixed_from_camera,
    )


def _points_of(result: FusionResult) -> dict[int, NDArray[np.float32]]:
    """Return the points of each region that has some, in the fixed frame."""
    measured = {measurement.region.id: measurement.geometry.points for measurement in result.measurements}
    return {key: points for key, points in measured.items() if len(points)}


def _places(made: FusionInput, cloud: PointCloud, index: NDArray[np.intp]) -> NDArray[np.float64]:
    return np.asarray(made.fixed_from_cloud.apply(cloud.xyz[index].astype(np.float64)))


def agreement_of(one: Mapping[int, NDArray[np.floating]], other: Mapping[int, NDArray[np.floating]]) -> float:
    """Return the intersection over union of the points [n, 3] of all regions; 0 with other regions.

    A point of one is a point of the other within 5 mm: the two ways round differently.
    """
    if one.keys() != other.keys():
        return 0.0
    common = union = 0
    for key, points in one.items():
        apart = cKDTree(points).query(other[key], distance_upper_bound=_SAME_POINT)[0]
        shared = int(np.count_nonzero(np.isfinite(apart)))
        common += shared
        union += len(points) + len(other[key]) - shared
    return common / union if union else 1.0
