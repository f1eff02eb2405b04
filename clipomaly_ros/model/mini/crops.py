"""Crops of training pictures, drawn at random."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.model.mini.pictures import IGNORED, Picture

STRIDE = 8  # of the dense map [pixel]
_SCALES = (0.58, 1.35)  # of a crop against its picture
_LEAST_FILLED = 0.8  # of the side of a crop
_SMALLEST = 5.0  # longer side of a box that is learnt from [pixel of the crop]
_ANOMALY_SHARE, _KNOWN_SHARE = 0.42, 0.38  # of the crops; the rest lie anywhere
_PAD = (104, 116, 122)  # beyond the picture; the mean colour of CLIP's normalisation


@dataclass(frozen=True)
class Batch:
    """Crops of one size: images uint8 [N, S, S, 3], labels uint8 [N, S/8, S/8, 4].

    The last axis of labels samples a cell at four places; values as in Picture. boxes: float32
    [B, 5], crop, then left, top, right, bottom in cells; words: int64 [B].
    """

    images: NDArray[np.uint8]
    labels: NDArray[np.uint8]
    boxes: NDArray[np.float32]
    words: NDArray[np.int64]


class CropPlaces:
    """What crops are drawn at: things of all kinds, and anywhere.

    A kind is drawn by the root of how often it is there: rare vehicles are learnt from few
    pictures, and hundreds of cones are no reason to look at cones only.
    """

    def __init__(self, pictures: Sequence[Picture]) -> None:
        self._pictures = pictures
        self._sides = [_Places(pictures, known) for known in (False, True)]

    def draw(self, generator: np.random.Generator) -> tuple[Picture, NDArray[np.float64] | None]:
        """Draw a picture and a place in it [pixel], None for anywhere."""
        chance = generator.random()
        side = self._sides[0 if chance < _ANOMALY_SHARE else 1]
        if chance < _ANOMALY_SHARE + _KNOWN_SHARE and side.kinds:
            picture, place = side.draw(generator)
            return self._pictures[picture], self._pictures[picture].places[place].astype(np.float64)
        return self._pictures[generator.integers(len(self._pictures))], None


class _Places:
    def __init__(self, pictures: Sequence[Picture], known: bool) -> None:
        found: dict[str, list[tuple[int, int]]] = {}
        for number, picture in enumerate(pictures):
            for place in np.flatnonzero(picture.known == known).tolist():
                found.setdefault(picture.kinds[place], []).append((number, place))
        self.kinds = [found[kind] for kind in sorted(found)]
        weight = np.sqrt([len(places) for places in self.kinds])
        self._chance = weight / weight.sum() if len(weight) else weight

    def draw(self, generator: np.random.Generator) -> tuple[int, int]:
        places = self.kinds[generator.choice(len(self.kinds), p=self._chance)]
        return places[generator.integers(len(places))]


def draw_batch(places: CropPlaces, count: int, side: int, generator: np.random.Generator) -> Batch:
    """Draw crops of side x side pixels at random places and scales, mirrored and recoloured at random."""
    crops = [_crop(*places.draw(generator), side, generator) for _ in range(count)]
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


def _crop(picture: Picture, place: NDArray[np.float64] | None, side: int, generator: np.random.Generator):
    height, width = picture.labels.shape
    # Of a small picture a crop would show much of nothing.
    least = min(max(_SCALES[0], _LEAST_FILLED * side / min(height, width)), _SCALES[1])
    scale = np.exp(generator.uniform(*np.log((least, _SCALES[1]))))
    reach = side / scale
    if place is not None:
        centre = place + generator.uniform(-0.4, 0.4, 2) * reach
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
