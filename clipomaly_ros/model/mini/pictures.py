"""Training pictures of the synthetic apron: crops with labels of the known, and boxes of the strange.

Masks of anomalies are never read: of an anomalous object the training knows its box and its
name, and inside the boxes of anomalies the labels of the known classes are left out as well.
"""

from __future__ import annotations

import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from clipomaly_ros.model.manifest import BundleError

IGNORED = 255
UNSEEN_SPLITS = ("validation", "test", "nofod")  # what measures a model may not train it
STRANGE = -1  # word of a shape without a name in the vocabulary
STRIDE = 8  # of the dense map [pixel]
_BOX_MARGIN = 2  # pixels around an anomaly's box in which no label counts
_SCALES = (0.58, 1.35)  # of a crop against its picture
_SMALLEST = 5.0  # longer side of a box that is learnt from [pixel of the crop]
_OBJECT_SHARE = 0.8  # of the crops that are placed at an object
_PAD = (104, 116, 122)  # beyond the picture; the mean colour of CLIP's normalisation


@dataclass(frozen=True)
class Picture:
    """One picture: rgb uint8 [H, W, 3], labels uint8 [H, W] (255 ignored).

    boxes: float32 [B, 4], left, top, right, bottom [pixel]; words: int64 [B], index into the
    learnt candidates or STRANGE. places: float32 [P, 2], centres of everything worth a crop.
    """

    rgb: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    words: NDArray[np.int64]
    places: NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """Crops of one size: images uint8 [N, S, S, 3], labels uint8 [N, S/8, S/8, 4].

    The last axis of labels samples a cell at four places. boxes: float32 [B, 5], crop, then
    left, top, right, bottom in cells; words: int64 [B].
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    words: NDArray[np.int64]


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
    boxes, indices, places = [], [], []
    for annotation in annotations:
        left, top, width, height = annotation["bbox"]
        places.append((left + width / 2, top + height / 2))
        if not annotation["anomalous"]:
            continue
        name = names[annotation["category_id"]]
        if name != "object" and name not in words:
            raise BundleError(f"{root}: {file}: {name!r} is held out and may not be learnt")
        boxes.append((left, top, left + width, top + height))
        indices.append(words.get(name, STRANGE))
        rows = slice(max(0, int(top) - _BOX_MARGIN), int(top + height) + _BOX_MARGIN + 1)
        columns = slice(max(0, int(left) - _BOX_MARGIN), int(left + width) + _BOX_MARGIN + 1)
        labels[rows, columns] = IGNORED
    labels[labels == 254] = IGNORED
    anomalous = len(boxes)
    if anomalous:  # three times as often as all else
        middle = [((x0 + x1) / 2, (y0 + y1) / 2) for x0, y0, x1, y1 in boxes]
        places += middle * max(1, round(3 * len(places) / anomalous))
    return Picture(
        np.ascontiguousarray(bgr[..., ::-1]),
        labels,
        np.array(boxes, np.float32).reshape(-1, 4),
        np.array(indices, np.int64),
        np.array(places, np.float32).reshape(-1, 2),
    )


def draw_batch(pictures: list[Picture], count: int, side: int, generator: np.random.Generator) -> Batch:
    """Draw crops of side x side pixels at random places and scales, mirrored and recoloured at random."""
    crops = [_crop(pictures[generator.integers(len(pictures))], side, generator) for _ in range(count)]
    boxes = [
        np.column_stack([np.full(len(crop[2]), number, np.float32), crop[2]])
        for number, crop in enumerate(crops)
    ]
    return Batch(
        np.stack([crop[0] for crop in crops]),
        np.stack([crop[1] for crop in crops]),
        np.concatenate(boxes),
        np.concatenate([crop[3] for crop in crops]),
    )


def _crop(picture: Picture, side: int, generator: np.random.Generator):
    height, width = picture.labels.shape
    scale = np.exp(generator.uniform(*np.log(_SCALES)))
    reach = side / scale
    if len(picture.places) and generator.random() < _OBJECT_SHARE:
        centre = picture.places[generator.integers(len(picture.places))]
        centre = centre + generator.uniform(-0.4, 0.4, 2) * reach
    else:
        centre = generator.uniform((0, 0), (width, height))
    # Mostly inside the picture: what is beyond it teaches nothing.
    room = np.maximum((width, height) - np.array([reach, reach]), 0) / 2
    middle = np.array([width, height]) / 2
    centre = np.clip(centre, middle - room - 0.1 * reach, middle + room + 0.1 * reach)
    mirror = -1.0 if generator.random() < 0.5 else 1.0
    matrix = np.array(
        [
            [mirror * scale, 0.0, side / 2 - mirror * scale * centre[0]],
            [0.0, scale, side / 2 - scale * centre[1]],
        ]
    )
    matrix[:, 2] -= 0.5 * (1 - np.abs(matrix[:, :2]).sum(axis=1))  # pixel centres
    rgb = cv2.warpAffine(picture.rgb, matrix, (side, side), flags=cv2.INTER_LINEAR, borderValue=_PAD)
    labels = cv2.warpAffine(
        picture.labels, matrix, (side, side), flags=cv2.INTER_NEAREST, borderValue=IGNORED
    )
    corners = picture.boxes.reshape(-1, 2, 2) @ matrix[:, :2].T + matrix[:, 2]
    boxes = np.concatenate([corners.min(axis=1), corners.max(axis=1)], axis=1)
    shown = np.clip(boxes, 0, side)
    share = np.prod(shown[:, 2:] - shown[:, :2], axis=1) / np.maximum(
        np.prod(boxes[:, 2:] - boxes[:, :2], axis=1), 1e-6
    )
    # Less of it, or smaller, is not enough to tell what it is.
    kept = (share > 0.4) & ((shown[:, 2:] - shown[:, :2]).max(axis=1) >= _SMALLEST)
    cells = labels.reshape(side // STRIDE, STRIDE, side // STRIDE, STRIDE)
    sampled = cells[:, 1::4, :, 1::4].transpose(0, 2, 1, 3).reshape(side // STRIDE, side // STRIDE, 4)
    return (
        _recoloured(rgb, generator),
        sampled,
        (shown[kept] / STRIDE).astype(np.float32),
        picture.words[kept],
    )


def _recoloured(rgb: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
    """Change exposure, contrast, colour cast, sharpness and noise a little."""
    gain = np.exp(generator.normal(0, 0.16)) * np.exp(generator.normal(0, 0.05, 3))
    offset = generator.normal(0, 7, 3)
    values = np.arange(256, dtype=np.float32)[:, None]
    gamma = np.exp(generator.normal(0, 0.14))
    table = np.clip(255 * (values / 255) ** gamma * gain + offset, 0, 255).astype(np.uint8)
    out = cv2.LUT(rgb, np.ascontiguousarray(table[None]))
    chance = generator.random()
    if chance < 0.2:
        out = cv2.GaussianBlur(out, (0, 0), generator.uniform(0.3, 1.1))
    elif chance < 0.45:  # a camera of fewer pixels
        side = int(len(out) * generator.uniform(0.5, 0.9))
        small = cv2.resize(out, (side, side), interpolation=cv2.INTER_AREA)
        out = cv2.resize(small, (len(out), len(out)), interpolation=cv2.INTER_LINEAR)
    if generator.random() < 0.4:
        noise = np.empty(out.shape, np.int8)
        # OpenCV's generator belongs to the thread: without a seed the noise hangs on who drew before.
        cv2.setRNGSeed(zlib.crc32(np.ascontiguousarray(out)) & 0x7FFFFFFF)
        cv2.randn(noise, 0, generator.uniform(1.0, 7.0))
        out = cv2.add(out, noise, dtype=cv2.CV_8U)
    if generator.random() < 0.1:
        grey = cv2.cvtColor(out, cv2.COLOR_RGB2GRAY)[..., None]
        out = cv2.addWeighted(out, 0.4, np.repeat(grey, 3, axis=2), 0.6, 0)
    return out
