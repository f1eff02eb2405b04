"""Which scenes and shapes belong to which split of the synthetic data, and what is held out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset

RESERVED_GROUPS = frozenset({"tools", "ice_snow"})
RESERVED_SHAPE_GROUPS = frozenset({"aircraft"})  # known groups whose last shape is held out, too
TRAINING_GROUPS = frozenset({"generic"})
_TURN_TO_RESERVED = 0.5


@dataclass(frozen=True)
class Split:
    """Rules of a split.

    tag: first number of every seed, so that no scene of one split comes again in another.
    anomalous: False: nothing lies about. reserved: True: may use what is held out, and does so
    for half of its things. generic: True: may use shapes without a name of their own. prominent:
    True: things of all groups, seen from afar.
    """

    name: str
    tag: int
    anomalous: bool = True
    reserved: bool = False
    generic: bool = False
    prominent: bool = False

    def generator(self, seed: int, *stream: int) -> np.random.Generator:
        """Return the random numbers of scene number seed; ValueError for a negative seed."""
        return np.random.default_rng([self.tag, _checked(seed), *stream])

    def scene_seed(self, seed: int) -> int:
        """Return a number that no other scene of any split has: of its ground and textures."""
        return self.tag * 10_000_000 + _checked(seed)

    def allows(self, asset: Asset) -> bool:
        """Tell whether an anomaly may appear at all."""
        if not self.anomalous or (asset.group in RESERVED_GROUPS and not self.reserved):
            return False
        return self.generic or asset.group not in TRAINING_GROUPS

    def variants(self, asset: Asset, anomalous: bool) -> range:
        """Return the indices of the shapes of an asset that may appear."""
        count = len(asset.variants)
        held_out = anomalous or asset.group in RESERVED_SHAPE_GROUPS
        return range(count - 1 if held_out and count > 1 and not self.reserved else count)

    def pick_variant(self, asset: Asset, anomalous: bool, generator: np.random.Generator) -> int:
        """Pick a shape; where held-out ones are allowed, the last half of the time."""
        variants = self.variants(asset, anomalous)
        if self.reserved and generator.random() < _TURN_TO_RESERVED:
            return variants[-1]
        return int(generator.choice(variants))


SPLITS: Mapping[str, Split] = {
    split.name: split
    for split in (
        Split("demo", 14, prominent=True),
        Split("train", 2, generic=True),
        Split("validation", 3),
        Split("test", 4, reserved=True),
        Split("nofod", 5, anomalous=False),
    )
}


def find_split(name: str) -> Split:
    """Return a split by name; ValueError for an unknown one."""
    if name not in SPLITS:
        raise ValueError(f"expected a split out of {', '.join(SPLITS)}, got {name!r}")
    return SPLITS[name]


def _checked(seed: int) -> int:
    if not 0 <= seed < 10_000_000:
        raise ValueError(f"expected a seed from 0 to 9999999, got {seed}")
    return seed
