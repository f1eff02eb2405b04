"""The few words of a large dictionary that a frame has use for, whatever the dictionary's size.

What compares every patch with every word costs as much again with each further word. Here only one
patch of each part of the image meets the whole dictionary, the one that the approved classes explain
least: there is where a word can win anything.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Map = NDArray[np.float32]

PARTS = 64  # of an image, about; one patch of each is compared with all words
LIMIT = 128  # words of a frame; a dictionary with no more is taken as a whole


def least_explained(best: Map) -> NDArray[np.intp]:
    """Return for each part of the image its patch with the smallest value, as places in the flat map.

    best: float32 [h, w], largest cosine of each patch with an approved class. The parts are blocks of
    equal sides, about PARTS of them, smaller ones at the lower and right edge.
    """
    height, width = best.shape
    side = max(1, int(np.ceil(np.sqrt(height * width / PARTS))))
    rows, columns = -(-height // side), -(-width // side)
    padded = np.full((rows * side, columns * side), np.inf, np.float32)
    padded[:height, :width] = best
    blocks = padded.reshape(rows, side, columns, side).transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    inside = blocks.argmin(axis=2)
    y = np.arange(rows)[:, None] * side + inside // side
    x = np.arange(columns)[None, :] * side + inside % side
    return np.asarray((y * width + x).ravel(), dtype=np.intp)


def words_of_frame(patches: Map, best: Map, words: Map, limit: int = LIMIT) -> NDArray[np.intp]:
    """Return the places of the words worth comparing in this frame, ascending, at most `limit`.

    patches: float32 [h, w, D]. best: float32 [h, w], largest cosine of each with an approved class.
    words: float32 [N, D]. A word is worth what its cosine exceeds `best` by, at the patch of
    least_explained where it does so most. No word left out exceeds the worth of one taken there: with
    worth v of the last one and logit scale s, the words left out have at most
    (N - limit) exp(s v) of the weight of the best approved class at these patches.
    """
    if len(words) <= limit:
        return np.arange(len(words))
    places = least_explained(best)
    shown = patches.reshape(-1, patches.shape[-1])[places]
    # Words along the rows: the largest of each row is found in one pass over the memory.
    worth = (words @ shown.T - best.ravel()[places]).max(axis=1)
    return np.sort(np.argpartition(-worth, limit - 1)[:limit])
