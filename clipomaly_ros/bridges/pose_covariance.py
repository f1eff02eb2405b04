"""The covariance of a position within that of a pose."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def position_covariance(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the 36 numbers of geometry_msgs/PoseWithCovariance for a position's [3, 3], rotation 0."""
    pose = np.zeros((6, 6))
    pose[:3, :3] = covariance
    return pose.ravel()
