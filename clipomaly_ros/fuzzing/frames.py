"""Anomaly frames and calibrations of any content, read at the edge of fusion."""

from __future__ import annotations

import math
from array import array

import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CameraInfo, Image, RegionOfInterest
from std_msgs.msg import Header

from clipomaly_msgs.msg import AnomalyFrame, AnomalyRegion, NameCandidate
from clipomaly_ros.fuzzing.draw import Draw, header_parts, rarely, usual_or_any
from clipomaly_ros.hazard.camera import DISTORTION_MODELS
from clipomaly_ros.nodes.anomaly_frame_input import read_anomaly_frame
from clipomaly_ros.nodes.camera_info_history import read_camera_info
from clipomaly_ros.nodes.message_checks import BadMessage

_SIDES = (8, 12, 16)


def _header(draw: Draw) -> Header:
    sec, nanosec, frame = header_parts(draw)
    return Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id=frame)


def _image(draw: Draw, header: Header, width: int, height: int) -> Image:
    """Return a mono image, rarely with a step, size, encoding or length that does not fit."""
    encoding = draw.choice(("mono8", "mono8", "mono16"))
    pixel = 2 if encoding == "mono16" else 1
    step = usual_or_any(draw, (width * pixel, width * pixel, width * pixel + 2))
    size = min(step * height, 4096)
    content = bytearray(size)
    for _ in range(draw.integer(0, 3)):  # a block of one value
        start, length = draw.integer(0, max(0, size - 1)), draw.integer(1, 32)
        content[start : start + length] = bytes([draw.integer(0, 3)]) * length
    del content[size:]
    if rarely(draw, 16):
        content = content[: draw.integer(0, len(content))]
    return Image(
        header=header,
        width=usual_or_any(draw, (width,)),
        height=usual_or_any(draw, (height,)),
        encoding=encoding if not rarely(draw, 16) else draw.text(8),
        is_bigendian=draw.integer(0, 1),
        step=step,
        data=array("B", bytes(content)),
    )


def _score(draw: Draw) -> float:
    """Return a score, rarely one that none is."""
    if not rarely(draw, 16):
        return draw.integer(0, 100) / 100
    return float(draw.choice((math.nan, math.inf, -math.inf, -0.001, 1.001, 1e30)))


def draw_frame(draw: Draw) -> AnomalyFrame:
    """Return a frame whose images, regions and boxes may or may not go together."""
    header, width, height = _header(draw), draw.choice(_SIDES), draw.choice(_SIDES)
    regions = [
        AnomalyRegion(
            id=usual_or_any(draw, (1, 2, 3), 65535),
            label=draw.integer(0, 65535),
            name=draw.text(16),
            name_source=usual_or_any(draw, (0, 1, 2), 255),
            candidates=[NameCandidate(name=draw.text(8), score=_score(draw), source=draw.integer(0, 255))],
            score=_score(draw),
            bounding_box=RegionOfInterest(
                x_offset=usual_or_any(draw, (0, 3)),
                y_offset=usual_or_any(draw, (0, 3)),
                width=usual_or_any(draw, (1, 5)),
                height=usual_or_any(draw, (1, 5)),
            ),
            pixel_area=draw.integer(0, 2**32 - 1),
            state=usual_or_any(draw, (0, 1, 2, 3), 255),
        )
        for _ in range(draw.integer(0, 3))
    ]
    return AnomalyFrame(
        header=header,
        label_image=_image(draw, header, width, height),
        region_image=_image(draw, header, width, height),
        score_image=_image(draw, header, 8, 8),
        regions=regions,
        legend_id=draw.text(16),
        vocabulary_hash=draw.text(16),
        model_id=draw.text(16),
    )


def run_frame(draw: Draw) -> None:
    """Refuse a frame by name, or read regions that agree with its picture."""
    message = draw_frame(draw)
    try:
        found = read_anomaly_frame(message)
    except BadMessage:
        return
    height, width = found.region_image.shape
    painted = set(np.unique(found.region_image).tolist()) - {0}
    if painted != {region.id for region in found.regions} or len(painted) != len(found.regions):
        raise AssertionError(f"regions {[region.id for region in found.regions]} but pixels {painted}")
    for region in found.regions:
        x, y, w, h = region.box
        if not (0 <= x < x + w <= width and 0 <= y < y + h <= height and 0 <= region.score <= 1):
            raise AssertionError(f"region {region} of a picture {width}x{height}")


def draw_camera_info(draw: Draw) -> CameraInfo:
    """Return a calibration: usual numbers, or any."""
    model = draw.choice((*DISTORTION_MODELS, draw.text(12)))
    count = usual_or_any(draw, (DISTORTION_MODELS.get(model, 5),), 20)
    focal = draw.choice((300.0, 500.0, draw.number()))
    k = np.array([focal, 0, 160, 0, focal, 90, 0, 0, 1.0])
    if rarely(draw, 8):
        k[draw.integer(0, 8)] = draw.number()
    p = np.concatenate([k.reshape(3, 3), np.zeros((3, 1))], axis=1).ravel()
    if rarely(draw, 8):
        p[draw.integer(0, 11)] = draw.number()
    rotation = np.eye(3).ravel()
    if rarely(draw, 8):
        rotation[draw.integer(0, 8)] = draw.number()
    return CameraInfo(
        header=_header(draw),
        width=usual_or_any(draw, (320,)),
        height=usual_or_any(draw, (180,)),
        distortion_model=model,
        d=[draw.integer(-50, 50) / 500 if not rarely(draw, 8) else draw.number() for _ in range(count)],
        k=k,
        r=rotation,
        p=p,
        binning_x=usual_or_any(draw, (0, 0, 1)),
        binning_y=usual_or_any(draw, (0, 0, 1)),
        roi=RegionOfInterest(
            width=usual_or_any(draw, (0, 0, 0, 320)), height=usual_or_any(draw, (0, 0, 0, 180))
        ),
    )


def run_camera_info(draw: Draw) -> None:
    """Refuse a calibration by name, or make a camera whose rays lead back to their pixels."""
    message, rectified = draw_camera_info(draw), bool(draw.integer(0, 1))
    with np.errstate(all="ignore"):  # extreme but finite calibrations may overflow: then nothing is visible
        try:
            camera = read_camera_info(message, rectified)
        except BadMessage:
            return
        uv = np.array([[(camera.width - 1) / 2, (camera.height - 1) / 2], [0.0, 0.0]])
        rays = camera.rays(uv)
        again, visible = camera.project(rays * 10.0 + camera.origin)
    if np.abs(rays[np.isfinite(rays).all(axis=1)]).max(initial=0.0) > 1 + 1e-6:
        raise AssertionError(f"a viewing ray is no unit vector: {rays.tolist()}")
    off = np.abs(again - uv)[visible].max(initial=0.0)
    if off > 0.5:
        raise AssertionError(
            f"a pixel comes back {off:.3g} pixels off: {camera.matrix.tolist()}, {message.d}"
        )
