"""Source image to encoder input, and the patch grid back to source pixels.

Pixel coordinates: (0, 0) is the centre of the top left pixel (or patch).
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import FITS, VisionError

__all__ = ["FITS", "Letterbox", "preprocess"]


@dataclass(frozen=True)
class Letterbox:
    """How an image lies in the encoder input. All sizes are height, width [pixel].

    source_size, input_size: of the image and of the encoder input.
    patch_size: stride of the dense map in the input.
    content_size: of the resized image inside the input.
    offset: top left corner of the content in the input, a multiple of patch_size, so that the
        content's first row and column of patches hold no padding.
    """

    source_size: tuple[int, int]
    input_size: tuple[int, int]
    patch_size: int
    content_size: tuple[int, int]
    offset: tuple[int, int]

    @classmethod
    def fit(
        cls,
        source_size: tuple[int, int],
        input_size: tuple[int, int],
        patch_size: int,
        fit: str = "letterbox",
    ) -> Letterbox:
        """Place an image: "letterbox" keeps the aspect ratio and pads, "stretch" fills the input."""
        if fit not in FITS:
            raise VisionError(f"unknown fit '{fit}'; expected one of {', '.join(FITS)}")
        if min(source_size) < 1 or min(input_size) < 1 or patch_size < 1:
            raise VisionError(f"sizes must be positive, got source {source_size}, input {input_size}")
        if input_size[0] % patch_size or input_size[1] % patch_size:
            raise VisionError(f"patch size {patch_size} does not divide the input size {input_size}")
        if fit == "stretch":
            return cls(source_size, input_size, patch_size, input_size, (0, 0))
        scale = min(input_size[0] / source_size[0], input_size[1] / source_size[1])
        height, width = (
            min(max(round(source * scale), 1), limit)
            for source, limit in zip(source_size, input_size, strict=True)
        )
        top, left = (
            (limit - size) // 2 // patch_size * patch_size
            for size, limit in zip((height, width), input_size, strict=True)
        )
        return cls(source_size, input_size, patch_size, (height, width), (top, left))

    @property
    def grid_size(self) -> tuple[int, int]:
        """Return rows and columns of the whole patch grid."""
        return self.input_size[0] // self.patch_size, self.input_size[1] // self.patch_size

    @property
    def valid(self) -> tuple[slice, slice]:
        """Return the rows and columns of patches at least half filled by the image, never none."""
        slices = []
        for size, offset in zip(self.content_size, self.offset, strict=True):
            first = offset // self.patch_size
            slices.append(slice(first, first + max(1, (size + self.patch_size // 2) // self.patch_size)))
        return slices[0], slices[1]

    def source_to_patch(self, position: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        """Map source coordinates [pixel] along axis 0 (v) or 1 (u) to coordinates in the patch grid."""
        scale = self.content_size[axis] / self.source_size[axis]
        return ((position + 0.5) * scale + self.offset[axis]) / self.patch_size - 0.5

    def patch_to_source(self, position: NDArray[np.float64], axis: int) -> NDArray[np.float64]:
        """Map coordinates in the patch grid along axis 0 (v) or 1 (u) to source coordinates [pixel]."""
        scale = self.content_size[axis] / self.source_size[axis]
        return ((position + 0.5) * self.patch_size - self.offset[axis]) / scale - 0.5


def preprocess(
    rgb: NDArray[np.uint8],
    letterbox: Letterbox,
    mean: tuple[float, float, float],
    std: tuple[float, float, float],
) -> NDArray[np.float32]:
    """Return the encoder input, float32 [1, 3, H, W]: resized bilinearly, (rgb / 255 - mean) / std.

    Padding is 0, the mean colour. rgb: uint8 [H, W, 3] of letterbox.source_size.
    """
    height, width = letterbox.content_size
    content = cv2.resize(rgb, (width, height), interpolation=cv2.INTER_LINEAR)
    padded = letterbox.content_size != letterbox.input_size
    batch = (np.zeros if padded else np.empty)((1, 3, *letterbox.input_size), np.float32)
    top, left = letterbox.offset
    # Planes first: numpy reads every third byte half as fast.
    for channel, plane in enumerate(cv2.split(content)):
        inside = batch[0, channel, top : top + height, left : left + width]
        np.multiply(plane, np.float32(1.0 / (255.0 * std[channel])), out=inside)
        inside -= np.float32(mean[channel] / std[channel])
    return batch
