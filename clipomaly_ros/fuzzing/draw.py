"""Where the random choices of a target come from: a fuzzer's bytes, or a property test's strategies."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any, Protocol


class Draw(Protocol):
    """A source of choices; equal sources give equal choices."""

    def integer(self, least: int, most: int) -> int:
        """Return an integer between both, inclusive."""

    def number(self) -> float:
        """Return any float64: NaN, infinities and the smallest ones, too."""

    def choice(self, options: Sequence[Any]) -> Any:
        """Return one of the options."""

    def text(self, longest: int) -> str:
        """Return a text of at most so many characters, of any kind that UTF-8 can hold."""

    def data(self, longest: int) -> bytes:
        """Return at most so many bytes."""


class ByteDraw:
    """Choices out of a fuzzer's input; where that ends, zeros follow."""

    def __init__(self, source: bytes) -> None:
        self._source, self._at = bytes(source), 0

    def integer(self, least: int, most: int) -> int:
        """Return an integer between both, inclusive."""
        width = max(1, ((most - least).bit_length() + 7) // 8)
        return least + int.from_bytes(self._take(width), "little") % (most - least + 1)

    def number(self) -> float:
        """Return any float64."""
        return float(struct.unpack("<d", self._take(8))[0])

    def choice(self, options: Sequence[Any]) -> Any:
        """Return one of the options."""
        return options[self.integer(0, len(options) - 1)]

    def text(self, longest: int) -> str:
        """Return a text; bytes that are no UTF-8 are left out."""
        return self.data(longest).decode("utf-8", "ignore")

    def data(self, longest: int) -> bytes:
        """Return at most so many bytes, fewer where the input ends."""
        size = self.integer(0, longest)
        found = self._source[self._at : self._at + size]
        self._at += len(found)
        return found

    def _take(self, size: int) -> bytes:
        found = self._source[self._at : self._at + size]
        self._at += len(found)
        return found.ljust(size, b"\0")


def rarely(draw: Draw, one_in: int) -> bool:
    """Return true once in a while; not where the source has ended, so that short inputs are good ones."""
    return draw.integer(1, one_in) == one_in


def usual_or_any(draw: Draw, usual: Sequence[int], most: int = 2**32 - 1) -> int:
    """Return mostly one of the usual values, else anything up to a bound: absurd sizes, too."""
    return int(draw.choice(usual)) if not rarely(draw, 8) else draw.integer(0, most)


def header_parts(draw: Draw) -> tuple[int, int, str]:
    """Return seconds, nanoseconds and frame of a header, mostly good ones."""
    if not rarely(draw, 8):
        return 1_700_000_000, draw.integer(0, 999_999_999), "sensor"
    return draw.integer(-(2**31), 2**31 - 1), draw.integer(0, 2**32 - 1), draw.text(8)
