"""What an asset is: a named thing that can be built in several shapes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from clipomaly_ros.simulation.mesh import Part

# Builds one instance in its own frame: x ahead, y left, z up, standing on z = 0 [m]. The generator
# picks sizes, proportions, colours and materials: no two instances are alike.
Builder = Callable[[np.random.Generator], list[Part]]


@dataclass(frozen=True)
class Asset:
    """A named thing in several shapes.

    name, group: as in the vocabulary (approved classes or candidates). variants: builders of
    clearly different shapes; the last is reserved for the locked test split where there are
    more than one.
    """

    name: str
    group: str
    variants: tuple[Builder, ...]


def by_name(assets: tuple[Asset, ...]) -> Mapping[str, Asset]:
    """Return the assets by name; ValueError for a name given twice."""
    found = {asset.name: asset for asset in assets}
    if len(found) != len(assets):
        names = [asset.name for asset in assets]
        twice = sorted({name for name in names if names.count(name) > 1})
        raise ValueError(f"expected each asset once, got twice: {', '.join(twice)}")
    return found
