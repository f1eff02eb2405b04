"""What is checked of every message at the edge, before any of it is used."""

from __future__ import annotations

import sys

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header

from clipomaly_ros.nodes.stamps import to_nanoseconds

MAXIMUM_SIDE = 16384  # pixels; larger images are a corrupt header, not a camera
MAXIMUM_FRAME_NAME = 256  # characters
MONO_ENCODINGS = {"mono8": np.dtype(np.uint8), "mono16": np.dtype(np.uint16)}


class BadMessage(ValueError):  # noqa: N818 - it names what it is about
    """A message cannot be used; reason is the name of the counter, the text says why."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


def check_header(header: Header) -> int:
    """Return the stamp in nanoseconds; BadMessage for a zero or impossible stamp or an empty frame."""
    stamp = header.stamp
    if stamp.sec == 0 and stamp.nanosec == 0:
        raise BadMessage(
            "zero_stamp", "header.stamp is zero; the driver must stamp with the time of measurement"
        )
    if stamp.sec < 0 or stamp.nanosec >= 1_000_000_000:
        raise BadMessage("bad_stamp", f"header.stamp is impossible: {stamp.sec} s, {stamp.nanosec} ns")
    if not header.frame_id:
        raise BadMessage("empty_frame_id", "header.frame_id is empty; the driver must name its frame")
    if not header.frame_id.isprintable() or len(header.frame_id) > MAXIMUM_FRAME_NAME:
        raise BadMessage(
            "bad_frame_id",
            f"header.frame_id: expected at most {MAXIMUM_FRAME_NAME} printable characters, "
            f"got {header.frame_id[:64]!r}",
        )
    return to_nanoseconds(stamp)


def mono_pixels(image: Image, field: str) -> NDArray[np.unsignedinteger]:
    """View a mono8 or mono16 image as uint8 or uint16 [H, W]; BadMessage that names the field."""
    kind = MONO_ENCODINGS.get(image.encoding)
    if kind is None:
        raise BadMessage(
            "encoding", f"{field}: expected encoding {' or '.join(MONO_ENCODINGS)}, got {image.encoding!r}"
        )
    height, width = image.height, image.width
    if not (0 < height <= MAXIMUM_SIDE and 0 < width <= MAXIMUM_SIDE):
        raise BadMessage(
            "size", f"{field}: expected sides of 1 to {MAXIMUM_SIDE} pixels, got {width}x{height}"
        )
    if image.step < width * kind.itemsize or image.step % kind.itemsize:
        raise BadMessage("size", f"{field}: a step of {image.step} bytes does not hold {width} {kind} pixels")
    data = np.frombuffer(image.data, dtype=np.uint8)
    if data.size != height * image.step:
        raise BadMessage(
            "truncated", f"{field}: expected {height} rows of {image.step} bytes, got {data.size} bytes"
        )
    pixels = data.view(kind).reshape(height, image.step // kind.itemsize)[:, :width]
    if bool(image.is_bigendian) != (sys.byteorder == "big") and kind.itemsize > 1:
        pixels = pixels.byteswap()
    return pixels
