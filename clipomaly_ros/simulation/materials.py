"""What surfaces are made of: colours, painted patterns, and how they answer light and laser."""

from __future__ import annotations

import enum
from dataclasses import dataclass

Colour = tuple[float, float, float]


class Pattern(enum.IntEnum):
    """What is painted on a surface, in texture coordinates x, y, z [m] of its part."""

    PLAIN = 0
    STRIPES = 1  # bands of both colours along z, each half a period wide
    RIBS = 2  # corrugation: narrow darker grooves along x and y, a period apart
    CHEVRONS = 3  # slanted warning stripes over y and z
    CHECKS = 4  # chessboard over x, y and z
    PANES = 5  # rows of panes over y and z: buildings, cabins; a period is one pane
    PORTHOLES = 6  # a row of cabin windows along x at z = 0, a period apart
    NOISE = 7  # mottled mix of both colours, blotches about a period across
    SPECKLE = 8  # sparse grains of the second colour, each about a tenth of a period
    WOOD = 9  # planks along x with grain, a plank is a period wide
    MESH = 10  # grid of bars of the first colour, the holes are see-through
    RINGS = 11  # concentric rings about the z axis: tyre rims, reels
    FUR = 12  # short streaks along x, mottled


@dataclass(frozen=True)
class Material:
    """Look of a surface.

    colour, second: linear RGB, 0 to 1; the pattern mixes them. period: size of the pattern [m].
    gloss: strength and sharpness of highlights, 0 matt to 1 polished. metallic: 0 to 1, tints
    the highlight with the colour. mirror: share of a mirrored ray, 0 to 1 (glass, puddles).
    opacity: share of rays that stop here, 0 to 1 (plastic film, smoke). emission: light given
    off, in units of a sunlit white surface. reflectance: return of a 905 nm LiDAR, 0 to 1.
    retro: True for retro-reflective tape, bright in headlights and strong LiDAR returns.
    dirt: strength of random stains and wear, 0 to 1.
    """

    colour: Colour
    second: Colour = (0.05, 0.06, 0.08)
    pattern: Pattern = Pattern.PLAIN
    period: float = 0.5
    gloss: float = 0.1
    metallic: float = 0.0
    mirror: float = 0.0
    opacity: float = 1.0
    emission: float = 0.0
    reflectance: float = 0.4
    retro: bool = False
    dirt: float = 0.15
