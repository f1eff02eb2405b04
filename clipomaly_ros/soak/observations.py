"""What a soak run has sent and what came back: plain data for the judge."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Observations:
    """One run.

    sent: messages by input ("anomalies", "points", "camera_info"). expected: counters of the
    diagnostics that must have grown by at least so much. counters: by how much each has grown.
    good: pairs that had to give zones; lost: stamps [ns] of those without an array; misplaced:
    stamps whose array had no zone at the object. latencies: seconds from sending to the array,
    in the order of sending. memory: bytes, at equal numbers of steps, after a warm-up.
    processor: seconds of the node a step, likewise. untold: silences of an input that no array told.
    errors: ERROR and FATAL lines of the log. ended: how the process ended too early.
    """

    steps: int = 0
    simulated: float = 0.0  # seconds
    wall: float = 0.0  # seconds
    sent: Counter[str] = field(default_factory=Counter)
    expected: Counter[str] = field(default_factory=Counter)
    counters: dict[str, int] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    good: int = 0
    lost: list[int] = field(default_factory=list)
    misplaced: list[int] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    untold: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    ended: str = ""
