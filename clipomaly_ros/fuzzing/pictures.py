"""Camera images of any encoding, size and content, raw and compressed."""

from __future__ import annotations

from array import array

import cv2
import numpy as np
from builtin_interfaces.msg import Time
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from clipomaly_ros.fuzzing.draw import Draw, header_parts, rarely, usual_or_any
from clipomaly_ros.nodes.image_input import check_image, decode
from clipomaly_ros.nodes.message_checks import BadMessage
from clipomaly_ros.vision.images import KNOWN_ENCODINGS

_BYTES = {"rgb8": 3, "bgr8": 3, "8UC3": 3, "rgba8": 4, "bgra8": 4}
_TWO = ("mono16", "16UC1", "yuv422", "uyvy", "yuv422_yuy2", "yuyv")


def _header(draw: Draw) -> Header:
    sec, nanosec, frame = header_parts(draw)
    return Header(stamp=Time(sec=sec, nanosec=nanosec), frame_id=frame)


def draw_image(draw: Draw) -> Image:
    """Return a raw image, mostly of a known encoding and a size that fits."""
    encoding = draw.choice(KNOWN_ENCODINGS) if not rarely(draw, 16) else draw.text(12)
    width, height = usual_or_any(draw, (4, 6, 7, 1)), usual_or_any(draw, (4, 3, 1))
    row = width * _BYTES.get(encoding, 2 if encoding in _TWO else 1) % 2**32
    step = usual_or_any(draw, (row, row, (row + 3) % 2**32, (row + 4) % 2**32))
    size = min(step * height, 4096)
    content = (draw.data(512) or b"\x80").ljust(size, b"\x55")[:size]
    if rarely(draw, 16):
        content = content[: draw.integer(0, len(content))]
    return Image(
        header=_header(draw),
        width=width,
        height=height,
        encoding=encoding,
        is_bigendian=draw.integer(0, 1),
        step=step,
        data=array("B", content),
    )


def draw_compressed(draw: Draw) -> CompressedImage:
    """Return a JPEG or PNG of which some bytes are changed, cut off or added, or just bytes."""
    kind = draw.choice((".jpg", ".png"))
    values = np.arange(8 * 9 * 3, dtype=np.uint8).reshape(8, 9, 3)
    content = bytearray(cv2.imencode(kind, values)[1].tobytes())
    for _ in range(draw.integer(0, 4)):
        content[draw.integer(0, len(content) - 1)] = draw.integer(0, 255)
    if rarely(draw, 8):
        content = content[: draw.integer(0, len(content))]
    if rarely(draw, 8):
        content = bytearray(draw.data(256))
    name = (
        draw.choice(("jpeg", "png", "bgr8; jpeg compressed bgr8", ""))
        if not rarely(draw, 8)
        else draw.text(16)
    )
    return CompressedImage(header=_header(draw), format=name, data=array("B", bytes(content)))


def run_image(draw: Draw) -> None:
    """Refuse a raw image by name, or decode all of its pixels."""
    message = draw_image(draw)
    try:
        check_image(message)
        rgb = decode(message)
    except BadMessage:
        return
    if rgb.dtype != np.uint8 or rgb.shape != (message.height, message.width, 3):
        raise AssertionError(f"{message.width}x{message.height} {message.encoding} became {rgb.shape}")


def run_compressed(draw: Draw) -> None:
    """Refuse a compressed image by name, or decode it to a picture."""
    message = draw_compressed(draw)
    try:
        check_image(message)
        rgb = decode(message)
    except BadMessage:
        return
    if rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3 or not rgb.size:
        raise AssertionError(f"decoded to {rgb.dtype} {rgb.shape}")
