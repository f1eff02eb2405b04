"""What of an image the encoder sees, and how: the settings that patch features depend on."""

from __future__ import annotations

from dataclasses import dataclass, fields
from math import isclose

from clipomaly_ros.vision.settings import SegmenterSettings


@dataclass(frozen=True)
class ImageView:
    """How images come before the encoder; the fields are those of SegmenterSettings.

    tile_overlap: 0 where there is one tile, which has none to share with. Raises VisionError for a value out
    of range.
    """

    fit: str
    tiles: tuple[int, int]
    tile_overlap: float
    roi: tuple[float, float, float, float]

    def __post_init__(self) -> None:
        valid = SegmenterSettings(
            fit=self.fit, tiles=self.tiles, tile_overlap=self.tile_overlap, roi=self.roi
        )
        object.__setattr__(self, "tiles", valid.tiles)
        object.__setattr__(self, "roi", tuple(map(float, valid.roi)))
        object.__setattr__(self, "tile_overlap", 0.0 if valid.tiles == (1, 1) else float(valid.tile_overlap))

    @classmethod
    def of(cls, settings: SegmenterSettings) -> ImageView:
        """Return the view that these settings make."""
        return cls(*(getattr(settings, field.name) for field in fields(cls)))

    def differences(self, other: ImageView) -> list[str]:
        """Return the names of the settings that differ, in order; numbers count as equal to 9 digits."""
        return [
            field.name
            for field in fields(self)
            if not _same(getattr(self, field.name), getattr(other, field.name))
        ]

    def text(self, name: str) -> str:
        """Return one setting as configuration files write it, `name: value`."""
        value = getattr(self, name)
        return f"{name}: {list(value) if isinstance(value, tuple) else value}"


def _same(one: object, other: object) -> bool:
    if isinstance(one, tuple) and isinstance(other, tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return isclose(one, other, abs_tol=1e-9)
    return one == other
