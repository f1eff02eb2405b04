"""Pictures of each frame: overlay with zones, view from above, both side by side."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.replay.results import JoinedFrame, Recording, enlarged, nanoseconds, pixels
from clipomaly_ros.replay.top_view import TopView
from clipomaly_ros.replay.video import VideoWriter
from clipomaly_ros.replay.zone_drawing import draw_prisms, note, put_text
from clipomaly_ros.vision.label_layout import LabelLayout
from clipomaly_ros.vision.overlay import draw_overlay
from clipomaly_ros.vision.types import AnomalyRegion, RegionState, VisionError
from clipomaly_ros.vocabulary.entries import NameSource

HEIGHT = 600  # of every view from above, and of the camera pictures unless they are wide [pixel]
WIDEST = 1400  # camera picture [pixel]
JPEG_QUALITY = 88


@dataclass(frozen=True)
class FramePictures:
    """The files of one frame, relative to the report's folder, and the joined messages' key facts."""

    stamp: int
    overlay: str
    top: str
    frame: Any
    zones: Any


class Painter:
    """Paints the frames of a recording; the camera and true boxes are read once."""

    def __init__(self, recording: Recording, reference: str) -> None:
        self._recording, self._reference = recording, reference
        self._camera: CameraModel | None = recording.camera()
        self._truth = recording.truth()
        self._top = TopView(side=HEIGHT)

    def overlay(self, joined: JoinedFrame) -> NDArray[np.uint8]:
        """Paint mask, names and zones over the image: uint8 RGB, at most HEIGHT x WIDEST."""
        try:
            rgb = self._recording.picture(joined)
        except (VisionError, BagError) as error:  # the page still shows that there was an image
            picture = np.full((HEIGHT, HEIGHT * 16 // 9, 3), 40, np.uint8)
            put_text(picture, f"not readable: {error}"[:80], (16, 40), 0.6, (255, 255, 255))
            return picture
        scale = min(HEIGHT / rgb.shape[0], WIDEST / rgb.shape[1])
        picture = enlarged(rgb, scale)
        frame, zones = joined.frame, joined.zones
        if frame is None:
            put_text(picture, "dropped: no result for this image", (16, 40), 0.8, (255, 255, 255))
            return picture
        regions = [_region(message, scale) for message in frame.regions]
        labels = enlarged(pixels(frame.region_image), scale, smooth=False)
        if labels.shape != picture.shape[:2]:  # a mask of another size than the image: show the image
            put_text(picture, "mask and image differ in size", (16, 40), 0.8, (255, 255, 255))
            return picture
        layout = LabelLayout(picture.shape[1], picture.shape[0])
        picture = np.ascontiguousarray(draw_overlay(picture, labels, regions, frame.untrained, layout))
        if self._recording.masks:
            note(picture, f"masks: recorded on {self._recording.masks}")
        if zones is None:
            put_text(picture, "no zones for this image", (16, len(picture) - 20), 0.7, (255, 255, 255))
        elif self._camera is not None:
            place = self._recording.transform(zones.camera_frame, zones.header.frame_id, joined.stamp)
            if place is not None:
                draw_prisms(picture, zones, self._camera, place, scale, layout)
        return picture

    def top(self, joined: JoinedFrame) -> NDArray[np.uint8]:
        """Paint the view from above at the image's stamp: uint8 RGB [HEIGHT, HEIGHT, 3]."""
        points = place = None
        outlines, view = [], None
        if joined.cloud is not None and joined.zones is not None:
            find = self._recording.transform
            fixed = joined.zones.header.frame_id
            try:
                xyz, cloud_frame = self._recording.points(joined)
            except (HazardError, BagError):
                xyz, cloud_frame = np.empty((0, 3), np.float32), fixed
            place = find(self._reference, fixed, joined.stamp)
            # Through the fixed frame: the vehicle moved between the two stamps.
            from_cloud = find(fixed, cloud_frame, nanoseconds(joined.zones.cloud_stamp))
            if place is not None and from_cloud is not None:
                points = (place @ from_cloud).apply(xyz)
                outlines = [
                    place.apply(np.column_stack([corners, np.zeros(len(corners))]))[:, :2]
                    for _, corners, frame in self._truth
                    if frame == fixed
                ]
            view = self._field_of_view(joined)
        return self._top.draw(points, joined.zones, place, outlines, view)

    def _field_of_view(self, joined: JoinedFrame) -> tuple[float, float, float, float] | None:
        if self._camera is None:
            return None
        place = self._recording.transform(self._reference, joined.zones.camera_frame, joined.stamp)
        if place is None:
            return None
        middle = self._camera.height / 2
        rays = place.rotate(self._camera.rays(np.array([[0, middle], [self._camera.width - 1, middle]])))
        left, right = np.arctan2(rays[:, 1], rays[:, 0])
        x, y = place.translation[:2]
        return float(x), float(y), float(left), float(right)


def paint_all(
    recording: Recording, reference: str, out: Path, rate: float, progress: Callable[[], None]
) -> list[FramePictures]:
    """Write overlay and top view of each frame, a video of both, and preview.png of the richest frame.

    rate: frames a second of the video.
    """
    folder = out / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    painter = Painter(recording, reference)
    written: list[FramePictures] = []
    richest = (-1, 0.0)
    with VideoWriter(out / "overlay.webm", rate) as video:
        for number, joined in enumerate(recording.frames()):
            overlay, top = painter.overlay(joined), painter.top(joined)
            names = (f"pictures/overlay_{number:04d}.jpg", f"pictures/top_{number:04d}.jpg")
            for name, picture in zip(names, (overlay, top), strict=True):
                _write(out / name, picture)
            side = len(overlay)
            gap = np.full((side, 6, 3), (9, 11, 16), np.uint8)
            both = np.hstack([overlay, gap, cv2.resize(top, (side, side), interpolation=cv2.INTER_AREA)])
            video.write(both)
            worth = _worth(joined)
            if worth > richest:
                richest = worth
                _write(out / "preview.png", both)
            written.append(FramePictures(joined.stamp, *names, _light(joined.frame), joined.zones))
            progress()
    return written


def _worth(joined: JoinedFrame) -> tuple[int, float]:
    """Rank a frame for the preview: many zones seen in it, near ones."""
    seen = (
        [] if joined.zones is None else [zone for zone in joined.zones.zones if not zone.observation_age > 0]
    )
    near = sum(
        1 / (1 + zone.nearest_edge_distance) for zone in seen if np.isfinite(zone.nearest_edge_distance)
    )
    return len(seen), float(near)


def _light(frame: Any) -> Any:
    """Drop the images of an AnomalyFrame: a long bag's report must not hold them all in memory."""
    if frame is not None:
        frame.label_image = frame.region_image = frame.score_image = None
    return frame


def _region(message: Any, scale: float) -> AnomalyRegion:
    box = message.bounding_box
    region = AnomalyRegion(
        id=message.id,
        label=message.label,
        name=message.name,
        source=NameSource(message.name_source),
        candidates=(),
        score=message.score,
        box=(0, 0, 1, 1),
        area=round(message.pixel_area * scale * scale),
        state=RegionState(message.state),
    )
    left, top = int(box.x_offset * scale), int(box.y_offset * scale)
    right = int(np.ceil((box.x_offset + box.width) * scale))
    bottom = int(np.ceil((box.y_offset + box.height) * scale))
    return replace(region, box=(left, top, right - left, bottom - top))


def _write(path: Path, rgb: NDArray[np.uint8]) -> None:
    quality = [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY] if path.suffix == ".jpg" else []
    if not cv2.imwrite(str(path), rgb[..., ::-1], quality):
        raise OSError(f"could not write {path}")
