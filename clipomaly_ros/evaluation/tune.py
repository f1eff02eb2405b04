"""The fixed threshold, score and logit scale, chosen on a validation split before any test.

No anomaly label enters the threshold: it is the lowest one at which regions beside anomalies
stay rare enough, or the conformal one of the frames without anomalies. Which score and logit scale
to take is decided on the validation anomalies.
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
from clipomaly_ros.evaluation.segmentation import DEFAULT_RULES, EvaluationRules, chosen_frames, read_pair
from clipomaly_ros.evaluation.segmenter_source import RememberingEncoder, SegmenterSource, source_score
from clipomaly_ros.vision.conformal import conformal_threshold, frames_needed, region_peak
from clipomaly_ros.vision.regions import PictureScale, find_components, unknown_mask
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.unknown_score import COSINE_SCORES, SCALE_FREE_SCORES, UNKNOWN_SCORES

LOCKED_SPLITS = ("test", "nofod")
LOGIT_SCALES = (10.0, 20.0, 40.0, 70.0, 100.0)
LEVELS = np.concatenate([np.linspace(0.01, 0.98, 98), [0.985, 0.99, 0.995, 0.998, 0.999]])
COSINE_LEVELS = np.linspace(0.0025, 0.9975, 399)  # cosines 0.005 apart, for the scores on their scale
CHOICES = ("detection", "average_precision")
FUSED = "fused"  # the score of a ScoreFusion
_MANY = 25  # false alarms in one frame: no lower threshold can do


@dataclass(frozen=True)
class OperatingPoint:
    """What one score with one logit scale reaches on the validation frames.

    threshold: lowest one that keeps the target, 1 if none does. false_alarms: regions beside
    anomalies at it; with alpha, frames with any region. frames: all frames; with alpha, the nominal
    ones, those without anomalies. detection: share of the visible anomalies of which enough pixels lie above.
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
    levels: NDArray[np.float64]
    alarms: NDArray[np.int64] = field(init=False)
    peaks: list[float] = field(default_factory=list)
    histograms: list[FrameHistogram] = field(default_factory=list)
    detectable: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alarms = np.zeros(len(self.levels), np.int64)


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
    alpha: float | None = None,
) -> list[OperatingPoint]:
    """Return the operating points of all scores and logit scales, the best first.

    target: false alarms per 1,000 frames that may remain. choose: what makes one the best.
    alpha: in place of the target, the probability that a new frame without anomalies raises any
    alarm, see vision.conformal; every such frame of the set is taken for calibration, void and all.
    A score that does not depend on the logit scale is tried with the settings' one only.
    ValueError for the split that is locked for the test, a wrong target or choice, or too few
    frames without anomalies for alpha.
    """
    if data.split in LOCKED_SPLITS:
        raise ValueError(
            f"the split '{data.split}' is locked for the final test; tune on the validation split"
        )
    if choose not in CHOICES or not 0 <= target < np.inf:
        raise ValueError(
            f"expected a choice out of {', '.join(CHOICES)} and a target of 0 or more, got "
            f"{choose!r} and {target!r}"
        )
    names = chosen_frames(data, limit)
    if alpha is not None and len(names) < frames_needed(alpha):
        raise ValueError(
            f"expected at least {frames_needed(alpha)} frames without anomalies for alpha {alpha:g}, "
            f"got {len(names)} frames in all"
        )
    encoder = RememberingEncoder(source.encoder)
    trials = {
        (score, scale): _Trial(
            AnomalySegmenter(encoder, source.table, _without_regions(settings, score, scale)),
            COSINE_LEVELS if score in COSINE_SCORES else LEVELS,
        )
        for score in scores
        for scale in ([settings.logit_scale] if score in SCALE_FREE_SCORES else logit_scales)
        if source.fusion is None
    }
    if source.fusion is not None:  # there is nothing else to choose from
        fused = _without_regions(settings, settings.unknown_score, source.fusion.recipe.logit_scale)
        trials[FUSED, source.fusion.recipe.logit_scale] = _Trial(
            AnomalySegmenter(encoder, source.table, fused, source.fusion), LEVELS
        )
    for name in progress(names, "tuning"):
        rgb, frame = read_pair(data, name)
        encoder.forget()
        nominal = not (frame.anomaly == ANOMALY).any()
        for trial in trials.values():
            result = trial.segmenter.segment(rgb)
            full = source_score(result)
            if alpha is None:
                trial.alarms += false_alarms_by_level(result.score, frame.anomaly, settings, trial.levels)
            elif nominal:
                trial.peaks.append(_peak(result.score, frame.anomaly, settings))
            trial.histograms.append(frame_histogram(full.astype(np.float16), frame.anomaly))
            trial.detectable += detection_levels(full, frame, rules.detection)
    points = [
        _point(score, scale, trial, *_operating_point(trial, target, alpha, len(names)))
        for (score, scale), trial in trials.items()
    ]
    keys: dict[str, Callable[[OperatingPoint], tuple[float, ...]]] = {
        "detection": lambda point: (point.detection, point.average_precision),
        "average_precision": lambda point: (point.average_precision, point.detection),
    }
    return sorted(points, key=lambda point: tuple(np.nan_to_num(keys[choose](point))), reverse=True)


def false_alarms_by_level(
    score: NDArray[np.float32],
    label: NDArray[np.uint8],
    settings: SegmenterSettings,
    levels: NDArray[np.float64] = LEVELS,
) -> NDArray[np.int64]:
    """Return how many regions beside every anomaly there are above each of the levels, int64.

    score: working picture. label: uint8 [H, W] at source size. Regions smaller or larger than
    the settings allow do not count, nor do those that lie in void altogether.
    """
    scale = _scale(score, label)
    working = scale.to_working(label)
    limits = (settings.min_region_area, settings.max_region_area_fraction * label.size)
    counts = np.zeros(len(levels), np.int64)
    top = float(score.max())
    for index in range(len(levels) - 1, -1, -1):
        if top <= levels[index]:
            continue
        mask = unknown_mask(score, "fixed", float(levels[index]), 0.0, settings.threshold_low)
        above = mask.view(np.uint8)
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


def _scale(score: NDArray[np.float32], label: NDArray[np.uint8]) -> PictureScale:
    return PictureScale(
        (int(score.shape[0]), int(score.shape[1])), (int(label.shape[0]), int(label.shape[1]))
    )


def _peak(score: NDArray[np.float32], label: NDArray[np.uint8], settings: SegmenterSettings) -> float:
    return region_peak(score, _scale(score, label), settings.min_region_area, settings.threshold_low)


def _operating_point(
    trial: _Trial, target: float, alpha: float | None, frames: int
) -> tuple[float, int, int]:
    """Return the threshold, the alarms at it, and the frames that these were counted on."""
    if alpha is not None:
        # Six digits do for people; upwards, so that the guarantee stands.
        threshold = min(float(np.ceil(conformal_threshold(trial.peaks, alpha) * 1e6) / 1e6), 1.0)
        return threshold, int((np.array(trial.peaks) > np.float32(threshold)).sum()), len(trial.peaks)
    index = lowest_quiet_level(trial.alarms, int(target * frames / 1000))
    if index is None:
        return 1.0, 0, frames
    return round(float(trial.levels[index]), 4), int(trial.alarms[index]), frames


def _point(
    score: str, scale: float, trial: _Trial, threshold: float, false_alarms: int, frames: int
) -> OperatingPoint:
    pixels = pooled_metrics(trial.histograms)
    found = np.array(trial.detectable) > threshold
    return OperatingPoint(
        score,
        float(scale),
        threshold,
        false_alarms,
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
        name_words="dictionary",
    )
