"""Both stages over simulated bags: the figures as shipped, and their curves against errors."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from clipomaly_ros.evaluation.chain_bag import ChainBag
from clipomaly_ros.evaluation.chain_figures import figures
from clipomaly_ros.evaluation.chain_metrics import BagScore, ChainRules, score_bag
from clipomaly_ros.evaluation.chain_run import ChainPlay, Perturbation, play, segment_bag
from clipomaly_ros.evaluation.chain_settings import LoadedSegmenter

SHIFTS = tuple(
    sign * value / 1000
    for sign, values in ((-1, (100, 50, 20, 10, 5, 2, 1)), (1, (0, 1, 2, 5, 10, 20, 50, 100)))
    for value in values
)  # of the clouds' stamps [s]
YAWS = (0.0, 0.1, 0.25, 0.5, 1.0)  # errors of the LiDAR's calibration [deg], either way


@dataclass
class ChainReport:
    """What was measured.

    scores: of the bags with anomalies as they are; nofod: of those without. shifts, yaws:
    time shift [s] or yaw error [deg] -> figures over all bags. lost: by reason, nominal.
    milliseconds: of stage one and two for one picture.
    """

    model: str
    untrained: bool
    rules: ChainRules
    scores: list[BagScore] = field(default_factory=list)
    nofod: list[BagScore] = field(default_factory=list)
    shifts: dict[float, dict[str, Any]] = field(default_factory=dict)
    yaws: dict[float, dict[str, Any]] = field(default_factory=dict)
    lost: Counter[str] = field(default_factory=Counter)
    milliseconds: dict[str, float] = field(default_factory=dict)


def evaluate_chain(
    bags: Sequence[Path],
    nofod: Sequence[Path],
    loaded: LoadedSegmenter | None,
    parameters: SimpleNamespace,
    shifts: Sequence[float] = (),
    yaws: Sequence[float] = (),
    progress: Callable[[str], object] = lambda step: None,
    rules: ChainRules | None = None,
) -> ChainReport:
    """Play bags through both stages and score the zones; ValueError for what is no such bag.

    loaded: stage one, None for the true masks. parameters: of hazard_fusion. progress is told
    of every finished step: a picture segmented or a bag played.
    """
    rules = rules or ChainRules()
    model = "true masks" if loaded is None else loaded.bundle
    report = ChainReport(model, loaded is not None and loaded.origin.untrained, rules)
    plans = _plans(shifts, yaws)
    collected: dict[str, dict[float, list[BagScore]]] = {"shifts": {}, "yaws": {}}
    seconds = np.zeros(2)
    pictures = 0
    for path, anomalous in [*((path, True) for path in bags), *((path, False) for path in nofod)]:
        with ChainBag(path) as bag:
            if bag.objects and not anomalous:
                raise ValueError(
                    f"bag {path}: expected one without anomalies, found {len(bag.objects)}; "
                    "their zones would count as false alarms"
                )
            segmented = segment_bag(bag, loaded, lambda: progress("picture"))
            nominal = play(bag, segmented, parameters)
            score = _score(bag, nominal, rules)
            (report.scores if anomalous else report.nofod).append(score)
            report.lost += nominal.lost
            seconds += segmented.seconds, nominal.seconds
            pictures += len(segmented.frames)
            progress("play")
            for kind, value, perturbation in plans if anomalous else ():
                if perturbation == Perturbation():
                    found = score
                else:
                    found = _score(bag, play(bag, segmented, parameters, perturbation), rules)
                collected[kind].setdefault(value, []).append(found)
                progress("play")
    report.shifts = _figures_of(collected["shifts"], rules)
    report.yaws = _figures_of(collected["yaws"], rules)
    if pictures:
        report.milliseconds = dict(zip(("stage one", "stage two"), 1000 * seconds / pictures, strict=True))
    return report


def steps(pictures: int, bags: int, nofod: int, shifts: Sequence[float], yaws: Sequence[float]) -> int:
    """Return how often progress will be told."""
    return pictures + bags * (1 + len(_plans(shifts, yaws))) + nofod


def _plans(shifts: Sequence[float], yaws: Sequence[float]) -> list[tuple[str, float, Perturbation]]:
    return [
        *(("shifts", float(shift), Perturbation(time_shift=shift)) for shift in shifts),
        *(("yaws", float(yaw), Perturbation(rotation=(0.0, 0.0, float(np.deg2rad(yaw))))) for yaw in yaws),
    ]


def _score(bag: ChainBag, played: ChainPlay, rules: ChainRules) -> BagScore:
    return score_bag(bag.name, bag.condition, played.frames, bag.objects, bag.known, bag.visible, rules)


def _figures_of(
    collected: Mapping[float, Sequence[BagScore]], rules: ChainRules
) -> dict[float, dict[str, Any]]:
    return {value: figures(scores, rules) for value, scores in collected.items()}
