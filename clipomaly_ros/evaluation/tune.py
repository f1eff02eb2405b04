"""The fixed threshold, score and logit scale, chosen on a validation split before any test.

No anomaly label enters the threshold: it is the lowest one at which regions beside anomalies
stay rare enough. Which score and logit scale to take is decided on the validation anomalies.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.detection_rates import DetectionRule
from clipomaly_ros.evaluation.labelled_frames import LabelledFrame, LabelledImages
from clipomaly_ros.evaluation.pixel_metrics import (
    ANOMALY,
    VOID,
    FrameHistogram,
    frame_histogram,
    pooled_metrics,
)
from clipomaly_ros.evaluation.segmentation import DEFAULT_RULES, EvaluationRules, chosen_frames
from clipomaly_ros.evaluation.segmenter_source import RememberingEncoder, SegmenterSource, source_score
from clipomaly_ros.vision.regions import PictureScale, find_components
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.unknown_score import UNKNOWN_SCORES

LOCKED_SPLITS = ("test", "nofod")
LOGIT_SCALES = (10.0, 20.0, 40.0, 70.0, 100.0)
LEVELS = np.concatenate([np.linspace(0.01, 0.98, 98), [0.985, 0.99, 0.995, 0.998, 0.999]])
CHOICES = ("detection", "average_precision")
_MANY = 25  # false alarms in one frame: no lower threshold can do


@dataclass(frozen=True)
class OperatingPoint:
    """What one score with one logit scale reaches on the validation frames.

    threshold: lowest one that keeps the target, 1 if none does. false_alarms: regions beside
    anomalies at it. detection: share of the visible anomalies of which enough pixels lie above.
    """

    unknown_score: str
    logit_scale: float
    threshold: float
    false_alarms: int
    frames: int
    detection: float
    average_precision: float
    fpr95: float
    best_f1_threshold: float


@dataclass
class _Trial:
    """What is gathered of one setting over the frames."""

    segmenter: AnomalySegmenter
    alarms: NDArray[np.int64] = field(default_factory=lambda: np.zeros(len(LEVELS), np.int64))
    histograms: list[FrameHistogram] = field(default_factory=list)
    detectable: list[float] = field(default_factory=list)


def tune_threshold(
    source: SegmenterSource,
    settings: SegmenterSettings,
    data: LabelledImages,
    target: float,
    scores: Sequence[str] = tuple(UNKNOWN_SCORES),
    logit_scales: Sequence[float] = LOGIT_SCALES,
    rules: EvaluationRules = DEFAULT_RULES,
    choose: str = "detection",
    limit: int | None = None,
    progress: Callable[[Sequence[str], str], Iterator[str]] = lambda items, text: iter(items),
) -> list[OperatingPoint]:
    """Return the operating points of all scores and logit scales, the best first.

    target: false alarms per 1,000 frames that may remain. choose: what makes one the best.
    ValueError for the split that is locked for the test, or a wrong target or choice.
    """
    if data.split in LOCKED_SPLITS:
        raise ValueError(
            f"the split '{data.split}' is locked for the final test; tune on the validation split"
        )
    if choose not in CHOICES or not target >= 0:
        raise ValueError(
            f"expected a choice out of {', '.join(CHOICES)} and a target of 0 or more, got "
            f"{choose!r} and {target!r}"
        )
    encoder = RememberingEncoder(source.encoder)
    trials = {
        (score, scale): _Trial(
            AnomalySegmenter(encoder, source.table, _without_regions(settings, score, scale))
        )
        for score in scores
        for scale in logit_scales
    }
    names = chosen_frames(data, limit)
    for name in progress(names, "tuning"):
        rgb, frame = data.image(name), data.frame(name)
        encoder.forget()
        for trial in trials.values():
            result = trial.segmenter.segment(rgb)
            full = source_score(result)
            trial.alarms += false_alarms_by_level(result.score, frame.anomaly, settings)
            trial.histograms.append(frame_histogram(full.astype(np.float16), frame.anomaly))
            trial.detectable += detection_levels(full, frame, rules.detection)
    allowed = int(target * len(names) / 1000)
    points = [_point(score, scale, trial, allowed, len(names)) for (score, scale), trial in trials.items()]
    keys: dict[str, Callable[[OperatingPoint], tuple[float, ...]]] = {
        "detection": lambda point: (point.detection, point.average_precision),
        "average_precision": lambda point: (point.average_precision, point.detection),
    }
    return sorted(points, key=lambda point: tuple(np.nan_to_num(keys[choose](point))), reverse=True)


def false_alarms_by_level(
    score: NDArray[np.float32], label: NDArray[np.uint8], settings: SegmenterSettings
) -> NDArray[np.int64]:
    """Return how many regions beside every anomaly there are above each of LEVELS, int64.

    score: working picture. label: uint8 [H, W] at source size. Regions smaller or larger than
    the settings allow do not count, nor do those that lie in void altogether.
    """
    scale = PictureScale(
        (int(score.shape[0]), int(score.shape[1])), (int(label.shape[0]), int(label.shape[1]))
    )
    working = scale.to_working(label)
    limits = (settings.min_region_area, settings.max_region_area_fraction * label.size)
    counts = np.zeros(len(LEVELS), np.int64)
    top = float(score.max())
    for index in range(len(LEVELS) - 1, -1, -1):
        if top <= LEVELS[index]:
            continue
        above = (score > np.float32(LEVELS[index])).view(np.uint8)
        found, _ = find_components(above, scale, *limits, settings.max_regions)
        for component in found:
            height, width = component.mask.shape
            inside = working[component.top : component.top + height, component.left : component.left + width]
            values = inside[component.mask]
            counts[index] += not (values == ANOMALY).any() and not (values == VOID).all()
        if counts[index] > _MANY:
            counts[:index] = counts[index]
            break
    return counts


def detection_levels(
    score: NDArray[np.float32], frame: LabelledFrame, rule: DetectionRule
) -> Iterable[float]:
    """Return for each visible anomaly the level below which a threshold finds it.

    That is the score which the share of its pixels that must be covered exceeds; the highest
    one for a small object. The least area of a region is not looked at.
    """
    if frame.instances is None:
        return []
    levels = []
    for thing in frame.things:
        values = score[frame.instances == thing.value]
        if values.size >= max(rule.min_area, 1):
            share = 0.0 if values.size < rule.small_area else rule.coverage
            levels.append(float(np.quantile(values, 1.0 - share)))
    return levels


def lowest_quiet_level(alarms: NDArray[np.int64], allowed: int) -> int | None:
    """Return the index of the lowest level from which on upwards the alarms never exceed `allowed`."""
    loud = np.flatnonzero(alarms > allowed)
    index = int(loud[-1]) + 1 if len(loud) else 0
    return index if index < len(alarms) else None


def _point(score: str, scale: float, trial: _Trial, allowed: int, frames: int) -> OperatingPoint:
    index = lowest_quiet_level(trial.alarms, allowed)
    threshold = 1.0 if index is None else round(float(LEVELS[index]), 4)
    pixels = pooled_metrics(trial.histograms)
    found = np.array(trial.detectable) > threshold
    return OperatingPoint(
        score,
        float(scale),
        threshold,
        0 if index is None else int(trial.alarms[index]),
        frames,
        float(found.mean()) if len(found) else float("nan"),
        pixels.average_precision,
        pixels.fpr95,
        pixels.best_f1_threshold,
    )


def _without_regions(settings: SegmenterSettings, score: str, scale: float) -> SegmenterSettings:
    """Return settings that give the score only: no score exceeds 1, so no region is made."""
    return replace(
        settings,
        unknown_score=score,
        logit_scale=float(scale),
        threshold_mode="fixed",
        threshold=1.0,
        report_known=False,
    )
