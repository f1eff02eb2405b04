"""Reader of the synthetic apron: SegmentMeIfYouCan layout with classes, instances and names.

Layout: `images/NAME.jpg`, `labels_masks/NAME_labels_semantic.png` (0, 1, 255),
`semantic/NAME.png` (known class, 254 anomaly, 255 void), `instances/NAME.png` (uint16, 0 none)
and the index `instances.json`, see apron_index.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.apron_index import (
    INDEX_FILE,
    IndexedFrame,
    indexed_frames,
    information,
    read_index,
)
from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import LabelledFrame, read_label
from clipomaly_ros.evaluation.smiyc_dataset import SmiycImages


@dataclass(frozen=True)
class ApronImages:
    """A folder of the synthetic apron; DataError says what of the layout is missing or wrong.

    known_names: names of the known classes by their number, for an index that has none.
    """

    root: Path
    known_names: tuple[str, ...] = ()

    @cached_property
    def _pictures(self) -> SmiycImages:
        return SmiycImages(self.root)

    @cached_property
    def _index(self) -> Mapping[str, Any]:
        return read_index(self.root / INDEX_FILE)

    @cached_property
    def _frames(self) -> dict[str, IndexedFrame]:
        return indexed_frames(self._index, self.root / INDEX_FILE)

    @property
    def names(self) -> Sequence[str]:
        """Return the names of the frames that the index lists, in its order."""
        present = set(self._pictures.names)
        missing = [name for name in self._frames if name not in present]
        if missing:
            raise DataError(f"{self.root}: {INDEX_FILE} lists {missing[0]}, expected its image and label")
        return list(self._frames)

    @property
    def class_names(self) -> tuple[str, ...]:
        """Return the names of the known classes by their number in semantic pictures."""
        listed = information(self._index).get("class_names", self.known_names)
        return tuple(str(name) for name in listed)

    @property
    def split(self) -> str:
        """Return the split's name, "" if the index does not say."""
        return str(information(self._index).get("split", ""))

    def files(self, name: str) -> tuple[Path, ...]:
        """Return the files of a frame that are read."""
        pictures = (self.root / folder / f"{name}.png" for folder in ("semantic", "instances"))
        return (*self._pictures.files(name), *pictures)

    def image(self, name: str) -> NDArray[np.uint8]:
        """Read the image of a frame, RGB uint8 [H, W, 3]."""
        return self._pictures.image(name)

    def anomaly(self, name: str) -> NDArray[np.uint8]:
        """Read the anomaly label of a frame, uint8 [H, W], 0 normal, 1 anomaly, 255 void."""
        return self._pictures.anomaly(name)

    def frame(self, name: str) -> LabelledFrame:
        """Read the ground truth of a frame."""
        said = self._frames[name]
        anomaly = self.anomaly(name)
        semantic = read_label(self.root / "semantic" / f"{name}.png")
        instances = read_label(self.root / "instances" / f"{name}.png")
        for kind, picture in (("semantic", semantic), ("instances", instances)):
            if picture.shape != anomaly.shape:
                raise DataError(
                    f"{self.root}: {kind}/{name}.png: expected {anomaly.shape} like the anomaly label, "
                    f"found {picture.shape}"
                )
        return LabelledFrame(
            name,
            anomaly,
            semantic.astype(np.uint8),
            instances.astype(np.uint16),
            said.things,
            said.condition,
            said.known,
        )
