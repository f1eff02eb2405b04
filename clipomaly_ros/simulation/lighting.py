"""Light on surfaces: sun and floodlights with shadows, sky with occlusion, headlights, highlights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.simulation.scene_types import Condition
from clipomaly_ros.simulation.sky import Sky
from clipomaly_ros.simulation.world import World

SKY_RAYS = 4  # a point, in one of four sets that neighbouring pixels take turns in
_SKY_FAR = 28.0  # points beyond share one set of rays [m]
_SKY_REACH = 6.0  # what is further away hardly dims the sky's light [m]
_FAINT = 0.012  # light of a lamp that is left out
_HOUSING = np.float32(0.6)  # around a lamp, where its own body is [m]
_HEADLIGHT = np.float32([1.0, 0.96, 0.88])


@dataclass
class Surfaces:
    """What is to be lit, one row a point, float32.

    point, normal, ray [n, 3] (world, [m]; ray: unit, from the eye); start [n, 3]: the point lifted
    off its surface; distance [n] from the eye [m]; colour [n, 3]; gloss, metallic, retro [n];
    turn: uint8 [n], 0 to 3, which set of sky rays to take.
    """

    point: NDArray[np.float32]
    normal: NDArray[np.float32]
    ray: NDArray[np.float32]
    start: NDArray[np.float32]
    distance: NDArray[np.float32]
    colour: NDArray[np.float32]
    gloss: NDArray[np.float32]
    metallic: NDArray[np.float32]
    retro: NDArray[np.float32]
    turn: NDArray[np.uint8]


class Lighting:
    """The light of one scene."""

    def __init__(self, world: World, condition: Condition, sky: Sky, ground: NDArray) -> None:
        """ground: mean colour of the pavement [3], what it throws back."""
        self._world, self._condition, self._sky = world, condition, sky
        self._sun = np.asarray(condition.sun, np.float32)
        self._sunlight = np.float32(condition.sunlight)
        self._skylight = np.float32(condition.skylight)
        level = self._skylight + self._sunlight * max(float(self._sun[2]), 0.0)
        level = level + sum(
            (np.float32(lamp.colour) * lamp.power * 0.1 for lamp in condition.lamps), np.float32(0)
        )
        self._bounce = np.asarray(ground, np.float32) * level
        self._sky_sets = _sky_directions()
        dark = float(level.max())
        self.headlights = float(np.clip(0.5 - dark, 0, 0.5)) * 2

    def shade(self, s: Surfaces, rays: int) -> tuple[NDArray[np.float32], NDArray[np.uint8]]:
        """Return the light that surfaces send to the eye [n, 3] and which lamps reach them [n].

        rays: how many a point ask whether the sky is hidden, 0 to SKY_RAYS; 0 takes it as open.
        The second value has a bit for each of the first lights: shadow edges are where it changes.
        """
        count = len(s.point)
        shine = np.zeros((count, 3), np.float32)
        diffuse = self._ambient(s, rays)
        lit = np.zeros(count, np.uint8)
        if self._sunlight.max() > 0.004:
            self._add(s, diffuse, shine, lit, 0, self._sun, None, self._sunlight)
        for number, lamp in enumerate(self._condition.lamps):
            position = np.float32(lamp.position)
            light = np.float32(lamp.colour) * np.float32(lamp.power * 100.0)
            self._add(s, diffuse, shine, lit, number + 1, None, position, light)
        if self.headlights > 0:
            self._headlights(s, diffuse)
        colour = s.colour * (1 - np.float32(0.85) * s.metallic)[:, None] * diffuse
        shiny = np.flatnonzero(s.gloss + s.metallic > 0.2)
        if len(shiny):
            colour[shiny] += self._sheen(s, shiny)
        return colour + shine, lit

    def _ambient(self, s: Surfaces, rays: int) -> NDArray[np.float32]:
        """Light from the sky and thrown back by the pavement."""
        up = s.normal[:, 2]
        open_sky = np.ones(len(up), np.float32)
        if rays:
            # Far off all look the same way: what is left of the sets' differences would show there.
            group = np.where((s.distance > _SKY_FAR) & (rays > 1), np.uint8(0), s.turn)
            for number in range(4):
                rows = np.flatnonzero(group == number)
                if not len(rows):
                    continue
                start, normal = s.start[rows], s.normal[rows]
                # Faces that hardly see the sky are not judged by the one ray that grazes them.
                hidden, total = np.zeros(len(rows), np.float32), np.full(len(rows), 0.3, np.float32)
                for direction in self._sky_sets[:rays, number]:
                    gain = np.maximum(normal @ direction, 0)
                    hidden += gain * self._world.blocked(start, direction, _SKY_REACH)
                    total += gain
                open_sky[rows] -= hidden / total
        height = np.clip(s.point[:, 2] / np.float32(0.5), 0, 1)
        share = np.float32(0.5) * (1 + up)
        below = (
            (1 - share)
            * (np.float32(0.45) + np.float32(0.55) * height)
            * (np.float32(0.4) + np.float32(0.6) * open_sky)
        )
        light = (share * (np.float32(0.12) + np.float32(0.88) * open_sky))[:, None] * self._skylight
        light += below[:, None] * self._bounce
        return light

    def _add(
        self,
        s: Surfaces,
        diffuse: NDArray,
        shine: NDArray,
        lit: NDArray,
        bit: int,
        towards: NDArray | None,
        position: NDArray | None,
        light: NDArray,
    ) -> None:
        """Add one light, at infinity (towards) or at a position [m]."""
        gain = np.zeros(len(s.point), np.float32)
        if position is None:
            facing = s.normal @ towards
            rows = np.flatnonzero(facing > 0)
            gain[rows] = facing[rows]
            gain[rows[self._world.blocked(s.start[rows], towards)]] = 0
        else:
            away = position - s.point
            square = np.einsum("ij,ij->i", away, away)
            facing = np.einsum("ij,ij->i", away, s.normal)
            # Too faint to see: no shadow ray is worth it.
            rows = np.flatnonzero((facing > 0) & (float(light.max()) > _FAINT * square))
            length = np.sqrt(square[rows])
            free = ~self._world.blocked(s.start[rows], away[rows] / length[:, None], length - _HOUSING)
            gain[rows] = free * facing[rows] / (length * square[rows])
        if bit < 8:
            lit |= (gain > 0).astype(np.uint8) << np.uint8(bit)
        diffuse += gain[:, None] * light
        at = np.flatnonzero((gain > 0) & ((s.gloss > 0.04) | (s.metallic > 0)))
        if not len(at):
            return
        if position is None:
            to: NDArray = np.broadcast_to(towards, (len(at), 3))
        else:
            to = away[at] / np.sqrt(square[at])[:, None]
        half = to - s.ray[at]
        half /= np.maximum(np.sqrt(np.einsum("ij,ij->i", half, half)), np.float32(1e-6))[:, None]
        cosine = np.clip(np.einsum("ij,ij->i", half, s.normal[at]), 0, 1)
        slant = 1 - np.clip(np.einsum("ij,ij->i", half, to), 0, 1)
        metal, gloss = s.metallic[at, None], s.gloss[at]
        base = (1 - metal) * (np.float32(0.05) * gloss[:, None]) + metal * s.colour[at]
        fresnel = base + (1 - base) * (slant**5 * gloss)[:, None]
        # Blinn's lobe, scaled to keep the energy whatever its width.
        power = np.exp2(np.float32(2.5) + np.float32(8.5) * gloss)
        lobe = (power + 2) / 8 * cosine**power * gain[at]
        shine[at] += np.minimum(fresnel * lobe[:, None], 6.0) * light

    def _headlights(self, s: Surfaces, diffuse: NDArray) -> None:
        """Light from beside the camera; tape throws it straight back."""
        facing = np.clip(-np.einsum("ij,ij->i", s.ray, s.normal), 0, 1)
        beam = np.clip(1.2 - np.abs(s.ray[:, 2] + np.float32(0.05)) * 2.2, 0, 1)
        fall = self.headlights * beam * np.float32(9.0) / np.maximum(s.distance, 3.0) ** 2
        gain = fall * (facing + s.retro * (30.0 * (facing > 0.15)))
        diffuse += gain[:, None] * _HEADLIGHT

    def _sheen(self, s: Surfaces, rows: NDArray) -> NDArray[np.float32]:
        """Return the blurred mirror image of sky and pavement in glossy surfaces [k, 3]."""
        ray, normal = s.ray[rows], s.normal[rows]
        cosine = np.einsum("ij,ij->i", ray, normal)
        mirrored = ray - (2 * cosine)[:, None] * normal
        soft = np.clip(mirrored[:, 2] * 5 + 0.5, 0, 1)[:, None]
        image = self._sky.smooth(mirrored) * soft + self._bounce * (1 - soft)
        gloss, metal = s.gloss[rows, None], s.metallic[rows, None]
        base = (1 - metal) * 0.05 * gloss + metal * s.colour[rows]
        fresnel = base + (np.maximum(gloss, metal) - base) * ((1 + cosine) ** 5)[:, None]
        return np.asarray(np.clip(fresnel, 0, 1) * image, np.float32)


def _sky_directions() -> NDArray[np.float32]:
    """Return float32 [rays, 4, 3]: directions spread over the sky, four sets of them.

    Each set looks in all quarters, so that neighbouring pixels hardly differ; together they look
    in every quarter at every height.
    """
    ray, turn = np.indices((SKY_RAYS, 4))
    up = np.linspace(0.97, 0.42, SKY_RAYS)[(ray + turn) % SKY_RAYS]
    angle = 2 * np.pi * (ray / SKY_RAYS + (turn + 0.5) / (4 * SKY_RAYS))
    flat = np.sqrt(1 - up**2)
    directions = np.stack([flat * np.cos(angle), flat * np.sin(angle), up], axis=-1)
    return np.ascontiguousarray(directions, dtype=np.float32)
