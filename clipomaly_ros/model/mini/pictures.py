"""Training pictures of the synthetic apron, with labels of the known and boxes of the strange.

Masks of anomalies are never read: of an anomalous object the training knows its box and its
name, and inside the boxes of anomalies the labels of the known classes are left out as well. What
in a box is the thing and what is behind it is estimated from the picture.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.mini.box_shapes import estimate_shape, whole_box

IGNORED = 255
SHAPE, BEHIND = 254, 253  # in a box: of the thing, or behind it, as estimated
UNSEEN_SPLITS = ("validation", "test", "nofod")  # what measures a model may not train it
STRANGE = -1  # word of a shape without a name in the vocabulary
_BOX_MARGIN = 2  # pixels around an anomaly's box in which no label counts
_SMALLEST_PLACE = 6.0  # longer side of an object that is worth a crop [pixel]


@dataclass(frozen=True)
class Picture:
    """One picture: rgb uint8 [H, W, 3], labels uint8 [H, W] (classes, SHAPE, BEHIND, IGNORED).

    boxes: float32 [B, 4], left, top, right, bottom [pixel]; words: int64 [B], index into the
    learnt candidates or STRANGE. places: float32 [P, 2], centres of everything worth a crop;
    kinds: their names, known: [P], whether they are of a known class.
    """

    rgb: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    words: NDArray[np.int64]
    places: NDArray[np.float32]
    kinds: tuple[str, ...]
    known: NDArray[np.bool_]


def learnt_names(root: Path) -> list[str]:
    """Return the names of the anomalous things that a data set shows, in order; "object" left out.

    BundleError for a folder of another layout or a split that only measures.
    """
    index = _index(root)
    split = index.get("info", {}).get("split", "")
    if split in UNSEEN_SPLITS:
        raise BundleError(
            f"{root}: expected pictures to train on, found the split '{split}', which only measures; "
            "make others with `clipomaly simulate images --split train`"
        )
    names = {category["id"]: category["name"] for category in index["categories"]}
    shown = {names[a["category_id"]] for a in index["annotations"] if a["anomalous"]}
    return sorted(shown - {"object"})


def _index(root: Path) -> dict:
    try:
        index: dict = json.loads((root / "instances.json").read_text(encoding="utf-8"))
        if not index.keys() >= {"images", "annotations", "categories"}:
            raise ValueError(f"keys {sorted(index)}")
        if not isinstance(index.get("info", {}), dict):
            raise ValueError("info is no object")
        _check_entries(index)
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BundleError(
            f"{root}: expected a data set made by `clipomaly simulate images`: {error!r}"
        ) from error
    return index


def _check_entries(index: Mapping) -> None:
    """Raise ValueError unless all entries have what the training reads: other sets are COCO style, too."""
    for kind, keys in (
        ("images", {"id", "file_name"}),
        ("categories", {"id", "name"}),
        ("annotations", {"image_id", "category_id", "bbox", "anomalous"}),
    ):
        for entry in index[kind]:
            if not entry.keys() >= keys:
                raise ValueError(f"{kind} without {', '.join(sorted(keys - entry.keys()))}")
    categories = {category["id"] for category in index["categories"]}
    for annotation in index["annotations"]:
        if annotation["category_id"] not in categories or len(annotation["bbox"]) != 4:
            raise ValueError(f"annotation {annotation!r:.200}")


def read_pictures(
    root: Path, classes: Sequence[str], words: Mapping[str, int], limit: int | None = None
) -> list[Picture]:
    """Read a data set written by `clipomaly simulate images` into memory.

    classes: approved names in the order of the labels. words: index of each learnt candidate by
    name. BundleError for a folder of another layout or with other classes, or one with
    anomalies that may not be learnt.
    """
    index = _index(root)
    if index.get("info", {}).get("class_names") != list(classes):
        raise BundleError(
            f"{root}: expected labels of the vocabulary's {len(classes)} approved classes, found others; "
            "make the pictures again with this vocabulary"
        )
    names = {category["id"]: category["name"] for category in index["categories"]}
    if limit is not None and limit < 1:
        raise BundleError(f"limit: expected 1 picture or more, found {limit}")
    images = index["images"][:limit]
    if not images:
        raise BundleError(f"{root}: expected pictures, found an index without any")
    by_image: dict[int, list[dict]] = {image["id"]: [] for image in images}
    for annotation in index["annotations"]:
        if annotation["image_id"] in by_image:
            by_image[annotation["image_id"]].append(annotation)
    return [
        _picture(root, image["file_name"], by_image[image["id"]], names, words)
        for image in tqdm(images, desc="reading", unit="picture", leave=False)
    ]


def _picture(
    root: Path, file: str, annotations: list[dict], names: Mapping[int, str], words: Mapping[str, int]
) -> Picture:
    bgr = cv2.imread(str(root / "images" / Path(file).name), cv2.IMREAD_COLOR)
    labels = cv2.imread(str(root / "semantic" / f"{Path(file).stem}.png"), cv2.IMREAD_GRAYSCALE)
    if bgr is None or labels is None or bgr.shape[:2] != labels.shape:
        raise BundleError(f"{root}: {file}: expected a picture and labels of the same size, found otherwise")
    rgb = np.ascontiguousarray(bgr[..., ::-1])
    boxes, indices, places, kinds, known = [], [], [], [], []
    for annotation in annotations:
        left, top, width, height = annotation["bbox"]
        name = names[annotation["category_id"]]
        if max(width, height) >= _SMALLEST_PLACE:
            places.append((left + width / 2, top + height / 2))
            kinds.append(name)
            known.append(not annotation["anomalous"])
        if not annotation["anomalous"]:
            continue
        if name != "object" and name not in words:
            raise BundleError(f"{root}: {file}: {name!r} is held out and may not be learnt")
        boxes.append((left, top, left + width, top + height))
        indices.append(words.get(name, STRANGE))
    labels[labels >= BEHIND] = IGNORED  # in the file they mean something else
    for box in sorted(boxes, key=lambda box: (box[0] - box[2]) * (box[3] - box[1])):  # large ones first
        _hide(labels, rgb, box)
    return Picture(
        rgb,
        labels,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(indices, np.int64),
        np.array(places, np.float32).reshape(-1, 2),
        tuple(kinds),
        np.array(known, bool),
    )


def _hide(labels: NDArray[np.uint8], rgb: NDArray[np.uint8], box: tuple[float, float, float, float]) -> None:
    """Replace the labels in a box by what can be told without them."""
    left, top, right, bottom = whole_box(box, labels.shape[1], labels.shape[0])
    rows = slice(max(0, top - _BOX_MARGIN), bottom + _BOX_MARGIN)
    columns = slice(max(0, left - _BOX_MARGIN), right + _BOX_MARGIN)
    labels[rows, columns] = IGNORED
    shape = estimate_shape(rgb, box)
    if shape is not None:
        labels[top:bottom, left:right] = np.where(shape, SHAPE, BEHIND)
