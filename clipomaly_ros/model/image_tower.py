"""What the backends of a bundle's image tower share: its facts, and what may go in and come out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.model.manifest import BundleError, Manifest
from clipomaly_ros.vision.types import DenseFeatures, VisionError

INPUT, OUTPUTS = "image", ("patches", "global")
FLOAT = "tensor(float)"
Nodes = dict[str, tuple[str, tuple[int | None, ...]]]  # by name: type as ONNX writes it, and shape


class ImageTower:
    """The facts of a bundle's image tower; clipomaly_ros.vision.types.DenseEncoder without `encode`."""

    def __init__(self, manifest: Manifest) -> None:
        self._manifest = manifest

    @property
    def input_size(self) -> tuple[int, int]:
        """Return height and width of the input [pixel]."""
        return self._manifest.input_size

    @property
    def patch_size(self) -> int:
        """Return the stride of the dense map [pixel]."""
        return self._manifest.patch_size

    @property
    def mean(self) -> tuple[float, float, float]:
        """Return the channel means (RGB, 0 to 1) to subtract."""
        return self._manifest.mean

    @property
    def std(self) -> tuple[float, float, float]:
        """Return the channel standard deviations (RGB, 0 to 1) to divide by."""
        return self._manifest.std

    def check_batch(self, batch: NDArray[np.float32]) -> None:
        """Raise VisionError unless this is one normalised image, float32 [1, 3, H, W] of input_size."""
        expected = (1, 3, *self.input_size)
        if batch.dtype != np.float32 or batch.shape != expected:
            raise VisionError(f"image batch: expected float32 {expected}, found {batch.dtype} {batch.shape}")


def finite_features(
    name: str, patches: NDArray[np.float32], whole: NDArray[np.float32], advice: str
) -> DenseFeatures:
    """Return patches [h, w, D] and global embedding [D] as features; BundleError if any is not finite.

    name: of the file or engine that gave them. advice: what to do about it.
    """
    check_finite(name, patches, whole, advice=advice)
    return DenseFeatures(patches=patches, global_embedding=whole)


def check_finite(name: str, *outputs: NDArray[np.float32], advice: str) -> None:
    """Raise BundleError if an output has a number that is not finite."""
    if not all(np.isfinite(output).all() for output in outputs):
        raise BundleError(f"{name}: expected finite embeddings, found NaN or infinity; {advice}")


def image_nodes(manifest: Manifest) -> tuple[Nodes, Nodes]:
    """Return the inputs and the outputs that the image tower of a bundle must have."""
    height, width = manifest.input_size
    rows, columns = height // manifest.patch_size, width // manifest.patch_size
    return (
        {INPUT: (FLOAT, (1, 3, height, width))},
        {
            OUTPUTS[0]: (FLOAT, (1, rows, columns, manifest.embedding_dim)),
            OUTPUTS[1]: (FLOAT, (1, manifest.embedding_dim)),
        },
    )


def check_nodes(name: str, found: tuple[Nodes, Nodes], expected: tuple[Nodes, Nodes]) -> None:
    """Raise BundleError unless inputs and outputs are those expected; a size of None is free."""
    for side, actual, wanted in zip(("inputs", "outputs"), found, expected, strict=True):
        if set(actual) != set(wanted):
            raise BundleError(
                f"{name}: expected {side} {', '.join(sorted(wanted))}, found {', '.join(sorted(actual))}; "
                "export again"
            )
        for node, (kind, shape) in wanted.items():
            if actual[node] != (kind, shape):
                raise BundleError(
                    f"{name}: {node}: expected {kind} {_shape(shape)}, "
                    f"found {actual[node][0]} {_shape(actual[node][1])}; export the bundle again"
                )


def _shape(sizes: tuple[int | None, ...]) -> str:
    return "[" + ", ".join("any" if size is None else str(size) for size in sizes) + "]"
