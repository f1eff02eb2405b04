"""Camera images at the edge of the segmenter: checked on arrival, decoded where the work is done.

Images do not come in through cv_bridge: rows padded by parts of a pixel, which drivers send to
align them, come sheared out of it, and big-endian images do not come out of it at all with
NumPy 2. The table of encodings reads the message's own buffer, row by row of `step` bytes.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import CompressedImage, Image

from clipomaly_ros.nodes.message_checks import BadMessage, check_header
from clipomaly_ros.vision.images import KNOWN_ENCODINGS, decode_compressed, decode_image
from clipomaly_ros.vision.types import VisionError


def check_image(message: Image | CompressedImage) -> int:
    """Check what costs no decoding and return the stamp in nanoseconds; BadMessage names what is wrong."""
    stamp = check_header(message.header)
    if isinstance(message, CompressedImage):
        if not len(message.data):
            raise BadMessage("truncated_data", "the compressed image holds no bytes")
        return stamp
    if message.encoding not in KNOWN_ENCODINGS:
        raise BadMessage(
            "unknown_encoding",
            f"encoding {message.encoding[:64]!r} is not known; known are {', '.join(KNOWN_ENCODINGS)}",
        )
    if not message.height or not message.width:
        raise BadMessage("wrong_size", f"the image is empty: {message.width}x{message.height}")
    expected = message.step * message.height
    if len(message.data) < expected:
        raise BadMessage(
            "truncated_data",
            f"expected {message.height} rows of {message.step} bytes = {expected}, got {len(message.data)}",
        )
    return stamp


def decode(message: Image | CompressedImage) -> NDArray[np.uint8]:
    """Return the picture as RGB, uint8 [H, W, 3]; BadMessage when it cannot be decoded."""
    if isinstance(message, CompressedImage):
        try:
            return decode_compressed(message.data, message.format)
        except VisionError as error:
            raise BadMessage("undecodable_image", str(error)) from error
    try:
        return decode_image(
            message.encoding, message.data, message.height, message.width, message.step, message.is_bigendian
        )
    except VisionError as error:
        raise BadMessage("wrong_size", str(error)) from error
