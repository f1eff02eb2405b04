"""From one encoding to another: colours by OpenCV, depths by scaling."""

from __future__ import annotations

import cv2
import numpy as np

from cv_bridge.encodings import CvBridgeError, Encoding, describe

# OpenCV names a Bayer pattern by the second row's second and third pixel, ROS by the first two rows.
_BAYER = {"bayer_rggb": "BayerBG", "bayer_bggr": "BayerRG", "bayer_gbrg": "BayerGR", "bayer_grbg": "BayerGB"}
_TARGETS = ("gray", "rgb", "bgr", "rgba", "bgra")


def _code(source: str, target: str) -> int | None:
    """Return OpenCV's code for a change of colours, or None where none is offered."""
    if target not in _TARGETS:
        return None
    if source in _BAYER:
        return None if target.endswith("a") else getattr(cv2, f"COLOR_{_BAYER[source]}2{target.upper()}")
    if source in ("uyvy", "yuy2"):
        return getattr(cv2, f"COLOR_YUV2{target.upper()}_{source.upper()}")
    return getattr(cv2, f"COLOR_{source.upper()}2{target.upper()}")


def _rescale(image: np.ndarray, source: np.dtype, target: np.dtype) -> np.ndarray:
    """Change the depth: 8 and 16 bits scaled to each other, others rounded and cut to the range."""
    if image.dtype == target:
        return image
    bits = (source.itemsize * 8, target.itemsize * 8)
    scale = {(8, 16): 257.0, (16, 8): 1 / 257.0}.get(bits, 1.0)
    scaled = image.astype(np.float64) * scale
    if target.kind == "f":
        return scaled.astype(target)
    limits = np.iinfo(target)
    return np.clip(np.rint(scaled), limits.min, limits.max).astype(target)


def convert(image: np.ndarray, source_name: str, target_name: str) -> np.ndarray:
    """Convert an image between two encodings; CvBridgeError where that makes no sense.

    An encoding that tells no colours (8UC3) only turns into one of as many channels that
    tells none either; one that tells colours turns into any of as many channels that tells none.
    """
    source, target = describe(source_name), describe(target_name)
    if source_name == target_name:
        return image.copy()
    if not (source.colour and target.colour):
        _check_generic(source_name, source, target_name, target)
        return _rescale(image, source.dtype, target.dtype)
    if source.colour != target.colour:
        code = _code(source.colour, target.colour)
        if code is None:
            raise CvBridgeError(f"no conversion from {source_name!r} to {target_name!r}")
        try:
            image = cv2.cvtColor(image, code)
        except cv2.error as error:
            raise CvBridgeError(
                f"an image of {image.shape} {image.dtype} does not convert "
                f"from {source_name!r} to {target_name!r}: {error}"
            ) from error
    elif source.colour.startswith("bayer"):
        raise CvBridgeError(f"no conversion from {source_name!r} to {target_name!r}")
    return _rescale(image, source.dtype, target.dtype)


def _check_generic(source_name: str, source: Encoding, target_name: str, target: Encoding) -> None:
    if target.colour:
        raise CvBridgeError(f"{source_name!r} does not tell its colours, so it cannot become {target_name!r}")
    if source.channels != target.channels:
        raise CvBridgeError(
            f"{source_name!r} has {source.channels} channel(s), {target_name!r} has {target.channels}"
        )
