"""Arrays into messages: the fast way to fill uint8[] fields, and images made directly."""

from __future__ import annotations

import sys
from array import array

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image
from std_msgs.msg import Header

# Encoding -> number of channels and element type, for the images this package publishes.
PUBLISHED_ENCODINGS = {
    "mono8": (1, np.uint8),
    "mono16": (1, np.uint16),
    "bgr8": (3, np.uint8),
    "rgb8": (3, np.uint8),
}


def bytes_field(values: NDArray) -> array:
    """Copy an array's memory into array('B'), the only type rclpy assigns without a loop."""
    field = array("B")
    field.frombytes(memoryview(np.ascontiguousarray(values)).cast("B"))
    return field


def image_message(values: NDArray, encoding: str, header: Header) -> Image:
    """Make an image message of [H, W] or [H, W, C] values; ValueError when they do not fit."""
    if encoding not in PUBLISHED_ENCODINGS:
        raise ValueError(f"encoding: expected one of {sorted(PUBLISHED_ENCODINGS)}, got {encoding!r}")
    channels, kind = PUBLISHED_ENCODINGS[encoding]
    shape = values.shape[2] if values.ndim == 3 else 1
    if values.dtype != kind or shape != channels or values.ndim not in (2, 3):
        raise ValueError(
            f"a {encoding} image needs {np.dtype(kind)} with {channels} channels, "
            f"got {values.dtype} {values.shape}"
        )
    height, width = values.shape[:2]
    return Image(
        header=header,
        height=height,
        width=width,
        encoding=encoding,
        is_bigendian=int(sys.byteorder == "big"),
        step=width * channels * np.dtype(kind).itemsize,
        data=bytes_field(values) if values.size else array("B"),
    )
