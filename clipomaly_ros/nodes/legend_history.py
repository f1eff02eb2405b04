"""The latest legends by their id: which policy group a label of a frame belongs to."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping

from clipomaly_msgs.msg import LabelLegend

MAXIMUM_LEGENDS = 64


class LegendHistory:
    """Keeps the newest legends; label -> group of each."""

    def __init__(self) -> None:
        self._groups: OrderedDict[str, Mapping[int, str]] = OrderedDict()

    def add(self, message: LabelLegend) -> None:
        """Take a legend."""
        self._groups[message.legend_id] = {entry.label: entry.group for entry in message.entries}
        self._groups.move_to_end(message.legend_id)
        while len(self._groups) > MAXIMUM_LEGENDS:
            self._groups.popitem(last=False)

    def groups(self, legend_id: str) -> Mapping[int, str] | None:
        """Return label -> group of a legend, None when it was not received."""
        return self._groups.get(legend_id)
