"""All meshes of a scene in one ray tracer (Embree): first hits for every sensor, and shadows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from embreex import rtcore
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from numpy.typing import NDArray

from clipomaly_ros.simulation.mesh import Part

NOTHING = -2
GROUND = -1

_EXTENT = 2000.0  # half side of the ground plane [m]
_NEAR = 2e-3  # rays that leave a surface start this far off it [m]


@dataclass(frozen=True)
class Hits:
    """First surface along each ray.

    distance: float32 [n] along the (unit) direction [m], inf where nothing is met.
    part: int32 [n], index into World.parts, GROUND or NOTHING.
    normal: float32 [n, 3], towards where the ray came from, unit length, shaded smooth where the
    part is (zero where nothing is met). face_normal: the same of the flat triangle.
    """

    distance: NDArray[np.float32]
    part: NDArray[np.int32]
    normal: NDArray[np.float32]
    face_normal: NDArray[np.float32]


class World:
    """Parts in the world frame [m] over the ground plane z = 0, ready for rays.

    parts: as given; part k belongs to object owner[k].
    """

    def __init__(self, objects: Sequence[Sequence[Part]]) -> None:
        self.parts = [part for parts in objects for part in parts]
        self.owner = np.repeat(np.arange(len(objects)), [len(parts) for parts in objects]).astype(np.int32)
        vertices = [part.vertices.astype(np.float32) for part in self.parts]
        faces = [np.asarray(part.faces, np.int32) for part in self.parts]
        # One mesh of all parts: Embree is fastest so, and a face index finds its part again.
        starts = np.cumsum([0, *map(len, vertices)])
        self._vertices = np.concatenate([*vertices, _ground_corners()])
        self._faces = np.concatenate(
            [face + start for face, start in zip(faces, starts[:-1], strict=True)]
            + [np.int32([[0, 1, 2], [0, 2, 3]]) + starts[-1]]
        ).astype(np.int32)
        self._part_of_face = np.concatenate(
            [np.repeat(np.arange(len(faces)), list(map(len, faces))), [GROUND, GROUND]]
        ).astype(np.int32)
        self._smooth = np.array([*(part.smooth for part in self.parts), False, False])  # NOTHING, GROUND
        self._normals = _vertex_normals(self._vertices, self._faces[self._smooth[self._part_of_face]])
        self._device = rtcore.EmbreeDevice()
        self._scene = EmbreeScene(self._device)
        TriangleMesh(self._scene, self._vertices, self._faces)

    def cast(self, origins: NDArray, directions: NDArray) -> Hits:
        """Find the first surface along each ray.

        origins: [3] common to all rays, or [n, 3] [m]; directions: [n, 3], unit length.
        """
        directions = np.ascontiguousarray(directions, np.float32)
        origins = np.ascontiguousarray(np.broadcast_to(np.asarray(origins, np.float32), directions.shape))
        found = self._scene.run(origins, directions, query="INTERSECT", output=True)
        face = found["primID"]
        met = face >= 0
        distance = np.where(met, found["tfar"], np.float32(np.inf))
        part = np.full(len(face), NOTHING, np.int32)
        part[met] = self._part_of_face[face[met]]
        flat = found["Ng"]
        length = np.sqrt(np.einsum("ij,ij->i", flat, flat))
        flat = flat / np.maximum(length, 1e-20)[:, None]
        flat[~met] = 0.0
        normal = flat.copy()
        rows = np.flatnonzero(self._smooth[part] & met & (part >= 0))
        u, v = found["u"][rows, None], found["v"][rows, None]
        a, b, c = (self._normals[self._faces[face[rows], k]] for k in range(3))
        blend = a * (1 - u - v) + b * u + c * v
        normal[rows] = blend / np.maximum(np.linalg.norm(blend, axis=1, keepdims=True), 1e-9)
        for array in (flat, normal):
            away = np.einsum("ij,ij->i", array, directions) > 0
            array[away] *= -1
        return Hits(distance, part, normal, flat)

    def blocked(
        self, origins: NDArray, directions: NDArray, reach: NDArray | float = np.inf
    ) -> NDArray[np.bool_]:
        """Tell for each origin [n, 3] whether a surface lies along its direction [n, 3] or [3]: shadows.

        reach: how far the ray goes [m], one number or [n].
        """
        origins = np.ascontiguousarray(origins, np.float32)
        directions = np.ascontiguousarray(np.broadcast_to(np.asarray(directions, np.float32), origins.shape))
        if np.isscalar(reach) and np.isinf(reach):
            return self._scene.run(origins, directions, query="OCCLUDED") >= 0
        return self._scene.run(origins, directions, query="DISTANCE") < np.asarray(reach, np.float32)

    def leave(self, points: NDArray, hits: Hits) -> NDArray[np.float32]:
        """Return points [n, 3] lifted off the surfaces they lie on, to start shadow or mirror rays from."""
        return np.asarray(points + _NEAR * hits.face_normal, np.float32)


def _ground_corners() -> NDArray[np.float32]:
    return np.float32([[-1, -1, 0], [1, -1, 0], [1, 1, 0], [-1, 1, 0]]) * _EXTENT


def _vertex_normals(vertices: NDArray[np.float32], faces: NDArray[np.int32]) -> NDArray[np.float32]:
    corners = vertices[faces]
    flat = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])  # length: twice the area
    corner, each = faces.ravel(), np.repeat(flat, 3, axis=0)
    sums = [np.bincount(corner, each[:, axis], len(vertices)) for axis in range(3)]
    normals = np.stack(sums, axis=-1).astype(np.float32)
    return normals / np.maximum(np.linalg.norm(normals, axis=1, keepdims=True), 1e-12)
