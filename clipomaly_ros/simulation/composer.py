"""Puts assets onto the apron, each on free ground."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.assets.asset import Asset
from clipomaly_ros.simulation.assets.registry import KNOWN
from clipomaly_ros.simulation.ground_plan import GroundPlan
from clipomaly_ros.simulation.mesh import Part, moved, pose
from clipomaly_ros.simulation.scene_types import SceneObject
from clipomaly_ros.simulation.splits import Split

_STEPS_BACK = (0.0, 0.25, 0.5, 0.9, 1.4, 2.0)  # tried in turn where a door is hard to reach [m]


class Composer:
    """Collects the objects of a scene; generator picks shapes, sizes and places."""

    def __init__(self, split: Split, generator: np.random.Generator, plan: GroundPlan) -> None:
        self.split = split
        self.generator = generator
        self.plan = plan
        self.objects: list[SceneObject] = []

    def build(self, name: str, variants: Sequence[int] | None = None) -> tuple[Asset, int, list[Part]]:
        """Build an instance of a known asset in its own frame; variants: a choice of shapes."""
        asset = KNOWN[name]
        allowed = [v for v in self.split.variants(asset, False) if variants is None or v in variants]
        if variants is None and self.split.reserved and asset.group == "aircraft":
            variant = self.split.pick_variant(asset, False, self.generator)
        else:
            variant = int(self.generator.choice(allowed))
        return asset, variant, asset.variants[variant](self.generator)

    def put(
        self,
        built: tuple[Asset, int, list[Part]] | str,
        x: float,
        y: float,
        yaw: float,
        margin: float = 0.3,
        anomalous: bool = False,
    ) -> SceneObject | None:
        """Put an instance with its origin at x, y [m], turned by yaw [rad]; None where no room is."""
        asset, variant, parts = self.build(built) if isinstance(built, str) else built
        parts = moved(parts, pose((x, y, 0.0), yaw=yaw))
        if not self.plan.free(parts, margin):
            return None
        self.plan.take(parts)
        placed = SceneObject(asset.name, asset.group, tuple(parts), yaw, anomalous, variant)
        self.objects.append(placed)
        return placed

    def insert(self, built: tuple[Asset, int, list[Part]], x: float, y: float, yaw: float) -> None:
        """Put an instance where it belongs whatever is there: chocks around a wheel."""
        asset, variant, parts = built
        parts = moved(parts, pose((x, y, 0.0), yaw=yaw))
        self.plan.take(parts)
        self.objects.append(SceneObject(asset.name, asset.group, tuple(parts), yaw, False, variant))

    def dock(
        self, name: str, front: NDArray[np.float64], yaw: float, variants: Sequence[int] | None = None
    ) -> SceneObject | None:
        """Put something with the middle of its front at a point [m], or a little behind if need be."""
        built = self.build(name, variants)
        reach = max(float(part.vertices[:, 0].max()) for part in built[2])
        ahead = np.array([np.cos(yaw), np.sin(yaw)])
        for back in _STEPS_BACK:
            x, y = front[:2] - (reach + back) * ahead
            placed = self.put(built, x, y, yaw, margin=0.1)
            if placed is not None:
                return placed
        return None

    def scatter(
        self,
        name: str,
        low: tuple[float, float],
        high: tuple[float, float],
        yaws: Sequence[float] | None = None,
        spread: float = 0.15,
        tries: int = 6,
    ) -> SceneObject | None:
        """Put something anywhere in a rectangle [m], along one of some yaws (or any), if there is room."""
        built = self.build(name)
        for _ in range(tries):
            x, y = self.generator.uniform(low, high)
            yaw = self.generator.uniform(-np.pi, np.pi)
            if yaws is not None:
                yaw = float(self.generator.choice(yaws)) + self.generator.normal(0, spread)
            placed = self.put(built, x, y, yaw)
            if placed is not None:
                return placed
        return None

    def row(
        self, name: str, x: float, y: float, yaw: float, count: int, gap: float, across: bool = False
    ) -> None:
        """Put several of the same shape one behind the other along yaw, gap [m] apart.

        across: they look to the left of the row, as fences and barriers do.
        """
        variant = [int(self.generator.choice(self.split.variants(KNOWN[name], False)))]
        travelled, turn = 0.0, np.pi / 2 if across else 0.0
        for _ in range(count):
            built = self.build(name, variant)
            corners = np.concatenate([part.vertices[:, :2] for part in built[2]])
            along = -corners[:, 1] if across else corners[:, 0]
            start = travelled - along.min()
            self.put(built, x + np.cos(yaw) * start, y + np.sin(yaw) * start, yaw + turn, margin=0.05)
            travelled += np.ptp(along) + gap

    def train(self, x: float, y: float, yaw: float, dollies: int) -> None:
        """Put a baggage tractor with dollies behind it, as far as there is room."""
        rear, names = 0.0, ["baggage tractor", *["dolly"] * dollies]
        variant = None
        for name in names:
            built = self.build(name, variant)
            variant = [built[1]] if name == "dolly" else None
            along = np.concatenate([part.vertices[:, 0] for part in built[2]])
            start = rear - along.max()
            yaw += self.generator.normal(0, 0.03)
            if self.put(built, x + np.cos(yaw) * start, y + np.sin(yaw) * start, yaw, margin=0.0) is None:
                return
            rear = start + along.min() - 0.15
