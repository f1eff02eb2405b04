"""Names of encodings (sensor_msgs/image_encodings), and what an element of each one is."""

from __future__ import annotations

import re
from typing import NamedTuple

import numpy as np


class CvBridgeError(TypeError):
    """An image cannot be converted."""


class Encoding(NamedTuple):
    """Type and number of the channels of a pixel; the colour model if the name tells one."""

    dtype: np.dtype
    channels: int
    colour: str  # gray, rgb, bgr, rgba, bgra, uyvy, yuy2, bayer_XXXX or nothing


DTYPES = {
    "8U": np.dtype(np.uint8),
    "8S": np.dtype(np.int8),
    "16U": np.dtype(np.uint16),
    "16S": np.dtype(np.int16),
    "32S": np.dtype(np.int32),
    "32F": np.dtype(np.float32),
    "64F": np.dtype(np.float64),
}
DEPTH_NAMES = {dtype: name for name, dtype in DTYPES.items()}

_COLOURS = {"rgb": 3, "bgr": 3, "rgba": 4, "bgra": 4, "mono": 1} | {
    f"bayer_{order}": 1 for order in ("rggb", "bggr", "gbrg", "grbg")
}
ENCODINGS = {
    f"{name}{bits}": Encoding(np.dtype(f"u{bits // 8}"), channels, "gray" if name == "mono" else name)
    for name, channels in _COLOURS.items()
    for bits in (8, 16)
} | {
    # two bytes for each pixel: U Y V Y, and Y U Y V; the newer names uyvy and yuyv are not
    # known to the real cv_bridge either
    "yuv422": Encoding(DTYPES["8U"], 2, "uyvy"),
    "yuv422_yuy2": Encoding(DTYPES["8U"], 2, "yuy2"),
}
_GENERIC = re.compile(r"(8U|8S|16U|16S|32S|32F|64F)(?:C([0-9]+))?")


def describe(name: str) -> Encoding:
    """Return what an encoding's name stands for; CvBridgeError names an unknown one."""
    if name in ENCODINGS:
        return ENCODINGS[name]
    match = _GENERIC.fullmatch(name)
    if not match or not 1 <= int(match[2] or 1) <= 512:
        raise CvBridgeError(
            f"unknown encoding {name!r}: expected one of {', '.join(ENCODINGS)} or a generic one such as 8UC3"
        )
    return Encoding(DTYPES[match[1]], int(match[2] or 1), "")


def generic_name(dtype: np.dtype, channels: int) -> str:
    """Return the generic name of a pixel type, such as 8UC3."""
    native = dtype.newbyteorder("=")
    if native not in DEPTH_NAMES:
        raise CvBridgeError(
            f"expected an array of {', '.join(str(known) for known in DEPTH_NAMES)}; got {dtype}"
        )
    return f"{DEPTH_NAMES[native]}C{channels}"
