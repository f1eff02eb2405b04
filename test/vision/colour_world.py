"""A tiny world in which colours are meanings: an encoder and a text encoder that agree.

Each known colour has its own direction of the embedding space; a patch embeds as the mixture
of the colours it shows, a prompt as the direction of the word it contains.
"""

import numpy as np

from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import DenseFeatures
from clipomaly_ros.vocabulary.loading import parse_vocabulary

# Colour of each thing. Several share no direction with any text: nobody has a word for them.
COLOURS = {
    "pavement": (110, 110, 110),
    "grass": (30, 140, 30),
    "sky": (120, 170, 230),
    "person": (240, 120, 20),
    "suitcase": (220, 20, 220),
    "puddle": (20, 20, 90),
    "kite": (250, 250, 60),
    "nameless": (0, 230, 200),
}
NAMES = tuple(COLOURS)
TEXTS = {name: index for index, name in enumerate(NAMES) if name != "nameless"} | {"trolley": 4}
DIMENSION = 64

APPROVED = """
version: 1
templates: ["a photo of a {}.", "{} on the ground"]
approved:
  - {name: pavement, group: surface, obstacle: false, countable: false}
  - {name: grass, group: surface, obstacle: false, countable: false}
  - {name: sky, group: sky, obstacle: false, countable: false}
  - {name: person, group: person, report: true}
"""
CANDIDATES = """
version: 1
candidates:
  - {name: suitcase, group: baggage, synonyms: [trolley]}
  - {name: puddle, group: fluids, obstacle: false}
  - {name: wrench, group: tools}
  - {name: heron, group: animals}
"""


def vocabulary():
    return parse_vocabulary(APPROVED, CANDIDATES)


class ColourEncoder:
    """A DenseEncoder: every patch is the softly weighted mixture of the colours nearest to it."""

    patch_size = 16
    mean = (0.5, 0.4, 0.3)
    std = (0.2, 0.25, 0.3)

    def __init__(self, input_size=(160, 240)):
        self.input_size = input_size

    def encode(self, batch):
        assert batch.shape == (1, 3, *self.input_size)
        assert batch.dtype == np.float32
        rgb = batch[0].transpose(1, 2, 0) * self.std + self.mean
        palette = np.array([COLOURS[name] for name in NAMES]) / 255
        distance = ((rgb[:, :, None] - palette) ** 2).sum(axis=3)
        weight = np.exp(-60 * distance) + 1e-6
        weight /= weight.sum(axis=2, keepdims=True)
        h, w = (side // self.patch_size for side in self.input_size)
        share = weight.reshape(h, self.patch_size, w, self.patch_size, -1).mean(axis=(1, 3))
        patches = np.zeros((h, w, DIMENSION), np.float32)
        patches[:, :, : len(NAMES)] = share
        patches /= np.linalg.norm(patches, axis=2, keepdims=True)
        whole = patches.mean(axis=(0, 1))
        return DenseFeatures(patches, whole / np.linalg.norm(whole))


class WordEncoder:
    """A TextEncoder: the direction of the known word in the prompt, else one nothing looks like.

    encoded: all prompts so far. largest_batch: of one call.
    """

    def __init__(self):
        self.encoded = []
        self.largest_batch = 0

    def encode(self, prompts):
        self.encoded += prompts
        self.largest_batch = max(self.largest_batch, len(prompts))
        rows = np.zeros((len(prompts), DIMENSION), np.float32)
        for row, prompt in zip(rows, prompts, strict=True):
            known = [index for word, index in TEXTS.items() if word in prompt]
            row[known[0] if known else len(NAMES) + sum(prompt.encode()) % 40] = 1
        return rows


def scene(size=(320, 480)):
    """Return an image with sky above grass above pavement, uint8 [H, W, 3]."""
    rgb = np.empty((*size, 3), np.uint8)
    rgb[:] = COLOURS["pavement"]
    rgb[: size[0] // 4] = COLOURS["sky"]
    rgb[size[0] // 4 : size[0] // 2] = COLOURS["grass"]
    return rgb


def place(rgb, name, x, y, width, height):
    """Paint a box in the colour of a thing."""
    rgb[y : y + height, x : x + width] = COLOURS[name]


def make(settings=None, words=None, encoder=None):
    """Return a segmenter of this world."""
    words = words or vocabulary()
    settings = settings or SegmenterSettings(threshold=0.7, logit_scale=20.0)
    return AnomalySegmenter(encoder or ColourEncoder(), build_text_table(words, WordEncoder()), settings)
