"""An image through the dense encoder, whole or in tiles."""

from __future__ import annotations

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.letterbox import Letterbox, preprocess
from clipomaly_ros.vision.tiling import tile_layout
from clipomaly_ros.vision.types import DenseEncoder, DenseFeatures, TextTable, VisionError

Map = NDArray[np.float32]


@dataclass(frozen=True)
class Encoded:
    """What the encoder says of an image.

    features: the patches that show the image, float32 [h, w, D], contiguous, and the global embedding.
    letterbox: how they lie in the image. preprocessing, encoding: durations [s].
    """

    features: DenseFeatures
    letterbox: Letterbox
    preprocessing: float
    encoding: float


def encode_image(
    rgb: NDArray[np.uint8],
    encoder: DenseEncoder,
    dimension: int,
    fit: str = "letterbox",
    tiles: tuple[int, int] = (1, 1),
    overlap: float = 0.0,
) -> Encoded:
    """Encode an image, uint8 [H, W, 3], in one call or in one for each tile.

    tiles: columns, rows. The global embedding of tiles is their mean, normalised. Raises VisionError for an
    encoder whose patches are not [grid, dimension] and finite.
    """
    size = (rgb.shape[0], rgb.shape[1])
    start = time.perf_counter()
    if tiles == (1, 1):
        letterbox = Letterbox.fit(size, encoder.input_size, encoder.patch_size, fit)
        batch = preprocess(rgb, letterbox, encoder.mean, encoder.std)
        ready = time.perf_counter()
        features = valid_features(encoder.encode(batch), letterbox, dimension)
        return Encoded(features, letterbox, ready - start, time.perf_counter() - ready)
    layout = tile_layout(size, encoder.input_size, encoder.patch_size, fit, tiles, overlap)
    encoding, found = 0.0, []
    for window in layout.windows:
        batch = preprocess(rgb[window], layout.tile, encoder.mean, encoder.std)
        ready = time.perf_counter()
        found.append(valid_features(encoder.encode(batch), layout.tile, dimension))
        encoding += time.perf_counter() - ready
    blended = layout.blend([features.patches for features in found])
    whole = np.mean([features.global_embedding for features in found], axis=0)
    whole = np.asarray(whole / max(float(np.linalg.norm(whole)), 1e-6), dtype=np.float32)
    total = time.perf_counter() - start
    return Encoded(DenseFeatures(blended, whole), layout.grid, total - encoding, encoding)


def encode_picture(
    rgb: NDArray[np.uint8], encoder: DenseEncoder, table: TextTable, fit: str = "letterbox"
) -> DenseFeatures:
    """Return the valid patches and the global embedding of an image in one call of the encoder."""
    return encode_image(rgb, encoder, table.embeddings.shape[1], fit).features


def valid_features(features: DenseFeatures, letterbox: Letterbox, dimension: int) -> DenseFeatures:
    """Return the features with the patches that show the image only, contiguous."""
    expected = (*letterbox.grid_size, dimension)
    if features.patches.shape != expected:
        raise VisionError(
            f"the encoder gave patches {features.patches.shape}, expected {expected}: "
            "bundle and text table belong to different models"
        )
    rows, columns = letterbox.valid
    valid = np.ascontiguousarray(features.patches[rows, columns], dtype=np.float32)
    if not np.isfinite(valid).all():
        raise VisionError("the encoder gave patches that are not finite; the model or its precision is unfit")
    return DenseFeatures(valid, features.global_embedding)
