"""Images as they come from cameras, decoded by one explicit table of encodings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import VisionError

Rgb = NDArray[np.uint8]

# Larger pictures are taken for broken headers: no camera of a vehicle comes near.
MAX_PIXELS = 64_000_000


@dataclass(frozen=True)
class _Encoding:
    """How one encoding lies in memory, and how it becomes RGB.

    channels, bytes_per_channel: of a pixel, as sensor_msgs/image_encodings defines them.
    even_width: two pixels share their chroma. min_side: what the conversion needs [pixel].
    """

    channels: int
    to_rgb: Callable[[NDArray[Any]], NDArray[Any]]
    bytes_per_channel: int = 1
    even_width: bool = False
    min_side: int = 1


def _by(code: int) -> Callable[[NDArray[Any]], NDArray[Any]]:
    return lambda image: cv2.cvtColor(image, code)


def _from_16_bit(image: NDArray[Any]) -> NDArray[Any]:
    # Full range to full range, rounded; OpenCV's own rounding, so cv_bridge agrees.
    return cv2.cvtColor(cv2.convertScaleAbs(image, alpha=255.0 / 65535.0), cv2.COLOR_GRAY2RGB)


def _bayer(code: int) -> _Encoding:
    return _Encoding(1, _by(code), min_side=3)


_GREY = _Encoding(1, _by(cv2.COLOR_GRAY2RGB))
_GREY_16 = _Encoding(1, _from_16_bit, bytes_per_channel=2)
_BGR = _Encoding(3, _by(cv2.COLOR_BGR2RGB))
_UYVY = _Encoding(2, _by(cv2.COLOR_YUV2RGB_UYVY), even_width=True)
_YUYV = _Encoding(2, _by(cv2.COLOR_YUV2RGB_YUYV), even_width=True)

# OpenCV's old Bayer names say the second row's second and third pixel, ROS's names the first
# 2x2 block: rggb is BayerBG there. In these constants red and blue are already sorted out.
_ENCODINGS: dict[str, _Encoding] = {
    "rgb8": _Encoding(3, np.ascontiguousarray),
    "bgr8": _BGR,
    "rgba8": _Encoding(4, _by(cv2.COLOR_RGBA2RGB)),
    "bgra8": _Encoding(4, _by(cv2.COLOR_BGRA2RGB)),
    "mono8": _GREY,
    "8UC1": _GREY,
    "8UC3": _BGR,  # OpenCV's own channel order, as cv_bridge writes it
    "mono16": _GREY_16,
    "16UC1": _GREY_16,
    "yuv422": _UYVY,
    "uyvy": _UYVY,
    "yuv422_yuy2": _YUYV,
    "yuyv": _YUYV,
    "bayer_rggb8": _bayer(cv2.COLOR_BayerBG2RGB),
    "bayer_bggr8": _bayer(cv2.COLOR_BayerRG2RGB),
    "bayer_gbrg8": _bayer(cv2.COLOR_BayerGR2RGB),
    "bayer_grbg8": _bayer(cv2.COLOR_BayerGB2RGB),
}

KNOWN_ENCODINGS: tuple[str, ...] = tuple(_ENCODINGS)


def decode_image(
    encoding: str, data: Any, height: int, width: int, step: int, is_bigendian: bool | int = False
) -> Rgb:
    """Return a raw image as RGB, uint8 [height, width, 3], contiguous.

    encoding: name as in sensor_msgs/image_encodings; 16-bit grey is scaled from its full range.
    data: any contiguous buffer of bytes; the result may share its memory and be read-only.
    step: bytes a row, padding included.
    Raises VisionError for an unknown encoding, impossible sizes and truncated data.
    """
    layout = _ENCODINGS.get(encoding)
    if layout is None:
        known = ", ".join(KNOWN_ENCODINGS)
        raise VisionError(f"unknown image encoding '{encoding[:64]}'; known encodings: {known}")
    _check_size(height, width)
    if layout.even_width and width % 2:
        raise VisionError(f"{encoding} needs an even width, got {width}")
    if min(height, width) < layout.min_side:
        raise VisionError(f"{encoding} needs at least {layout.min_side} pixels a side, got {width}x{height}")
    row_bytes = width * layout.channels * layout.bytes_per_channel
    if step < row_bytes:
        raise VisionError(
            f"step {step} is too small: {encoding} of width {width} needs {row_bytes} bytes a row"
        )
    if step % layout.bytes_per_channel:
        raise VisionError(
            f"step {step} is not a multiple of {layout.bytes_per_channel}, the bytes of a value"
        )
    buffer = _bytes(data)
    if buffer.size < step * height:
        raise VisionError(
            f"truncated image data: {step} bytes x {height} rows are {step * height}, got {buffer.size}"
        )
    rows = buffer[: step * height].reshape(height, step)[:, :row_bytes]
    if layout.bytes_per_channel == 2:
        order = ">u2" if is_bigendian else "<u2"
        rows = np.ascontiguousarray(rows).view(order).astype(np.uint16, copy=False)
    image = rows if layout.channels == 1 else rows.reshape(height, width, layout.channels)
    return np.ascontiguousarray(layout.to_rgb(image), dtype=np.uint8)


def decode_compressed(data: Any, format: str) -> Rgb:
    """Return a JPEG or PNG image as RGB, uint8 [H, W, 3], contiguous.

    format: as in sensor_msgs/CompressedImage, e.g. "jpeg" or "bgr8; jpeg compressed bgr8";
    empty is accepted, since the data says what it is. Orientation tags are ignored: the
    calibration holds for the sensor's own rows and columns.
    Raises VisionError for another format, truncated or undecodable data and impossible sizes.
    """
    text = format.lower()
    codecs = ("jpeg", "jpg", "png")
    if "compresseddepth" in text.replace(" ", "") or (text.strip() and not any(c in text for c in codecs)):
        raise VisionError(f"unknown compressed image format '{format[:64]}'; known formats: jpeg, png")
    buffer = _bytes(data)
    _check_size(*_coded_size(buffer.tobytes()))
    try:
        image = cv2.imdecode(buffer, cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    except cv2.error as error:
        raise VisionError(
            f"compressed image cannot be decoded: {' '.join(str(error).split())[:200]}"
        ) from error
    if image is None:
        raise VisionError(f"compressed image of {buffer.size} bytes cannot be decoded: its data is damaged")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def decode_picture(data: Any) -> Rgb:
    """Return a picture file's content as RGB, uint8 [H, W, 3], contiguous, the right way up.

    JPEG, PNG, WebP, BMP and TIFF of 8 or 16 bits a channel. For pictures that people look at,
    where decode_compressed is for cameras: an EXIF orientation is applied. 16 bits are scaled
    from their full range, grey becomes three equal channels, transparency is ignored.
    Raises VisionError for truncated, undecodable or foreign data and impossible sizes.
    """
    buffer = _bytes(data)
    start = buffer[:12].tobytes()
    if start.startswith((b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff")):
        _check_size(*_coded_size(buffer.tobytes()))
    elif not (start.startswith((b"BM", b"II*\0", b"MM\0*")) or start[:4] + start[8:] == b"RIFFWEBP"):
        raise VisionError(
            f"neither JPEG, PNG, WebP, BMP nor TIFF: it starts with {start[:8].hex() or 'nothing'}"
        )
    try:
        image = cv2.imdecode(buffer, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
    except cv2.error as error:
        raise VisionError(f"picture cannot be decoded: {' '.join(str(error).split())[:200]}") from error
    if image is None:
        raise VisionError(f"picture of {buffer.size} bytes cannot be decoded: its data is damaged")
    _check_size(image.shape[0], image.shape[1])
    if image.dtype == np.uint16:
        image = cv2.convertScaleAbs(image, alpha=255.0 / 65535.0)
    if image.dtype != np.uint8:
        raise VisionError(f"expected 8 or 16 bits a channel, got {image.dtype}")
    return np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2RGB), dtype=np.uint8)


def _bytes(data: Any) -> NDArray[np.uint8]:
    try:
        if isinstance(data, np.ndarray):
            return np.ascontiguousarray(data).reshape(-1).view(np.uint8)
        return np.frombuffer(data, dtype=np.uint8) if len(data) else np.empty(0, np.uint8)
    except (TypeError, ValueError) as error:
        raise VisionError(f"image data must be a buffer of bytes, got {type(data).__name__}") from error


def _check_size(height: int, width: int) -> None:
    if height <= 0 or width <= 0:
        raise VisionError(f"empty image: width {width}, height {height}")
    if height * width > MAX_PIXELS:
        raise VisionError(f"image of {width}x{height} pixels; at most {MAX_PIXELS} are accepted")


def _coded_size(data: bytes) -> tuple[int, int]:
    """Read height and width from the header, so that a small file cannot ask for gigabytes."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        if b"IEND" not in data:
            raise VisionError(f"truncated PNG image: no end marker in {len(data)} bytes")
        return int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big")
    if data.startswith(b"\xff\xd8\xff"):
        end = data.rfind(b"\xff\xd9")
        if end < 0:
            raise VisionError(f"truncated JPEG image: no end marker in {len(data)} bytes")
        height, width, header = _jpeg_size(data)
        if end < header:  # it ends the preview in the file's head, not the image
            raise VisionError(f"truncated JPEG image: no end marker after byte {header} of {len(data)}")
        return height, width
    raise VisionError(
        f"compressed image is neither JPEG nor PNG: it starts with {data[:8].hex() or 'nothing'}"
    )


def _jpeg_size(data: bytes) -> tuple[int, int, int]:
    """Read height, width and place of the frame header (ITU-T T.81, B.2.2)."""
    at = 2
    while at + 9 <= len(data) and data[at] == 0xFF:
        marker = data[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
        elif 0xC0 <= marker <= 0xCF and marker not in (0xC4, 0xC8, 0xCC):
            height = int.from_bytes(data[at + 5 : at + 7], "big")
            return height, int.from_bytes(data[at + 7 : at + 9], "big"), at
        else:
            at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    raise VisionError(f"damaged JPEG image: no frame header in {len(data)} bytes")
