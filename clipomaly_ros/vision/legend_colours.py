"""Colours of labels: the same name always has the same colour, on every machine."""

from __future__ import annotations

import colorsys
import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vocabulary.entries import Entry, NameSource

# Saturation and value, each (low, high): approved classes stay in the background.
_MUTED = ((0.20, 0.45), (0.45, 0.70))
_VIVID = ((0.85, 1.00), (0.90, 1.00))


def legend_colours(legend: Sequence[Entry]) -> NDArray[np.uint8]:
    """Return one RGB colour a label, uint8 [N, 3]: approved classes muted, other names vivid.

    A colour comes from the name alone; only if two names of one legend hash to the same
    colour does the later one move on to its next.
    """
    colours = np.zeros((len(legend), 3), np.uint8)
    taken: set[tuple[int, int, int]] = set()
    for row, entry in enumerate(legend):
        attempt = 0
        while (chosen := legend_colour(entry, attempt)) in taken:
            attempt += 1
        taken.add(chosen)
        colours[row] = chosen
    return colours


def legend_colour(entry: Entry, attempt: int = 0) -> tuple[int, int, int]:
    """Return the colour of a name, red, green, blue 0 to 255; `attempt` gives another one."""
    digest = hashlib.sha256(f"{entry.name}\0{attempt}".encode()).digest()
    saturations, values = _MUTED if entry.source is NameSource.APPROVED else _VIVID
    hue = int.from_bytes(digest[0:4], "big") / 2**32
    saturation, value = (
        low + (high - low) * digest[at] / 255 for at, (low, high) in ((4, saturations), (5, values))
    )
    red, green, blue = (round(255 * part) for part in colorsys.hsv_to_rgb(hue, saturation, value))
    return red, green, blue
