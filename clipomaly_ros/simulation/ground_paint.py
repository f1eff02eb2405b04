"""Colour, class and mirror share of the ground at any point, filtered over what a pixel covers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.classes import class_index
from clipomaly_ros.simulation.ground_layout import draw_layout
from clipomaly_ros.simulation.ground_strokes import GroundPoints, band_cover
from clipomaly_ros.simulation.noise import TILES, cell_hash, noise_tile, sample, smooth_step
from clipomaly_ros.simulation.scene_types import Condition

_FEATURE_REACH = 170.0  # markings further away than this are less than a pixel [m]


@dataclass
class PaintedGround:
    """Look of points on the ground.

    colour: float32 [n, 3]. label: uint8 [n], class number. water, wet: float32 [n], share of
    standing water and of dampness, 0 to 1.
    """

    colour: NDArray[np.float32]
    label: NDArray[np.uint8]
    water: NDArray[np.float32]
    wet: NDArray[np.float32]


class GroundPaint:
    """The ground of one scene."""

    def __init__(self, seed: int, condition: Condition) -> None:
        self.layout = draw_layout(seed, condition.clutter)
        self._condition = condition
        self._large = noise_tile(seed % TILES, 4, 6)
        self._fine = noise_tile(seed % TILES + 1000, 64, 4)
        generator = np.random.default_rng([seed, 12])
        self._shift = generator.uniform(0, 1, 8)
        green = generator.uniform(0, 1)
        self._grass = np.float32([0.045 + 0.09 * green, 0.085 + 0.055 * green, 0.022 + 0.02 * green])
        self._pavement, self._joint, self._grassy = map(
            class_index, ("apron pavement", "pavement joint", "grass")
        )

    def paint(self, point: NDArray, ray: NDArray, across: NDArray) -> PaintedGround:
        """Paint points [n, 3] (world, [m]) seen along unit rays [n, 3].

        across: size of a pixel there, [n] [m].
        """
        points = self._points(point, ray, across)
        large = sample(self._large, points.x / 63 + self._shift[0], points.y / 63 + self._shift[1])
        medium = sample(self._large, points.x * 0.093 + points.y * 0.031, points.y * 0.093 - points.x * 0.031)
        # Blotches smaller than a pixel fade into their mean, or they would flicker.
        medium = 0.5 + (medium - 0.5) / (1 + points.along / np.float32(0.35))[:, None]
        points.rough[:] = 0.65 * medium[:, 0] + 0.35 * large[:, 1]
        colour = self._base(points, large, medium)
        label = np.full(len(colour), self._pavement, np.uint8)
        self._joints(points, colour, label)
        self._features(points, medium, colour, label)
        self._edge(points, large, medium, colour, label)
        water, wet = self._weather(points, large, medium, colour, label)
        return PaintedGround(colour, label, water, wet)

    def _points(self, point: NDArray, ray: NDArray, across: NDArray) -> GroundPoints:
        c, s = np.float32(np.cos(self.layout.yaw)), np.float32(np.sin(self.layout.yaw))
        flat = np.maximum(np.hypot(ray[:, 0], ray[:, 1]), np.float32(1e-6))
        ahead_x, ahead_y = ray[:, 0] / flat, ray[:, 1] / flat
        x, y = (point[:, axis] - np.float32(self.layout.centre[axis]) for axis in range(2))
        return GroundPoints(
            x * c + y * s + np.float32(self.layout.shift[0]),
            y * c - x * s + np.float32(self.layout.shift[1]),
            ahead_x * c + ahead_y * s,
            ahead_y * c - ahead_x * s,
            across,
            across / np.maximum(-ray[:, 2], np.float32(2e-3)),
            np.empty(len(point), np.float32),
        )

    def _base(self, p: GroundPoints, large: NDArray, medium: NDArray) -> NDArray[np.float32]:
        layout = self.layout
        colour = np.empty((len(p.x), 3), np.float32)
        colour[:] = layout.pavement
        for strip in layout.strips:
            at, width = (p.y, p.width(0.0, 1.0)) if strip.axis == 0 else (p.x, p.width(1.0, 0.0))
            cover = np.clip(np.minimum(at - strip.low, strip.high - at) / width + 0.5, 0, 1)
            rows = np.flatnonzero(cover)
            colour[rows] += cover[rows, None].astype(np.float32) * (np.float32(strip.colour) - colour[rows])
        tone = 0.84 + 0.2 * large[:, 0] + 0.12 * medium[:, 1]
        sx, sy, ox, oy = layout.slab
        slab = cell_hash(np.floor((p.x + ox) / sx), np.floor((p.y + oy) / sy))
        tone += np.float32(0.16) * (slab - 0.5) * np.clip(1.5 - p.along / sx, 0, 1)
        # Close by: stones and pores; gone before they are smaller than a pixel.
        size = np.sqrt(p.across * p.along)
        near = np.flatnonzero(size < 0.035)
        grain = sample(self._fine, p.x[near] * 0.73 + p.y[near] * 0.21, p.y[near] * 0.73 - p.x[near] * 0.21)
        strength = np.clip(1.15 - size[near] / 0.03, 0, 1) * np.float32(layout.aggregate)
        tone[near] *= 1 + strength * (0.5 * (grain[:, 0] - 0.5) + 0.35 * smooth_step(grain[:, 1], 0.82, 0.95))
        colour *= tone[:, None]
        dirt = smooth_step(large[:, 2], 0.55, 1.0) * (0.3 + 0.5 * medium[:, 2])
        colour *= (1 - 0.38 * dirt)[:, None]
        return colour

    def _joints(self, p: GroundPoints, colour: NDArray, label: NDArray) -> None:
        half, paint, strength = self.layout.joint
        sx, sy, ox, oy = self.layout.slab
        for at, size, start, width in (
            (p.x, sx, ox, p.width(1.0, 0.0)),
            (p.y, sy, oy, p.width(0.0, 1.0)),
        ):
            offset = np.abs(
                np.mod(at + np.float32(start) + np.float32(size / 2), np.float32(size)) - np.float32(size / 2)
            )
            rows = np.flatnonzero(offset < half + width)
            cover = band_cover(offset[rows], np.float32(half), width[rows])
            colour[rows] += (strength * cover).astype(np.float32)[:, None] * (
                np.float32(paint) - colour[rows]
            )
            if strength > 0.25:
                label[rows[cover > 0.5]] = self._joint

    def _features(self, p: GroundPoints, medium: NDArray, colour: NDArray, label: NDArray) -> None:
        if not len(p.x):
            return
        near = np.flatnonzero(p.across * np.float32(500.0) < _FEATURE_REACH)
        if not len(near):
            return
        x, y = p.x[near], p.y[near]
        low, high = (x.min(), y.min()), (x.max(), y.max())
        for feature in self.layout.features:
            x0, y0, x1, y1 = feature.bounds
            if x1 < low[0] or y1 < low[1] or x0 > high[0] or y0 > high[1]:
                continue
            rows = near[np.flatnonzero((x > x0) & (x < x1) & (y > y0) & (y < y1))]
            if not len(rows):
                continue
            points, chips = p.take(rows), medium[rows, 3]
            for shape in feature.shapes:
                a0, b0, a1, b1 = shape.bounds
                inside = np.flatnonzero((points.x > a0) & (points.x < a1) & (points.y > b0) & (points.y < b1))
                if not len(inside):
                    continue
                cover = shape.cover(points.take(inside))
                drawn = np.flatnonzero(cover > 0.004)
                if not len(drawn):
                    continue
                cover, at = cover[drawn], rows[inside[drawn]]
                visible = cover > 0.5 * min(1.0, shape.strength + 0.1)
                if shape.wear:
                    left = 1 - smooth_step(chips[inside[drawn]], 1.15 - shape.wear, 1.3 - 0.8 * shape.wear)
                    cover = cover * (left * (1 - 0.45 * shape.wear))
                    visible &= left > 0.4
                colour[at] += cover[:, None] * (np.float32(shape.colour) - colour[at])
                label[at[visible]] = class_index(shape.label)

    def _edge(
        self, p: GroundPoints, large: NDArray, medium: NDArray, colour: NDArray, label: NDArray
    ) -> None:
        """Put grass where the pavement ends."""
        low_x, high_x, low_y, high_y = map(np.float32, self.layout.grass)
        inside = np.minimum(np.minimum(p.x - low_x, high_x - p.x), np.minimum(p.y - low_y, high_y - p.y))
        inside += np.float32(0.5) * (medium[:, 1] - 0.5)
        rows = np.flatnonzero(inside < 4 * p.along)
        if not len(rows):
            return
        cover = np.clip(0.5 - inside[rows] / np.maximum(p.along[rows], 0.15), 0, 1)
        blade = np.zeros(len(rows), np.float32)
        close = np.flatnonzero(p.across[rows] < 0.04)
        blade[close] = sample(self._fine, p.x[rows[close]] / 1.1, p.y[rows[close]] / 1.1)[:, 2] - 0.5
        tone = 0.65 + 0.6 * large[rows, 3] + 0.35 * medium[rows, 2] + 0.6 * blade
        colour[rows] += cover[:, None] * (tone[:, None] * self._grass - colour[rows])
        label[rows[cover > 0.5]] = self._grassy

    def _weather(
        self, p: GroundPoints, large: NDArray, medium: NDArray, colour: NDArray, label: NDArray
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        condition = self._condition
        level = 0.55 * large[:, 3] + 0.3 * medium[:, 0] + 0.15 * medium[:, 2]
        water = np.zeros(len(colour), np.float32)
        if condition.puddles > 0:
            # The mixed noise is close to normal about 0.5 with a deviation of 0.19.
            limit = 0.5 + 0.19 * _normal_quantile(1 - condition.puddles)
            blur = 0.035 + 0.04 * p.along.clip(0, 5)
            water = np.clip((level - limit) / blur, 0, 1)
            water *= water * (3 - 2 * water)
            water[label == self._grassy] = 0
        wet = np.full(len(colour), condition.wetness, np.float32)
        if condition.wetness:
            wet *= 0.65 + 0.35 * level
            wet = np.maximum(wet, water)
        elif condition.puddles > 0:
            wet = np.maximum(0.8 * smooth_step(level, limit - 0.06, limit + 0.01), water)
        rows = np.flatnonzero(wet > 0.01)
        if len(rows):  # water fills the pores: darker, more saturated (Lekner and Dorf 1988)
            damp = 1 - 0.55 * wet[rows, None] * (1 - 0.35 * colour[rows])
            colour[rows] *= damp
        if condition.tint > 0:
            rows = np.flatnonzero(label != self._grassy)
            share = condition.tint * smooth_step(0.5 * large[rows, 1] + 0.5 * medium[rows, 0], 0.35, 0.75)
            bright = colour[rows].mean(axis=1, keepdims=True)
            fluid = (0.35 * bright + 0.65 * colour[rows]) * np.float32(condition.tint_colour) * 1.5
            colour[rows] += share[:, None] * (fluid - colour[rows])
            wet[rows] = np.maximum(wet[rows], 0.55 * share)
        return water, wet


def _normal_quantile(share: float) -> float:
    """Return the quantile of the unit normal distribution (logistic approximation)."""
    share = float(np.clip(share, 1e-4, 1 - 1e-4))
    return float(np.log(share / (1 - share)) / 1.702)
