"""What a region shows by itself: its masked crop through the encoder's global embedding."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.letterbox import Letterbox, preprocess
from clipomaly_ros.vision.regions import Component, PictureScale
from clipomaly_ros.vision.types import DenseEncoder, VisionError

Map = NDArray[np.float32]

NAME_EVIDENCE = ("pooled", "crop", "both")


def most_unknown(regions: Sequence[Component], score: Map, scale: PictureScale, limit: int) -> list[int]:
    """Return the places of the regions of highest mean score, at most `limit`, highest first."""
    means = np.array([region.mean(score, scale) for region in regions])
    return [int(place) for place in np.argsort(-means, kind="stable")[:limit]]


def masked_crop(
    rgb: NDArray[np.uint8], region: Component, scale: PictureScale, fill: tuple[float, float, float]
) -> NDArray[np.uint8]:
    """Return the image inside the region's box, uint8 [height, width, 3], with the rest painted over.

    fill: RGB, 0 to 1, of the pixels of the box that are not the region's.
    """
    x, y, width, height = region.box
    crop = rgb[y : y + height, x : x + width].copy()
    rows, columns = (
        cells[start : start + size] - first
        for cells, start, size, first in zip(
            scale.cells, (y, x), (height, width), (region.top, region.left), strict=True
        )
    )
    crop[~region.mask[np.ix_(rows, columns)]] = np.rint(np.array(fill) * 255).astype(np.uint8)
    return crop


def embed_crops(
    rgb: NDArray[np.uint8],
    regions: Sequence[Component],
    scale: PictureScale,
    encoder: DenseEncoder,
    fit: str,
    dimension: int,
) -> Map:
    """Return the global embedding of each region's masked crop, float32 [R, D], L2-normalised.

    One call of the encoder for each region. What is not the region is the mean colour, which the encoder
    sees as 0. Masked crops name regions in OVSeg (arXiv 2210.04150). Raises VisionError for an encoder
    whose global embedding is not [D] or not finite.
    """
    rows = np.empty((len(regions), dimension), np.float32)
    for row, region in zip(rows, regions, strict=True):
        crop = masked_crop(rgb, region, scale, encoder.mean)
        letterbox = Letterbox.fit((crop.shape[0], crop.shape[1]), encoder.input_size, encoder.patch_size, fit)
        whole = encoder.encode(preprocess(crop, letterbox, encoder.mean, encoder.std)).global_embedding
        row[:] = checked_global(whole, dimension)
    return rows


def checked_global(whole: Map, dimension: int) -> Map:
    """Return a global embedding, float32 [D], L2-normalised; VisionError if it is unfit."""
    if whole.shape != (dimension,) or not np.isfinite(whole).all():
        raise VisionError(
            f"the encoder gave a global embedding {whole.shape}, expected {dimension} finite values: "
            "bundle and text table belong to different models, or the bundle is unfit"
        )
    return np.asarray(whole / max(float(np.linalg.norm(whole)), 1e-6), dtype=np.float32)


def combine(pooled: Map, crops: Map, places: Sequence[int], evidence: str) -> Map:
    """Return the embeddings to name regions by, float32 [R, D].

    pooled: of all regions. crops: of those at `places`; the others keep their pooled one.
    "both" takes the mean of the two, not normalised: its logits are the means of both logits, so that its
    softmax is the normalised geometric mean of both, the mean in the log domain.
    """
    combined = pooled.copy()
    combined[list(places)] = crops if evidence == "crop" else (pooled[list(places)] + crops) * 0.5
    return combined
