"""Rigid transforms as tuples of floats: (x, y, z) in metres, quaternions as (x, y, z, w)."""

from __future__ import annotations

import math
from typing import NamedTuple

Vector = tuple[float, float, float]
Quaternion = tuple[float, float, float, float]


class Rigid(NamedTuple):
    """p_parent = rotation * p_child + translation."""

    translation: Vector
    rotation: Quaternion

    def __matmul__(self, other: Rigid) -> Rigid:
        """Compose: apply `other` first."""
        moved = rotate(self.rotation, other.translation)
        return Rigid(
            (
                moved[0] + self.translation[0],
                moved[1] + self.translation[1],
                moved[2] + self.translation[2],
            ),
            multiply(self.rotation, other.rotation),
        )

    def inverse(self) -> Rigid:
        """Invert; the rotation is taken as normalised."""
        x, y, z, w = self.rotation
        back = (-x, -y, -z, w)
        moved = rotate(back, self.translation)
        return Rigid((-moved[0], -moved[1], -moved[2]), back)


IDENTITY = Rigid((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0))


def multiply(a: Quaternion, b: Quaternion) -> Quaternion:
    """Return the Hamilton product, the rotation that applies b first."""
    ax, ay, az, aw = a
    bx, by, bz, bw = b
    return (
        aw * bx + ax * bw + ay * bz - az * by,
        aw * by - ax * bz + ay * bw + az * bx,
        aw * bz + ax * by - ay * bx + az * bw,
        aw * bw - ax * bx - ay * by - az * bz,
    )


def rotate(q: Quaternion, v: Vector) -> Vector:
    """Rotate a vector: v + 2w (u x v) + 2 u x (u x v), with q = (u, w)."""
    x, y, z, w = q
    tx, ty, tz = 2 * (y * v[2] - z * v[1]), 2 * (z * v[0] - x * v[2]), 2 * (x * v[1] - y * v[0])
    return (
        v[0] + w * tx + y * tz - z * ty,
        v[1] + w * ty + z * tx - x * tz,
        v[2] + w * tz + x * ty - y * tx,
    )


def normalise(q: Quaternion) -> Quaternion:
    """Scale to unit length."""
    length = math.sqrt(sum(part * part for part in q))
    return (q[0] / length, q[1] / length, q[2] / length, q[3] / length)


def slerp(a: Quaternion, b: Quaternion, ratio: float) -> Quaternion:
    """Interpolate along the shorter arc (Shoemake 1985); ratio 0 gives a, 1 gives +-b."""
    a, b = normalise(a), normalise(b)
    cosine = sum(p * q for p, q in zip(a, b, strict=True))
    if cosine < 0:
        cosine, b = -cosine, (-b[0], -b[1], -b[2], -b[3])
    angle = math.acos(min(cosine, 1.0))
    if angle < 1e-9:  # sin(angle) is not safely above zero; the two are the same rotation
        return a
    near, far = math.sin((1 - ratio) * angle), math.sin(ratio * angle)
    return normalise(tuple(near * p + far * q for p, q in zip(a, b, strict=True)))  # type: ignore[arg-type]


def interpolate(a: Rigid, b: Rigid, ratio: float) -> Rigid:
    """Interpolate the translation linearly and the rotation by slerp."""
    p, q = a.translation, b.translation
    return Rigid(
        tuple(s + ratio * (e - s) for s, e in zip(p, q, strict=True)),  # type: ignore[arg-type]
        slerp(a.rotation, b.rotation, ratio),
    )
