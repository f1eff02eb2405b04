"""Dense CLIP from a convolutional image tower: its head on each cell of the last feature map.

Such a tower pools its map, then normalises and projects. The head applied to a cell as if it
were a whole picture gives that cell's embedding in text space, with no change of weights.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from clipomaly_ros.model.dense_attention import normalise
from clipomaly_ros.model.manifest import POINTWISE, BundleError


class DenseConvolutionTower(nn.Module):
    """Convolutional image tower that gives cell embeddings and open_clip's own global embedding.

    visual: open_clip's TimmModel over a network whose features are a map, pooled by averaging.
    input_size: height, width [pixel]. BundleError if the tower gives no map, or its stride
    does not divide the input.
    """

    def __init__(self, visual: nn.Module, input_size: tuple[int, int]) -> None:
        super().__init__()
        self.visual, self.variant = visual, POINTWISE
        try:
            with torch.no_grad():
                features = visual.trunk.forward_features(torch.zeros(1, 3, *input_size))
        except RuntimeError as error:  # maps of several strides that do not fit each other
            raise BundleError(
                f"dense variant {POINTWISE}: expected an input whose sides each stride divides, as multiples "
                f"of 32 do, found {input_size[0]} x {input_size[1]}: {error}"
            ) from error
        strides = {side // cells for side, cells in zip(input_size, features.shape[2:], strict=False)}
        exact = features.ndim == 4 and all(
            side % cells == 0 for side, cells in zip(input_size, features.shape[2:], strict=True)
        )
        if not exact or len(strides) != 1:
            raise BundleError(
                f"dense variant {POINTWISE}: expected a feature map whose stride divides the input "
                f"{input_size[0]} x {input_size[1]}, found features {tuple(features.shape)}"
            )
        self.stride = strides.pop()
        # As numbers they stay out of the exported graph.
        self.channels, *self.grid = (int(size) for size in features.shape[1:])

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return cells [N, rows, columns, D] and global [N, D], L2-normalised.

        image: float32 [N, 3, H, W], normalised by the model's mean and standard deviation.
        """
        features = self.visual.trunk.forward_features(image)
        cells = features.permute(0, 2, 3, 1).reshape(-1, self.channels, 1, 1)
        embeddings = self._head(cells)
        patches = embeddings.reshape(-1, *self.grid, embeddings.shape[-1])
        return normalise(patches), normalise(self._head(features))

    def _head(self, features: Tensor) -> Tensor:
        return self.visual.head(self.visual.trunk.forward_head(features))
