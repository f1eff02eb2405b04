"""The targets' choices from Hypothesis: a failing input is shrunk and shown."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

NUMBERS = st.floats(allow_nan=True, allow_infinity=True)


class HypothesisDraw:
    """A Draw whose source is `st.data()`."""

    def __init__(self, data: st.DataObject) -> None:
        self._draw = data.draw

    def integer(self, least: int, most: int) -> int:
        return self._draw(st.integers(least, most))

    def number(self) -> float:
        return self._draw(NUMBERS)

    def choice(self, options: Sequence[Any]) -> Any:
        return options[self._draw(st.integers(0, len(options) - 1))]

    def text(self, longest: int) -> str:
        return self._draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=min(longest, 16)))

    def data(self, longest: int) -> bytes:
        return self._draw(st.binary(max_size=min(longest, 256)))
