"""What the readers of data sets with one picture and one label a frame share."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.apron_index import recorded_split
from clipomaly_ros.evaluation.labelled_frames import read_rgb
from clipomaly_ros.evaluation.layouts import Pairs


class PairedImages:
    """A data set folder with a picture and a label of each frame; subclasses find them."""

    root: Path
    pairs: Pairs

    @property
    def names(self) -> Sequence[str]:
        """Return the names of the frames, sorted."""
        return list(self.pairs)

    @cached_property
    def split(self) -> str:
        """Return the split that an index of the synthetic apron names, else ""."""
        return recorded_split(self.root)

    def files(self, name: str) -> tuple[Path, ...]:
        """Return image and label of a frame."""
        return self.pairs[name]

    def image(self, name: str) -> NDArray[np.uint8]:
        """Read the image of a frame, RGB uint8 [H, W, 3]."""
        return read_rgb(self.pairs[name][0])
