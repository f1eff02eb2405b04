"""Places for labels in a picture, so that none covers another."""

from __future__ import annotations

from dataclasses import dataclass, field

_STEPS = 12  # rows tried above and below


@dataclass
class LabelLayout:
    """Gives out rectangles in a picture of `width` x `height` pixel that do not overlap."""

    width: int
    height: int
    _taken: list[tuple[int, int, int, int]] = field(default_factory=list)

    def reserve(self, left: int, top: int, width: int, height: int) -> None:
        """Keep a rectangle free of labels [pixel]."""
        self._taken.append((left, top, left + width, top + height))

    def place(
        self, width: int, height: int, box: tuple[int, int, int, int], below: bool = False
    ) -> tuple[int, int]:
        """Find the left top corner of a label of a size for a box (x, y, width, height) [pixel].

        Directly above the box (or `below` it) if that is free, else the nearest free row above
        or below. Where nothing is free labels overlap after all.
        """
        x, y, _, box_height = box
        left = max(0, min(x, self.width - width))
        above = [y - height - row * (height + 1) for row in range(_STEPS)]
        under = [y + box_height + row * (height + 1) for row in range(_STEPS)]
        first, second = (under, above) if below else (above, under)
        tops = [top for pair in zip(first, second, strict=True) for top in pair]
        inside = [top for top in tops if 0 <= top <= self.height - height]
        chosen = next((top for top in inside if self._free(left, top, width, height)), None)
        if chosen is None:
            chosen = inside[0] if inside else max(0, min(tops[0], self.height - height))
        self.reserve(left, chosen, width, height)
        return left, chosen

    def _free(self, left: int, top: int, width: int, height: int) -> bool:
        return all(
            left + width <= a or c <= left or top + height <= b or d <= top for a, b, c, d in self._taken
        )
