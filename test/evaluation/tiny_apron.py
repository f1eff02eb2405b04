"""A few small pictures in the layout of the synthetic apron, with a colour for each thing."""

import json

import cv2
import numpy as np

from clipomaly_ros.evaluation.segmenter_source import SegmenterSource
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import DenseFeatures
from clipomaly_ros.vocabulary.loading import parse_vocabulary

# The order of classes of a data set is its own; names are those of the approved vocabulary.
CLASSES = ("apron pavement", "sky", "person")
COLOURS = {"apron pavement": (110, 110, 110), "sky": (90, 140, 230), "suitcase": (200, 30, 30),
           "wrench": (230, 220, 40)}  # fmt: skip
SIZE = (120, 160)


def write_apron(root, frames, split="validation"):
    """Write frames, each a list of (name, group, box x y w h); an empty list is a frame without FOD."""
    for folder in ("images", "labels_masks", "semantic", "instances"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    categories = {}
    index = {"info": {"split": split, "class_names": list(CLASSES)}, "images": [], "annotations": []}
    for number, things in enumerate(frames):
        name = f"scene_{number:04d}"
        rgb = np.empty((*SIZE, 3), np.uint8)
        semantic = np.zeros(SIZE, np.uint8)
        rgb[:], semantic[:30] = COLOURS["apron pavement"], 1
        rgb[:30] = COLOURS["sky"]
        instances = np.zeros(SIZE, np.uint16)
        for value, (what, group, (x, y, width, height)) in enumerate(things, start=1):
            window = (slice(y, y + height), slice(x, x + width))
            rgb[window], semantic[window], instances[window] = COLOURS[what], 254, value
            category = categories.setdefault(what, {"id": len(categories) + 1, "name": what,
                                                    "supercategory": group})  # fmt: skip
            index["annotations"].append(
                {"id": len(index["annotations"]) + 1, "image_id": number, "category_id": category["id"],
                 "instance": value, "bbox": [x, y, width, height], "area": width * height,
                 "anomalous": True, "distance": 8.0 + 10 * value, "height": 0.2 * value, "variant": 0}
            )  # fmt: skip
        semantic[-4:] = 255
        label = np.select([semantic == 254, semantic == 255], [1, 255], 0).astype(np.uint8)
        cv2.imwrite(str(root / "images" / f"{name}.png"), rgb[:, :, ::-1])
        cv2.imwrite(str(root / "labels_masks" / f"{name}_labels_semantic.png"), label)
        cv2.imwrite(str(root / "semantic" / f"{name}.png"), semantic)
        cv2.imwrite(str(root / "instances" / f"{name}.png"), instances)
        condition = "dry" if number % 2 == 0 else "night"
        index["images"].append(
            {"id": number, "file_name": f"{name}.png", "width": SIZE[1], "height": SIZE[0],
             "condition": condition}
        )  # fmt: skip
    index["categories"] = list(categories.values())
    (root / "instances.json").write_text(json.dumps(index))
    return root


APPROVED = """
version: 1
templates: ["a photo of a {}."]
approved:
  - {name: sky, group: sky, obstacle: false, countable: false}
  - {name: person, group: person, report: true}
  - {name: apron pavement, group: surface, obstacle: false, countable: false}
"""
CANDIDATES = """
version: 1
candidates:
  - {name: suitcase, group: baggage, synonyms: [trolley]}
  - {name: wrench, group: tools}
  - {name: heron, group: animals}
"""
WORDS = ("apron pavement", "sky", "suitcase", "wrench", "person", "heron")


class ColourEncoder:
    """A DenseEncoder to which a patch is the mixture of the colours it shows; counts its calls."""

    input_size, patch_size = SIZE, 4
    mean, std = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)

    def __init__(self):
        self.calls = 0

    def encode(self, batch):
        self.calls += 1
        rgb = (batch[0].transpose(1, 2, 0) * 0.25 + 0.5) * 255
        palette = np.array(list(COLOURS.values()))
        nearest = ((rgb[:, :, None] - palette) ** 2).sum(axis=3).argmin(axis=2)
        h, w = SIZE[0] // 4, SIZE[1] // 4
        share = np.eye(len(palette))[nearest].reshape(h, 4, w, 4, -1).mean(axis=(1, 3))
        patches = np.zeros((h, w, 8), np.float32)
        patches[:, :, : len(palette)] = share
        patches /= np.linalg.norm(patches, axis=2, keepdims=True)
        return DenseFeatures(patches, np.eye(8, dtype=np.float32)[0])


class WordEncoder:
    """A TextEncoder: each word has a direction of its own."""

    def encode(self, prompts):
        rows = [[word in prompt for word in WORDS] for prompt in prompts]
        picture = np.zeros((len(prompts), 8), np.float32)
        picture[:, : len(WORDS)] = rows
        picture[~picture.any(axis=1), -1] = 1
        return picture / np.linalg.norm(picture, axis=1, keepdims=True)


def colour_source():
    """Return a segmenter's parts for the colour world."""
    table = build_text_table(parse_vocabulary(APPROVED, CANDIDATES), WordEncoder())
    return SegmenterSource("colours@1", False, None, ColourEncoder(), table)
