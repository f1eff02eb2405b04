"""Where what does not belong on the apron lies: in view of a vehicle that drives past."""

from __future__ import annotations

import numpy as np

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.registry import ANOMALIES
from clipomaly_ros.simulation.composer import Composer
from clipomaly_ros.simulation.mesh import Part
from clipomaly_ros.simulation.splits import Split

WAY = 22.0  # length of the vehicle's way [m]
FREE_WAY = WAY + 4.0  # so far nothing that is not driven over lies under the vehicle [m]
CAMERA_HEIGHT = 1.7  # [m]
_NEAREST, _FARTHEST = 4.0, 45.0  # from the camera [m]
_FOCAL, _LEAST = 1024.0, 6.0  # pixels: focal length, and height of most things in the picture
_HALF_VIEW = np.tan(np.radians(29.0))
_IN_WAY = 0.6  # share in front of the vehicle, |y| < 4 m
_DRIVEN_OVER = 0.12  # only what is lower may lie under the vehicle's wheels [m]
_TRIES = 40
_PROMINENT = 16.0  # from where a prominent thing is still some pixels high [m]
_LIKE_WET_GROUND = frozenset({"standing water"})  # nobody can tell it from the puddles that rain leaves


def allowed(split: Split) -> list[Asset]:
    """Return the assets that may lie about in a split; the generic shapes are one of many."""
    return [asset for asset in ANOMALIES.values() if split.allows(asset)]


def pick(split: Split, generator: np.random.Generator, count: int, wet: bool = False) -> list[Asset]:
    """Pick things, each but once as far as there are enough; wet: the ground has puddles anyway.

    In a split of prominent things, they come from each group in turn.
    """
    choice = [asset for asset in allowed(split) if not (wet and asset.name in _LIKE_WET_GROUND)]
    if split.prominent:
        return _of_each_group([asset for asset in choice if _far_seen(asset, generator)], generator)[:count]
    picked: list[Asset] = []
    while len(picked) < count and choice:
        order = generator.permutation(len(choice))[: count - len(picked)]
        picked += [choice[k] for k in order]
    generic = [asset for asset in choice if asset.group == "generic"]
    # Shapes without a name are a good share of training, not one of sixty.
    return [generic[0] if generic and generator.random() < 0.25 else asset for asset in picked]


def _far_seen(asset: Asset, generator: np.random.Generator) -> bool:
    return reach(asset.variants[0](generator)) > _PROMINENT


def _of_each_group(choice: list[Asset], generator: np.random.Generator) -> list[Asset]:
    groups: dict[str, list[Asset]] = {}
    for k in generator.permutation(len(choice)):
        groups.setdefault(choice[k].group, []).append(choice[k])
    rounds = max(map(len, groups.values()), default=0)
    return [members[turn] for turn in range(rounds) for members in groups.values() if turn < len(members)]


def reach(parts: list[Part]) -> float:
    """Return how far off a thing is still some pixels high [m]."""
    corners = np.concatenate([part.vertices for part in parts])
    height, depth = corners[:, 2].max(), np.ptp(corners[:, :2], axis=0).mean()
    standing = _FOCAL * height / _LEAST
    lying = np.sqrt(_FOCAL * depth * CAMERA_HEIGHT / _LEAST)  # flat on the ground, seen from above
    return float(np.clip(max(standing, lying), 1.4 * _NEAREST, _FARTHEST))


def place_anomalies(composer: Composer, count: int, wet: bool = False) -> None:
    """Put things about that do not belong there; the plan must leave the vehicle's way free.

    Each is put in view of some place of the way, near enough to be seen.
    """
    split, generator = composer.split, composer.generator
    assets = pick(split, generator, count, wet)
    # Spread evenly along the way, so that none of it is empty.
    stations = generator.permutation(
        (np.arange(len(assets)) + generator.random(len(assets))) / max(len(assets), 1)
    )
    for asset, station in zip(assets, stations, strict=True):
        variant, parts = _build(split, asset, generator)
        farthest = reach(parts)
        height = max(float(part.vertices[:, 2].max()) for part in parts)
        for attempt in range(_TRIES):
            nearest = _NEAREST + 0.1 * attempt
            distance = nearest + max(farthest - nearest, 0.5) * generator.beta(1.2, 2.0)
            x = station * WAY + distance
            wide = min(4.0 if generator.random() < _IN_WAY else 14.0, _HALF_VIEW * distance)
            y = generator.uniform(-wide, wide)
            if height > _DRIVEN_OVER and x < WAY + 6.0 and -1.5 < y < 2.8:
                continue
            yaw = generator.uniform(-np.pi, np.pi)
            if composer.put((asset, variant, parts), x, y, yaw, margin=0.12, anomalous=True) is not None:
                break


def _build(split: Split, asset: Asset, generator: np.random.Generator) -> tuple[int, list[Part]]:
    for _attempt in range(_TRIES if split.prominent else 1):
        variant = split.pick_variant(asset, True, generator)
        parts = asset.variants[variant](generator)
        if reach(parts) > _PROMINENT:
            break
    return variant, parts
