"""What goes wrong, and when: a seeded plan of faults over the steps of a soak run."""

from __future__ import annotations

import enum
import random
from collections.abc import Iterator
from dataclasses import dataclass

REST = 2  # steps without a fault after each one that lasts: every fault must be recovered from


class Fault(enum.Enum):
    """One thing that goes wrong at one step."""

    DROP_FRAME = "frame lost"
    DROP_CLOUD = "cloud lost"
    DOUBLE_FRAME = "frame twice"
    DOUBLE_CLOUD = "cloud twice"
    CLOUD_FIRST = "cloud before its frame"
    LATE_FRAME = "frame after the next one"
    NAN_POINTS = "points that are not numbers"
    BAD_FRAME = "unusable frame"
    BAD_CLOUD = "unusable cloud"
    BAD_INFO = "unusable calibration"
    FUTURE_FRAME = "frame from the future"
    CLOCK_BACK = "clock goes back"
    CLOCK_FORWARD = "clock goes forward"
    TF_GAP = "no transforms"
    NO_FRAMES = "frames stop"
    NO_CLOUDS = "clouds stop"


# Fault -> how often, against the others
SINGLE = {
    Fault.DROP_FRAME: 3,
    Fault.DROP_CLOUD: 3,
    Fault.DOUBLE_FRAME: 2,
    Fault.DOUBLE_CLOUD: 2,
    Fault.CLOUD_FIRST: 4,
    Fault.LATE_FRAME: 3,
    Fault.NAN_POINTS: 3,
    Fault.BAD_FRAME: 4,
    Fault.BAD_CLOUD: 4,
    Fault.BAD_INFO: 2,
    Fault.FUTURE_FRAME: 1,
    Fault.CLOCK_BACK: 1,
    Fault.CLOCK_FORWARD: 1,
}
# Fault -> how often, least and most steps. Silence lasts longer than input_timeout.
LASTING = {Fault.TF_GAP: (2, 1, 12), Fault.NO_FRAMES: (1, 36, 45), Fault.NO_CLOUDS: (1, 36, 45)}


@dataclass(frozen=True)
class Step:
    """One tenth of a second: what goes wrong in it, and a seed for the details.

    begins, ends: first and last step of a fault that lasts.
    """

    number: int
    fault: Fault | None
    seed: int
    begins: bool = True
    ends: bool = True


def plan_faults(seed: int, share: float = 0.25) -> Iterator[Step]:
    """Yield steps without end; equal seeds give equal plans.

    share: of the steps at which a fault begins, 0 to 1; ValueError otherwise. The first run
    through all faults is in a random order, so that a short run sees each of them once.
    """
    if not 0 <= share <= 1:
        raise ValueError(f"share of faults: expected 0 to 1, got {share}")
    source = random.Random(seed)  # noqa: S311 - a plan to repeat, no secret
    weights = {**SINGLE, **{fault: row[0] for fault, row in LASTING.items()}}
    first = list(weights) if share else []
    source.shuffle(first)
    number, quiet = 0, REST
    while True:
        fault = None
        if quiet:
            quiet -= 1
        elif source.random() < share:
            fault = first.pop() if first else source.choices(list(weights), list(weights.values()))[0]
            quiet = REST
        _, least, most = LASTING.get(fault, (0, 1, 1)) if fault is not None else (0, 1, 1)
        length = source.randint(least, most)
        for index in range(length):
            yield Step(number, fault, source.getrandbits(32), index == 0, index == length - 1)
            number += 1
