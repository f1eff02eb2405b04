"""Reader of the KITTI object data set: image, scan, calibration and labels of a frame.

Layout: `image_2/NAME.png` (left colour camera, rectified), `velodyne/NAME.bin` (float32
x, y, z, reflectance; x forward, y left, z up), `calib/NAME.txt`, `label_2/NAME.txt`.

Frames: `velodyne`; `rectified` = the rectified reference camera 0 (x right, y down,
z forward), in which the labels are given; camera 2 has the same axes and is shifted
sideways, which P2's fourth column says. Here camera 2's own frame is the camera frame.
Geiger, Lenz, Urtasun, "Are we ready for autonomous driving?", CVPR 2012.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.hazard.camera import CameraModel
from clipomaly_ros.hazard.clouds import PointCloud, PointField, parse_cloud
from clipomaly_ros.hazard.transforms import RigidTransform


class DataError(ValueError):
    """A data set is missing or not as its layout says."""


@dataclass(frozen=True, eq=False)
class LabelledObject:
    """One labelled object.

    box: left, top, right, bottom [pixel] in the image. rectified_from_box: from the 3D
    box's frame (x along the length, y down, z along the width, origin at the bottom centre)
    to the rectified camera frame. size: length, height, width [m] along x, y, z.
    """

    kind: str
    truncation: float
    occlusion: int
    box: tuple[float, float, float, float]
    rectified_from_box: RigidTransform
    size: tuple[float, float, float]

    @property
    def distance(self) -> float:
        """Return the horizontal distance of the box's centre from camera 0 [m]."""
        x, _, z = self.rectified_from_box.translation
        return float(np.hypot(x, z))

    def contains(self, points_rectified: NDArray[np.floating], margin: float = 0.0) -> NDArray[np.bool_]:
        """Tell which points [N, 3] of the rectified frame lie in the box grown by margin [m]."""
        x, y, z = self.rectified_from_box.inverse().apply(points_rectified).T
        length, height, width = self.size
        inside: NDArray[np.bool_] = (
            (np.abs(x) <= length / 2 + margin)
            & (np.abs(z) <= width / 2 + margin)
            & (y <= margin)
            & (y >= -height - margin)
        )
        return inside

    def height_above(self, points_rectified: NDArray[np.floating]) -> NDArray[np.float64]:
        """Return the heights of points [N, 3] above the box's bottom [m]."""
        height: NDArray[np.float64] = -self.rectified_from_box.inverse().apply(points_rectified)[:, 1]
        return height

    def corners(self) -> NDArray[np.float64]:
        """Return the four bottom corners in the rectified frame, float64 [4, 3]."""
        length, _, width = self.size
        half = np.array([[1, 0, 1], [1, 0, -1], [-1, 0, -1], [-1, 0, 1]]) * [length / 2, 0, width / 2]
        corners: NDArray[np.float64] = self.rectified_from_box.apply(half)
        return corners


@dataclass(frozen=True, eq=False)
class KittiFrame:
    """One frame, ready for fusion; transforms as KITTI's calibration gives them."""

    name: str
    image_size: tuple[int, int]
    cloud: PointCloud
    camera: CameraModel
    camera_from_velodyne: RigidTransform
    rectified_from_velodyne: RigidTransform
    objects: tuple[LabelledObject, ...]


def data_root() -> Path:
    """Return the folder of the local test data: $CLIPOMALY_DATA, or shared/data beside the project."""
    configured = os.environ.get("CLIPOMALY_DATA")
    return Path(configured) if configured else Path(__file__).resolve().parents[3] / "shared" / "data"


def frame_names(root: Path) -> tuple[str, ...]:
    """Return the names of the labelled frames below a folder; DataError when there are none."""
    names = tuple(sorted(path.stem for path in root.glob("label_2/*.txt")))
    if not names:
        raise DataError(f"expected label_2/*.txt below {root}, found none: name the folder with --root")
    return names


def read_frame(root: Path, name: str) -> KittiFrame:
    """Read one frame; DataError says which file is missing or wrong."""
    paths = {
        "image": root / "image_2" / f"{name}.png",
        "scan": root / "velodyne" / f"{name}.bin",
        "calibration": root / "calib" / f"{name}.txt",
        "labels": root / "label_2" / f"{name}.txt",
    }
    for what, path in paths.items():
        if not path.is_file():
            raise DataError(f"expected the {what} of frame {name} at {path}, found nothing")
    image = cv2.imread(str(paths["image"]), cv2.IMREAD_UNCHANGED)
    if image is None:
        raise DataError(f"{paths['image']} is not a readable picture")
    height, width = image.shape[:2]
    camera, rectified_from_velodyne, camera_from_rectified = _read_calibration(
        paths["calibration"], width, height
    )
    return KittiFrame(
        name=name,
        image_size=(height, width),
        cloud=read_scan(paths["scan"]),
        camera=camera,
        camera_from_velodyne=camera_from_rectified @ rectified_from_velodyne,
        rectified_from_velodyne=rectified_from_velodyne,
        objects=tuple(read_labels(paths["labels"])),
    )


def read_scan(path: Path) -> PointCloud:
    """Read a scan through the same parser as the node's clouds."""
    data = path.read_bytes()
    if len(data) % 16:
        raise DataError(f"expected a multiple of 16 bytes in {path}, got {len(data)}")
    names = ("x", "y", "z", "intensity")
    fields = [PointField(field, 4 * index, 7) for index, field in enumerate(names)]
    return parse_cloud(fields, data, len(data) // 16, 1, 16, len(data), False)


def _read_calibration(
    path: Path, width: int, height: int
) -> tuple[CameraModel, RigidTransform, RigidTransform]:
    """Return the camera, rectified_from_velodyne and camera_from_rectified."""
    rows: dict[str, NDArray[np.float64]] = {}
    for line in path.read_text().splitlines():
        key, _, values = line.partition(":")
        if values.strip():
            try:
                rows[key.strip()] = np.array([float(value) for value in values.split()])
            except ValueError as error:
                raise DataError(f"{path}: {key} holds no numbers: {error}") from error
    for key, count in (("P2", 12), ("R0_rect", 9), ("Tr_velo_to_cam", 12)):
        if len(rows.get(key, ())) != count:
            raise DataError(f"{path}: expected {count} numbers for {key}, got {len(rows.get(key, ()))}")
    projection = rows["P2"].reshape(3, 4)
    camera = CameraModel.from_camera_info(
        width, height, "plumb_bob", [0.0] * 5, projection[:, :3].ravel().tolist(), frame="camera_2"
    )
    # P2 = K [I | t]: camera 2 sees a point of the rectified frame at x + t
    shift = np.linalg.solve(projection[:, :3], projection[:, 3])
    velodyne = rows["Tr_velo_to_cam"].reshape(3, 4)
    rectification = RigidTransform(rows["R0_rect"].reshape(3, 3), np.zeros(3))
    return (
        camera,
        rectification @ RigidTransform(velodyne[:, :3], velodyne[:, 3]),
        RigidTransform(np.eye(3), shift),
    )


def read_labels(path: Path) -> list[LabelledObject]:
    """Read the objects of a label file, without DontCare areas."""
    objects = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.split()
        if not words or words[0] == "DontCare":
            continue
        try:
            values = [float(word) for word in words[1:15]]
        except ValueError as error:
            raise DataError(f"{path}:{number}: {error}") from error
        if len(values) < 14:
            raise DataError(f"{path}:{number}: expected 15 columns, got {len(words)}")
        truncation, occlusion, _, left, top, right, bottom, height, width, length, x, y, z, turn = values
        cos, sin = np.cos(turn), np.sin(turn)
        pose = RigidTransform(np.array([[cos, 0, sin], [0, 1, 0], [-sin, 0, cos]]), np.array([x, y, z]))
        objects.append(
            LabelledObject(
                words[0],
                truncation,
                int(occlusion),
                (left, top, right, bottom),
                pose,
                (length, height, width),
            )
        )
    return objects
