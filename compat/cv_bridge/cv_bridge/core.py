"""Between image messages and numpy arrays."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from sensor_msgs.msg import CompressedImage, Image

from cv_bridge.conversions import convert
from cv_bridge.encodings import CvBridgeError, describe, generic_name


class CvBridge:
    """Convert sensor_msgs Image and CompressedImage to arrays (H, W) or (H, W, C), and back."""

    def dtype_with_channels_to_cvtype2(self, dtype: Any, n_channels: int) -> str:
        """Return the generic encoding of a pixel type, such as 8UC3."""
        return generic_name(np.dtype(dtype), n_channels)

    def encoding_to_dtype_with_channels(self, encoding: str) -> tuple[str, int]:
        """Return the numpy type's name and the number of channels of an encoding."""
        found = describe(encoding)
        return found.dtype.name, found.channels

    def imgmsg_to_cv2(self, img_msg: Image, desired_encoding: str = "passthrough") -> np.ndarray:
        """Return the pixels in native byte order, converted unless passthrough.

        One channel gives (H, W). Where nothing has to be moved, the array shares the message's memory.
        """
        encoding = describe(img_msg.encoding)
        height, width, step = img_msg.height, img_msg.width, img_msg.step
        dtype = encoding.dtype.newbyteorder(">" if img_msg.is_bigendian else "<")
        pixel = dtype.itemsize * encoding.channels
        if step < width * pixel or len(img_msg.data) < height * step:
            raise CvBridgeError(
                f"{width} x {height} pixels {img_msg.encoding!r}: expected {height} rows of at least "
                f"{width * pixel} bytes, got a step of {step} and {len(img_msg.data)} bytes"
            )
        if step % pixel:
            raise CvBridgeError(
                f"expected rows of whole pixels ({pixel} bytes each), got a step of {step}: "
                "the real cv_bridge returns a sheared image for such padding"
            )
        shape = (height, width) if encoding.channels == 1 else (height, width, encoding.channels)
        strides = (step, pixel, dtype.itemsize)[: len(shape)]
        image = np.ndarray(shape, dtype, buffer=img_msg.data, strides=strides)
        image = np.ascontiguousarray(image.astype(encoding.dtype, copy=False))
        if desired_encoding == "passthrough":
            return image
        return convert(image, img_msg.encoding, desired_encoding)

    def cv2_to_imgmsg(self, cvim: np.ndarray, encoding: str = "passthrough", header: Any = None) -> Image:
        """Return an image message; passthrough names the pixel type, such as 8UC3."""
        _check_array(cvim)
        kind = generic_name(cvim.dtype, 1 if cvim.ndim < 3 else cvim.shape[2])
        msg = Image(height=cvim.shape[0], width=cvim.shape[1])
        if header is not None:
            msg.header = header
        msg.encoding = kind
        if encoding != "passthrough":
            wanted = describe(encoding)
            if generic_name(wanted.dtype, wanted.channels) != kind:
                raise CvBridgeError(
                    f"encoding {encoding!r} does not fit an array of {cvim.shape} {cvim.dtype}"
                )
            msg.encoding = encoding
        msg.is_bigendian = int(not cvim.dtype.isnative) if np.little_endian else int(cvim.dtype.isnative)
        msg.data.frombytes(np.ascontiguousarray(cvim).reshape(-1).view(np.uint8))
        msg.step = len(msg.data) // msg.height
        return msg

    def compressed_imgmsg_to_cv2(
        self, cmprs_img_msg: CompressedImage, desired_encoding: str = "passthrough"
    ) -> np.ndarray | None:
        """Return the decoded picture, in colours as bgr; None where OpenCV cannot read it."""
        image = cv2.imdecode(np.frombuffer(cmprs_img_msg.data, np.uint8), cv2.IMREAD_UNCHANGED)
        if desired_encoding == "passthrough":
            return image
        if image is None:
            raise CvBridgeError(f"OpenCV cannot read a picture of format {cmprs_img_msg.format!r}")
        return convert(image, "bgr8", desired_encoding)

    def cv2_to_compressed_imgmsg(self, cvim: np.ndarray, dst_format: str = "jpg") -> CompressedImage:
        """Return a compressed image message in a format that OpenCV can write (jpg, png, ...)."""
        _check_array(cvim)
        msg = CompressedImage(format=dst_format)
        msg.data.frombytes(cv2.imencode(f".{dst_format}", cvim)[1])
        return msg


def _check_array(cvim: Any) -> None:
    if not isinstance(cvim, (np.ndarray, np.generic)):
        raise TypeError(f"expected a numpy array, got {type(cvim).__name__}")
