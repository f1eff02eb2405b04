"""The calibrations of one camera over time: which one holds for an image."""

from __future__ import annotations

from dataclasses import dataclass

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
    """
    check_header(message.header)
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

    def clear(self) -> None:
        """Forget everything."""
        self._spans = []
