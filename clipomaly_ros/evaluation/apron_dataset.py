"""Reader of the synthetic apron: SegmentMeIfYouCan layout with classes, instances and names.

Layout: `images/NAME.jpg`, `labels_masks/NAME_labels_semantic.png` (0, 1, 255),
`semantic/NAME.png` (known class, 254 anomaly, 255 void), `instances/NAME.png` (uint16, 0 none)
and `instances.json`: COCO style, with images (file_name, condition), categories (name,
supercategory = group) and annotations (one a visible object, with `anomalous`, `distance` [m]
and `size` or `height` [m]); an annotation's `instance` is its value in the instance picture.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import LabelledFrame, LabelledThing, read_label
from clipomaly_ros.evaluation.smiyc_dataset import SmiycImages

INDEX_FILE = "instances.json"
LARGEST_INDEX = 1 << 30  # bytes


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
        return _read_index(self.root / INDEX_FILE)

    @cached_property
    def _frames(self) -> dict[str, tuple[str, tuple[LabelledThing, ...]]]:
        return _frames_of(self._index, self.root / INDEX_FILE)

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
        listed = self._info.get("class_names", self.known_names)
        return tuple(str(name) for name in listed)

    @property
    def split(self) -> str:
        """Return the split's name, "" if the index does not say."""
        return str(self._info.get("split", ""))

    @property
    def _info(self) -> Mapping[str, Any]:
        info = self._index.get("info", {})
        return info if isinstance(info, Mapping) else {}

    def image(self, name: str) -> NDArray[np.uint8]:
        """Read the image of a frame, RGB uint8 [H, W, 3]."""
        return self._pictures.image(name)

    def anomaly(self, name: str) -> NDArray[np.uint8]:
        """Read the anomaly label of a frame, uint8 [H, W], 0 normal, 1 anomaly, 255 void."""
        return self._pictures.anomaly(name)

    def frame(self, name: str) -> LabelledFrame:
        """Read the ground truth of a frame."""
        condition, things = self._frames[name]
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
            name, anomaly, semantic.astype(np.uint8), instances.astype(np.uint16), things, condition
        )


def _read_index(path: Path) -> Mapping[str, Any]:
    if not path.is_file():
        raise DataError(f"{path}: expected the index of a synthetic apron data set, found none")
    if path.stat().st_size > LARGEST_INDEX:
        raise DataError(f"{path}: expected at most {LARGEST_INDEX} bytes, found {path.stat().st_size}")
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise DataError(f"{path}: expected JSON: {error}") from error
    wanted = ("images", "annotations", "categories")
    if not isinstance(content, dict) or not all(isinstance(content.get(key), list) for key in wanted):
        raise DataError(f"{path}: expected an object with the lists {', '.join(wanted)}")
    return content


def _frames_of(index: Mapping[str, Any], path: Path) -> dict[str, tuple[str, tuple[LabelledThing, ...]]]:
    """Return condition and anomalies of each frame, by its name."""
    try:
        categories = {
            int(item["id"]): (str(item["name"]), str(item.get("supercategory", "")))
            for item in index["categories"]
        }
        things: dict[int, list[LabelledThing]] = {int(item["id"]): [] for item in index["images"]}
        for item in index["annotations"]:
            if item.get("anomalous", True):
                name, group = categories[int(item["category_id"])]
                things[int(item["image_id"])].append(_thing(item, name, str(item.get("group", group))))
        return {
            Path(str(item["file_name"])).stem: (
                str(item.get("condition", "")),
                tuple(things[int(item["id"])]),
            )
            for item in index["images"]
        }
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise DataError(f"{path}: expected COCO-style entries, failed at {error!r}") from error


def _thing(item: Mapping[str, Any], name: str, group: str) -> LabelledThing:
    size = item.get("size", item.get("height"))
    extents = [float(value) for value in (size if isinstance(size, list) else [size]) if value is not None]
    distance = item.get("distance")
    value = int(item["instance"])
    if not 1 <= value <= 65535:
        raise ValueError(f"instance {value}, expected 1 to 65535")
    return LabelledThing(
        value=value,
        name=name,
        group=group,
        distance=math.nan if distance is None else float(distance),
        size=max(extents, default=math.nan),
        variant=int(item.get("variant", -1)),
    )
