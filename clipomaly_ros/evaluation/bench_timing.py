"""Durations of one piece of work, and how to sum them up."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Timing:
    """Durations of one piece of work, one a frame [ms]."""

    values: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Return the median [ms]."""
        return float(np.median(self.values))

    @property
    def p95(self) -> float:
        """Return the 95th percentile [ms]."""
        return float(np.percentile(self.values, 95))

    @property
    def p99(self) -> float:
        """Return the 99th percentile [ms]."""
        return float(np.percentile(self.values, 99))
