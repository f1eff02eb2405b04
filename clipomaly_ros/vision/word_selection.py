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
_WORDS_AT_A_TIME = 4096


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
    worth = largest_cosines(patches.reshape(-1, patches.shape[-1])[places], words, best.ravel()[places])
    return np.sort(largest_first(worth, limit))


def largest_cosines(shown: Map, words: Map, less: Map | None = None) -> Map:
    """Return the largest cosine of each word with any of some embeddings, float32 [N].

    shown: float32 [P, D], at least one. words: float32 [N, D], both L2-normalised. less: float32 [P], taken
    off the cosines with each embedding first.
    """
    largest = np.empty(len(words), np.float32)
    # Words along the rows' contiguous axis, and a few of them at a time: the cosines stay in the cache
    # and the largest are found with one pass over them, so that the product is all there is to pay for.
    cosines = np.empty((len(shown), min(len(words), _WORDS_AT_A_TIME)), np.float32)
    for first in range(0, len(words), _WORDS_AT_A_TIME):
        block = words[first : first + _WORDS_AT_A_TIME]
        part = cosines[:, : len(block)]
        np.matmul(shown, block.T, out=part)
        if less is not None:
            part -= less[:, None]
        part.max(axis=0, out=largest[first : first + len(block)])
    return largest


def largest_first(values: Map, count: int) -> NDArray[np.intp]:
    """Return the places of the `count` largest values, largest first, of equal ones the earlier first.

    The same as sorting all of them, which takes many times longer where they are many.
    """
    if not 0 < count < len(values):
        return np.asarray(np.argsort(-values, kind="stable")[:count], dtype=np.intp)
    least = np.partition(values, len(values) - count)[len(values) - count]
    # Where several values equal the last one taken, sorting the few that are left chooses the earlier.
    taken = np.flatnonzero(values >= least)
    return np.asarray(taken[np.argsort(-values[taken], kind="stable")[:count]], dtype=np.intp)
