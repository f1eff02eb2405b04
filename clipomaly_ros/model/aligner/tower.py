"""The frozen dense tower that an aligner is trained on: normalised image in, patches out."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


def chosen_device(wanted: str, threads: int = 0) -> str:
    """Return "cpu" or "cuda"; "auto" takes a GPU if there is one. threads: of torch, 0 for its own choice."""
    if threads:
        torch.set_num_threads(threads)
    if wanted != "auto":
        return wanted
    return "cuda" if torch.cuda.is_available() else "cpu"


class FrozenTower:
    """A dense image tower on a device, without gradients.

    input_size: height, width [pixel]. patch_size: stride of its map [pixel].
    """

    def __init__(self, tower: nn.Module, device: str) -> None:
        self._tower, self._device = tower.to(device).eval(), device
        self.grid: tuple[int, int] = (int(tower.grid[0]), int(tower.grid[1]))
        self.patch_size = int(tower.stride)
        self.input_size = (self.grid[0] * self.patch_size, self.grid[1] * self.patch_size)

    def patches(self, batch: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the patches of one normalised image, float32 [rows, columns, D]; batch [1, 3, H, W]."""
        with torch.no_grad():
            found = self._tower(torch.from_numpy(batch).to(self._device))[0][0]
        return np.asarray(found.float().cpu().numpy())
