"""Fusion against labelled KITTI frames: 2D boxes in as masks, zones against 3D boxes out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.kitti import KittiFrame, LabelledObject, frame_names, read_frame
from clipomaly_ros.hazard.fuser import FusionSettings, RegionFuser
from clipomaly_ros.hazard.polygons import contains, convex_hull, nearest_edge_distance
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.hazard.types import Geometry, RegionObservation, Support

MAX_DISTANCE = 20.0  # metres: objects farther away are not judged
POINT_RECALL_LIMIT = 0.97
POINT_PRECISION_LIMIT = 0.95
EDGE_ERROR_LIMIT = 0.15  # metres
BOX_MARGIN = 0.1  # metres the box is grown by for the precision
ABOVE_GROUND = 0.05  # metres above a box's bottom from which a point is the object's

Box = tuple[float, float, float, float]


def _scaled(factor: float) -> Callable[[Box], Box]:
    def change(box: Box) -> Box:
        left, top, right, bottom = box
        du, dv = (right - left) * (factor - 1) / 2, (bottom - top) * (factor - 1) / 2
        return left - du, top - dv, right + du, bottom + dv

    return change


def _shifted(across: float, down: float) -> Callable[[Box], Box]:
    def change(box: Box) -> Box:
        left, top, right, bottom = box
        du, dv = (right - left) * across, (bottom - top) * down
        return left + du, top + dv, right + du, bottom + dv

    return change


# Masks as a segmenter might draw them: 10 % too large, too small, or beside the object
MASKS: Mapping[str, Callable[[Box], Box]] = {
    "labelled": _scaled(1.0),
    "dilated": _scaled(1.1),
    "eroded": _scaled(0.9),
    "shifted left": _shifted(-0.1, 0.0),
    "shifted right": _shifted(0.1, 0.0),
    "shifted up": _shifted(0.0, -0.1),
    "shifted down": _shifted(0.0, 0.1),
}


@dataclass(frozen=True)
class ObjectScore:
    """How well one object was placed.

    support: Support of the measurement, NONE when it was not placed. point_recall: share of
    the LiDAR points in the labelled box, above ground, that lie in the zone's prism.
    point_precision: share of the zone's own points in the box grown by BOX_MARGIN.
    edge_error: zone's minus box's nearest-edge distance from the LiDAR [m].
    """

    frame: str
    kind: str
    mask: str
    distance: float
    support: Support
    box_points: int
    zone_points: int
    point_recall: float
    point_precision: float
    edge_error: float

    @property
    def passed(self) -> bool:
        """Tell whether all three figures keep their limits."""
        return (
            self.point_recall >= POINT_RECALL_LIMIT
            and self.point_precision >= POINT_PRECISION_LIMIT
            and abs(self.edge_error) <= EDGE_ERROR_LIMIT
        )


@dataclass(frozen=True)
class FusionReport:
    """Scores of all judged objects, one for each object and mask."""

    scores: tuple[ObjectScore, ...]

    @property
    def passed(self) -> bool:
        """Tell whether there was an object to judge and every mask keeps the limits, sloppy ones too."""
        return bool(self.scores) and all(score.passed for score in self.scores)


def evaluate_fusion(root: Path, settings: FusionSettings | None = None, sloppy: bool = False) -> FusionReport:
    """Fuse the labelled frames below a folder and score the zones; DataError without data.

    sloppy: every mask of MASKS, not only the labelled boxes. The fixed frame is the LiDAR's.
    """
    fuser = RegionFuser(settings)
    names = tuple(MASKS) if sloppy else ("labelled",)
    scores: list[ObjectScore] = []
    for frame in (read_frame(root, name) for name in frame_names(root)):
        for mask in names:
            scores.extend(_score_frame(frame, mask, fuser))
    return FusionReport(tuple(scores))


def _score_frame(frame: KittiFrame, mask: str, fuser: RegionFuser) -> list[ObjectScore]:
    region_image, regions = draw_masks(frame, MASKS[mask])
    result = fuser.fuse(
        region_image,
        regions,
        frame.camera,
        frame.cloud,
        frame.camera_from_velodyne,
        RigidTransform.identity(),
        frame.camera_from_velodyne.inverse(),
    )
    placed = {measurement.region.id: measurement for measurement in result.measurements}
    scores = []
    for number, labelled in enumerate(frame.objects, 1):
        if labelled.distance > MAX_DISTANCE:
            continue
        measurement = placed.get(number)
        geometry = measurement.geometry if measurement else None
        support = measurement.support if measurement else Support.NONE
        scores.append(_score_object(frame, labelled, mask, geometry, support))
    return scores


def draw_masks(
    frame: KittiFrame, change: Callable[[Box], Box]
) -> tuple[NDArray[np.uint8], list[RegionObservation]]:
    """Draw each object's changed 2D box as a region, far ones first, and describe the regions."""
    height, width = frame.image_size
    image = np.zeros((height, width), np.uint8)
    regions = []
    order = sorted(enumerate(frame.objects, 1), key=lambda item: -item[1].distance)
    for number, labelled in order:
        left, top, right, bottom = (round(edge) for edge in change(labelled.box))
        left, top = max(left, 0), max(top, 0)
        right, bottom = min(right, width - 1), min(bottom, height - 1)
        image[top : bottom + 1, left : right + 1] = number
        box = (left, top, right - left + 1, bottom - top + 1)
        regions.append(RegionObservation(number, labelled.kind.lower(), 0, (), 1.0, box, 1))
    return image, regions


def _score_object(
    frame: KittiFrame, labelled: LabelledObject, mask: str, geometry: Geometry | None, support: Support
) -> ObjectScore:
    rectified = frame.rectified_from_velodyne.apply(frame.cloud.xyz)
    in_box = frame.cloud.xyz[labelled.contains(rectified) & (labelled.height_above(rectified) > ABOVE_GROUND)]
    recall = precision = 0.0
    edge_error, zone_points = np.inf, 0
    if geometry is not None:
        zone_points = len(geometry.points)
        in_prism = contains(geometry.polygon, in_box[:, :2])
        in_prism &= (in_box[:, 2] >= geometry.z_min) & (in_box[:, 2] <= geometry.z_max)
        recall = float(in_prism.mean()) if len(in_box) else 0.0
        if zone_points:
            own = frame.rectified_from_velodyne.apply(geometry.points)
            precision = float(labelled.contains(own, BOX_MARGIN).mean())
        corners = frame.rectified_from_velodyne.inverse().apply(labelled.corners())[:, :2]
        viewpoint = np.zeros(2)
        edge_error = nearest_edge_distance(geometry.polygon, viewpoint) - nearest_edge_distance(
            convex_hull(corners), viewpoint
        )
    return ObjectScore(
        frame.name,
        labelled.kind,
        mask,
        labelled.distance,
        support,
        len(in_box),
        zone_points,
        recall,
        precision,
        float(edge_error),
    )
