"""The calibrations of one camera over time: which one holds for an image."""

from __future__ import annotations

from dataclasses import dataclass, replace

from sensor_msgs.msg import CameraInfo

from clipomaly_ros.hazard.camera import DISTORTION_MODELS, CameraModel
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.nodes.message_checks import BadMessage, check_header

MAXIMUM_CALIBRATIONS = 32


@dataclass
class _Span:
    """One calibration and the first and last stamp [ns] it was received with."""

    first: int
    last: int
    content: tuple
    model: CameraModel


def read_camera_info(message: CameraInfo, rectified: bool = False) -> CameraModel:
    """Check a calibration and convert it; BadMessage names what is wrong with it.

    rectified: the images are rectified already, so R and P hold instead of K and D.
    K, P and the size are of the full sensor: with binning or a region of interest they are not
    of the picture, and a projection would be wrong by that much.
    """
    check_header(message.header)
    if message.binning_x > 1 or message.binning_y > 1:
        raise BadMessage(
            "binning",
            f"binning {message.binning_x}x{message.binning_y}: expected none; publish the calibration of the "
            "binned image (K, P, width and height as of its pixels)",
        )
    roi = message.roi
    whole = (0, 0, message.width, message.height)
    if (roi.width or roi.height) and (roi.x_offset, roi.y_offset, roi.width, roi.height) != whole:
        raise BadMessage(
            "roi",
            f"region of interest {roi.width}x{roi.height} at {roi.x_offset}, {roi.y_offset}: expected none; "
            "publish the calibration of the cropped image (K, P, width and height as of its pixels)",
        )
    if not any(message.k):
        raise BadMessage("uncalibrated", "K is all zero: the camera is not calibrated")
    if message.distortion_model not in DISTORTION_MODELS and not rectified:
        raise BadMessage(
            "distortion_model",
            f"unknown distortion model {message.distortion_model[:64]!r}: expected one of "
            + ", ".join(DISTORTION_MODELS),
        )
    try:
        return CameraModel.from_camera_info(
            width=message.width,
            height=message.height,
            distortion_model=message.distortion_model,
            d=message.d,
            k=message.k,
            r=message.r,
            p=message.p,
            frame=message.header.frame_id,
            rectified=rectified,
        )
    except HazardError as error:
        raise BadMessage("values", str(error)) from error


def describe(message: CameraInfo, rectified: bool) -> str:
    """Return what of a calibration is in use, for the diagnostics."""
    size = f"{message.width}x{message.height}"
    if rectified:
        return f"{size}, rectified images: R and P"
    distorted = "" if any(message.d) else " without distortion"
    return f"{size}, raw images: K and D ({message.distortion_model}{distorted})"


class CameraInfoHistory:
    """Remembers changes of the calibration, not every message, so it reaches back far enough."""

    def __init__(self, rectified: bool = False) -> None:
        self._rectified = rectified
        self._spans: list[_Span] = []  # by increasing first stamp

    def add(self, message: CameraInfo) -> None:
        """Take a calibration; BadMessage when it cannot be used."""
        stamp = check_header(message.header)
        content = (
            message.header.frame_id,
            message.width,
            message.height,
            message.distortion_model,
            tuple(message.d),
            tuple(message.k),
            tuple(message.r),
            tuple(message.p),
            (message.binning_x, message.binning_y),
            (message.roi.x_offset, message.roi.y_offset, message.roi.width, message.roi.height),
        )
        newest = self._spans[-1] if self._spans else None
        if newest is not None and newest.content == content:
            newest.first = min(newest.first, stamp)
            newest.last = max(newest.last, stamp)
            return
        self._spans.append(_Span(stamp, stamp, content, read_camera_info(message, self._rectified)))
        self._spans.sort(key=lambda span: span.first)
        del self._spans[:-MAXIMUM_CALIBRATIONS]

    def at(self, stamp: int) -> CameraModel | None:
        """Return the calibration with this stamp [ns], else the latest before it, else None."""
        earlier = [span for span in self._spans if span.first <= stamp]
        return earlier[-1].model if earlier else None

    def start_over(self) -> None:
        """Keep the newest calibration for all of a new time, until that brings its own.

        A camera that sent its calibration only once would otherwise be lost after a jump; one
        of another resolution is noticed when the image comes.
        """
        self._spans = [replace(span, first=0, last=0) for span in self._spans[-1:]]
