"""LiDARs that can be simulated: where the beams point and what they can still measure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, eq=False)
class LidarModel:
    """A spinning LiDAR; it turns clockwise seen from above.

    elevations: float64 [beams], from the lowest beam (ring 0) upwards [rad]. azimuth_step: between
    firings [rad]. rate: turns per second [Hz]. range: farthest return [m]. reach: distance at which
    a surface of 10 % reflectance, met square on, is seen every second time [m]. noise: standard
    deviation of a range [m]. dropout: share of returns lost for no reason. sector: angle about
    straight ahead that is kept, up to a full turn [rad]. resolution: step of the coordinates [m].
    Raises ValueError for numbers that make no LiDAR.
    """

    name: str
    elevations: NDArray[np.float64]
    azimuth_step: float = float(np.deg2rad(0.2))
    rate: float = 10.0
    range: float = 120.0
    reach: float = 110.0
    noise: float = 0.02
    dropout: float = 0.005
    sector: float = float(2 * np.pi)
    resolution: float = 1 / 512  # round binary fractions of a metre compress well

    def __post_init__(self) -> None:
        elevations = np.asarray(self.elevations, np.float64)
        if elevations.ndim != 1 or not len(elevations) or np.any(np.diff(elevations) <= 0):
            raise ValueError(f"expected beam elevations from low to high, got {elevations.tolist()}")
        object.__setattr__(self, "elevations", elevations)
        for name in ("azimuth_step", "rate", "range", "reach", "sector", "resolution"):
            if not getattr(self, name) > 0:
                raise ValueError(f"expected a LiDAR's {name} above 0, got {getattr(self, name)}")
        if self.sector > 2 * np.pi + 1e-9:
            raise ValueError(f"expected a sector of at most a full turn (6.283 rad), got {self.sector}")
        if self.noise < 0 or not 0 <= self.dropout < 1:
            raise ValueError(f"expected noise >= 0 and dropout in [0, 1), got {self.noise}, {self.dropout}")

    @property
    def beams(self) -> int:
        """Return the number of beams."""
        return len(self.elevations)

    @property
    def azimuths(self) -> NDArray[np.float64]:
        """Return the azimuths of a sweep's firings in order of time, float64 [n] [rad], left first."""
        count = max(1, round(self.sector / self.azimuth_step))
        return (count / 2 - 0.5 - np.arange(count)) * self.azimuth_step

    @property
    def time_offsets(self) -> NDArray[np.float64]:
        """Return the times of the firings, float64 [n] [s]; 0 is when it looks straight ahead."""
        return -self.azimuths / (2 * np.pi * self.rate)


def _elevations(*parts: tuple[float, float, int]) -> NDArray[np.float64]:
    """Return beams spread evenly from each first angle up to, not including, the second [deg] in rad."""
    return np.deg2rad(np.concatenate([np.linspace(a, b, count, endpoint=False) for a, b, count in parts]))


# Vertical spread of 40 degrees, dense where small things on the ground are met 5 to 30 m ahead, as
# units with graded beams have it.
LIDARS: Mapping[str, LidarModel] = MappingProxyType(
    {
        model.name: model
        for model in (
            LidarModel("32", _elevations((-25, -13, 5), (-13, -0.5, 22), (-0.5, 15, 5))),
            LidarModel(
                "128", _elevations((-25, -14, 22), (-14, 1, 82), (1, 15, 24)), range=200.0, reach=180.0
            ),
        )
    }
)
