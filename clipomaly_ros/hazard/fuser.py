"""Regions of a picture and points of a cloud joined to objects in the fixed frame."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.association import (
    AssociationSettings,
    SeenPoints,
    around_region,
    check_region_image,
    drop_hidden,
    project_cloud,
    regions_under,
)
from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.clouds import PointCloud
from clipomaly_ros.hazard.corridor import CorridorSettings, Watch, unexplained_things, unnamed_region
from clipomaly_ros.hazard.disputes import settle_disputes
from clipomaly_ros.hazard.ego_motion import EgoMotion, with_clock_error
from clipomaly_ros.hazard.footprint import FootprintSettings, measure_objects
from clipomaly_ros.hazard.foreground import ForegroundSettings, Surroundings, select_objects
from clipomaly_ros.hazard.ground import GroundSettings
from clipomaly_ros.hazard.ground_placing import place_regions
from clipomaly_ros.hazard.ground_ray import GroundRaySettings, NoIntersection
from clipomaly_ros.hazard.lying import whole_lying_things
from clipomaly_ros.hazard.see_through import SeeThroughSettings, seen_through
from clipomaly_ros.hazard.terrain import Terrain, find_terrain
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import (
    FusionResult,
    Geometry,
    HazardError,
    RegionObservation,
    Support,
    ZoneMeasurement,
)

_STATE_VOID = 3  # clipomaly_msgs/AnomalyRegion.STATE_VOID
_BASE_MARGIN = 1.0  # metres beyond the farthest base: half the depth of a common object


@dataclass(frozen=True)
class FusionSettings:
    """All settings of the fusion; each part documents its own units.

    clearance: height above the ground from which a point is an obstacle's [m].
    max_range: points farther from the camera than this are not used [m].
    base_slack: share of a mask's height by which its lower border may be too low; nothing
    farther away than the ground seen through the border above that can be the object.
    time_sigma: standard deviation of the sensors' stamps against the transforms' [s].
    """

    clearance: float = 0.07
    max_range: float = 80.0
    base_slack: float = 0.25
    time_sigma: float = 0.005
    ground: GroundSettings = field(default_factory=GroundSettings)
    association: AssociationSettings = field(default_factory=AssociationSettings)
    foreground: ForegroundSettings = field(default_factory=ForegroundSettings)
    footprint: FootprintSettings = field(default_factory=FootprintSettings)
    ground_ray: GroundRaySettings = field(default_factory=GroundRaySettings)
    see_through: SeeThroughSettings = field(default_factory=SeeThroughSettings)
    corridor: CorridorSettings = field(default_factory=CorridorSettings)

    def __post_init__(self) -> None:
        if not 0.0 < self.clearance < 1.0:
            raise HazardError(f"expected a clearance between 0 and 1 m, got {self.clearance}")
        if not self.max_range > 0 or not 0.0 <= self.base_slack <= 1.0:
            raise HazardError("expected max_range > 0 m and base_slack in [0, 1]")
        if not 0.0 <= self.time_sigma <= 1.0:
            raise HazardError(f"expected a time_sigma from 0 to 1 s, got {self.time_sigma}")


@dataclass(frozen=True, eq=False)
class _Scan:
    """The obstacle points that the camera sees, as the regions need them.

    points: float32 [n, 3], axes of the fixed frame, origin at the LiDAR; seen, region: their
    pixels and region ids.
    """

    points: NDArray[np.float32]
    seen: SeenPoints
    region: NDArray[np.unsignedinteger]
    terrain: Terrain


class RegionFuser:
    """Joins the regions of one picture with one cloud. Holds no state between calls."""

    def __init__(self, settings: FusionSettings | None = None) -> None:
        self.settings = settings or FusionSettings()

    def fuse(
        self,
        region_image: NDArray[np.unsignedinteger],
        regions: Sequence[RegionObservation],
        camera: CameraModel,
        cloud: PointCloud,
        camera_from_cloud: RigidTransform,
        fixed_from_cloud: RigidTransform,
        fixed_from_camera: RigidTransform,
        watch: Watch | None = None,
        motion: EgoMotion | None = None,
        one_lidar: bool = True,
    ) -> FusionResult:
        """Place each region in the fixed frame (z up).

        region_image: uint8 or uint16 [H, W] of the camera's size, 0 = none. The transforms
        hold at the stamps: camera_from_cloud carries the motion between them. The cloud may
        be empty; regions then rest on the prior ground plane. Every region ends either in
        measurements or, with its reason, in unplaced. latencies: "ground", "project", "place".
        watch: look for what stands in the corridor and no mask explains, if that is enabled;
        such measurements come last, as LIDAR_ONLY. motion: of the vehicle; None stands still.
        one_lidar: all points are ends of rays from the origin of the cloud's frame.
        Raises HazardError when the region image does not fit the camera.
        """
        check_region_image(region_image, camera)
        unplaced = {
            region.id: "it lies outside the valid picture area"
            for region in regions
            if region.state == _STATE_VOID
        }
        regions = [region for region in regions if region.state != _STATE_VOID]
        watch = watch if self.settings.corridor.enabled else None
        if not regions and watch is None:
            return FusionResult((), unplaced)
        start = time.perf_counter()
        # Work around the sensor: float32 keeps millimetres there, wherever the fixed frame's origin is
        sensor = fixed_from_cloud.translation
        fixed_from_cloud = RigidTransform(fixed_from_cloud.rotation, np.zeros(3))
        fixed_from_camera = RigidTransform(fixed_from_camera.rotation, fixed_from_camera.translation - sensor)
        ground = replace(self.settings.ground, height=self.settings.ground.height - float(sensor[2]))
        terrain = find_terrain(cloud, fixed_from_cloud, ground)
        ground_done = time.perf_counter()
        seen, points, returns = self._obstacles(cloud, camera, camera_from_cloud, fixed_from_cloud, terrain)
        under = regions_under(seen, region_image, self.settings.association)
        scan = _Scan(points, seen, under, terrain)
        project_done = time.perf_counter()
        measurements: list[ZoneMeasurement] = []
        rays = returns if one_lidar else returns[:0]
        measured = (
            self._from_points(regions, camera, scan, rays, fixed_from_camera, sensor) if regions else []
        )
        without = [region for region, geometry in zip(regions, measured, strict=True) if geometry is None]
        ground_ray = self.settings.ground_ray
        placed = list(place_regions(without, region_image, camera, terrain, fixed_from_camera, ground_ray))
        eye = fixed_from_camera.apply(camera.origin[None])[0]
        empty = seen_through(placed, rays, eye, self.settings.see_through)
        places = zip(placed, empty, strict=True)
        for region, geometry in zip(regions, measured, strict=True):
            if geometry is not None:
                measurements.append(ZoneMeasurement(region, geometry, Support.FUSED))
                continue
            place, through = next(places)
            if isinstance(place, NoIntersection):
                unplaced[region.id] = str(place)
                continue
            place = _moved(place, sensor)
            measurements.append(ZoneMeasurement(region, place, Support.GROUND_PLANE, through))
        if watch is not None:
            measurements += [
                ZoneMeasurement(unnamed_region(), geometry, Support.LIDAR_ONLY)
                for geometry in self._unexplained(scan, watch, sensor)
            ]
        if motion is not None:
            measurements = with_clock_error(measurements, motion, self.settings.time_sigma)
        latencies = {
            "ground": ground_done - start,
            "project": project_done - ground_done,
            "place": time.perf_counter() - project_done,
        }
        return FusionResult(tuple(measurements), unplaced, latencies)

    def _obstacles(
        self,
        cloud: PointCloud,
        camera: CameraModel,
        camera_from_cloud: RigidTransform,
        fixed_from_cloud: RigidTransform,
        terrain: Terrain,
    ) -> tuple[SeenPoints, NDArray[np.float32], NDArray[np.float32]]:
        """Return the points above ground that the camera sees, the same in the fixed frame, and all in view.

        Each step leaves fewer points to the next one, and the dearest comes last.
        """
        in_camera = camera_from_cloud.apply(cloud.xyz)
        index = camera.in_view(in_camera)
        points = fixed_from_cloud.apply(np.take(cloud.xyz, index, axis=0))
        above = np.flatnonzero(terrain.heights(points) > self.settings.clearance)
        seen = project_cloud(np.take(in_camera, index[above], axis=0), camera)
        seen = drop_hidden(seen, camera, self.settings.association)
        return seen, np.take(points, above[seen.index], axis=0), points

    def _from_points(
        self,
        regions: Sequence[RegionObservation],
        camera: CameraModel,
        scan: _Scan,
        rays: NDArray[np.float32],
        fixed_from_camera: RigidTransform,
        sensor: NDArray[np.float64],
    ) -> list[Geometry | None]:
        """Measure each region from its LiDAR returns; None for one that has too few."""
        settings, seen = self.settings, scan.seen
        limits = self._farthest(regions, camera, scan.terrain, fixed_from_camera)
        rows = [around_region(seen, region, settings.association) for region in regions]
        near, region_of = np.concatenate(rows), np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        in_reach = np.flatnonzero(seen.depth[near] <= limits[region_of])
        near, region_of = near[in_reach], region_of[in_reach]
        sizes = np.bincount(region_of, minlength=len(rows))
        filled = np.flatnonzero(sizes)
        if not len(filled):
            return [None] * len(regions)
        ids = np.array([region.id for region in regions])
        surroundings = Surroundings(
            scan.points[near],
            seen.u[near],
            seen.v[near],
            scan.region[near] == ids[region_of],
            seen.depth[near],
            sizes[filled],
            np.array([region.box for region in regions], np.float64)[filled],
        )
        chosen = select_objects(surroundings, settings.foreground)
        claimed = np.bincount(region_of[chosen], minlength=len(rows))
        claims = np.split(near[chosen], np.cumsum(claimed)[:-1])
        claims = settle_disputes(scan.points, scan.region, claims, ids)
        claims = whole_lying_things(
            scan.points,
            scan.region,
            claims,
            ids,
            scan.terrain.heights,
            lambda number: around_region(seen, regions[number], settings.association),
            rays,
            settings.foreground,
        )
        return self._measured([scan.points[claim] for claim in claims], scan, sensor)

    def _unexplained(self, scan: _Scan, watch: Watch, sensor: NDArray[np.float64]) -> list[Geometry]:
        """Measure what stands in the corridor and no mask explains."""
        things = unexplained_things(
            scan.points,
            scan.terrain.heights,
            lambda index: watch.explained(scan.seen.u[index], scan.seen.v[index], scan.region[index]),
            watch.fixed_from_reference.inverse() @ RigidTransform(np.eye(3), sensor),
            self.settings.corridor,
        )
        measured = self._measured([scan.points[thing] for thing in things], scan, sensor)
        return [geometry for geometry in measured if geometry is not None]

    def _measured(
        self, objects: Sequence[NDArray[np.float32]], scan: _Scan, sensor: NDArray[np.float64]
    ) -> list[Geometry | None]:
        """Measure objects from their points, standing on the ground below them; None without points."""
        found = [points for points in objects if len(points)]
        geometries = iter(
            measure_objects(found, scan.terrain.height_at, np.zeros(3), self.settings.footprint, sensor)
        )
        return [next(geometries) if len(points) else None for points in objects]

    def _farthest(
        self,
        regions: Sequence[RegionObservation],
        camera: CameraModel,
        terrain: Terrain,
        fixed_from_camera: RigidTransform,
    ) -> NDArray[np.float64]:
        """Return how far from the camera [m] the object of each region can be at most.

        An object's lowest visible pixel is on the ground, above it, or cut off by something
        nearer: never behind the ground seen through it.
        """
        x, y, width, height = np.array([region.box for region in regions], np.float64).T
        bases = np.column_stack([x + width / 2, y + height - 1 - self.settings.base_slack * height])
        rays = fixed_from_camera.rotate(camera.rays(bases))
        origin = fixed_from_camera.apply(camera.origin[None])[0]
        distances = terrain.reach(rays, origin) + _BASE_MARGIN
        limits: NDArray[np.float64] = np.fmin(distances, self.settings.max_range)  # NaN: no limit
        return limits


def _moved(geometry: Geometry, offset: NDArray[np.float64]) -> Geometry:
    """Return a geometry shifted by an offset [3]."""
    rise = float(offset[2])
    return replace(
        geometry,
        polygon=geometry.polygon + offset[:2],
        ground_z=geometry.ground_z + rise,
        z_min=geometry.z_min + rise,
        z_max=geometry.z_max + rise,
        centroid=geometry.centroid + offset,
        points=geometry.points + offset,  # float64: a float32 is half a metre coarse 5000 km from the origin
    )
