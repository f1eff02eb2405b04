"""Pixel metrics as the SegmentMeIfYouCan evaluator defines them: AP, FPR95, AUROC, best F1.

Chan et al., "SegmentMeIfYouCan: A Benchmark for Anomaly Segmentation", NeurIPS 2021 (data sets
and benchmarks), appendix; the figures are comparable with those of its public evaluator.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

NORMAL, ANOMALY, VOID = 0, 1, 255
QUANTILES = 384  # of the scores of each kind of pixel in a frame
_HALVES = 1 << 16  # values of a float16


@dataclass(frozen=True)
class FrameHistogram:
    """Scores of one frame in its own bins, highest first.

    thresholds: float64 [n], the lower edge of each bin. anomalous, normal: int64 [n], pixels of
    each kind in each bin.
    """

    thresholds: NDArray[np.float64]
    anomalous: NDArray[np.int64]
    normal: NDArray[np.int64]


@dataclass(frozen=True)
class PixelMetrics:
    """Pixel metrics of a set of frames; NaN where the set lacks one kind of pixel.

    best_f1_threshold: prediction = score > it. thresholds, recall, precision, fpr: the curve,
    from the highest threshold down; its first point is recall 0 at precision 1.
    """

    average_precision: float
    fpr95: float
    auroc: float
    best_f1: float
    best_f1_threshold: float
    anomalous_pixels: int
    normal_pixels: int
    thresholds: NDArray[np.float64]
    recall: NDArray[np.float64]
    precision: NDArray[np.float64]
    fpr: NDArray[np.float64]

    def at(self, threshold: float) -> tuple[float, float, float]:
        """Return recall, precision and F1 of the prediction score > threshold, to the curve's bins."""
        index = int(np.searchsorted(-self.thresholds, -threshold, side="left")) - 1
        recall, precision = float(self.recall[max(index, 0)]), float(self.precision[max(index, 0)])
        total = recall + precision
        return recall, precision, 2 * recall * precision / total if total else 0.0


def frame_histogram(score: NDArray[np.floating], label: NDArray[np.uint8]) -> FrameHistogram:
    """Put the scores of a frame into bins whose edges are quantiles of the frame's own scores.

    score: [H, W], finite, stored as float16. label: uint8 [H, W], 0 normal, 1 anomaly, 255 void.
    At most 384 quantiles of each kind of pixel, and the range widened by 1 % (at least 0.01).
    Raises ValueError for shapes that differ, other labels, or scores that are not finite.
    """
    counts = _half_counts(score, label)
    used = np.flatnonzero(counts.sum(axis=0))
    if not len(used):
        return FrameHistogram(np.zeros(0), np.zeros(0, np.int64), np.zeros(0, np.int64))
    counts, values = counts[:, used], _half_values()[used]
    margin = max(0.01 * (values[-1] - values[0]), 0.01)
    ends = np.array([values[0] - margin, values[-1] + margin])
    edges = np.unique(np.concatenate([ends, *(_quantiles(values, row) for row in counts if row.any())]))
    bins = np.searchsorted(edges, values, side="right") - 1
    normal, anomalous = (
        np.bincount(bins, weights=row, minlength=len(edges) - 1).astype(np.int64) for row in counts
    )
    return FrameHistogram(edges[-2::-1].copy(), anomalous[::-1].copy(), normal[::-1].copy())


def pooled_metrics(frames: Sequence[FrameHistogram]) -> PixelMetrics:
    """Pool the histograms of all frames and return the metrics of the set.

    AP = sum of recall steps times the precision at each step's right end; FPR95 = false positive
    rate at the first threshold with a true positive rate of at least 0.95, 1 if there is none.
    """
    empty = np.zeros(0)
    thresholds = np.concatenate([empty, *(frame.thresholds for frame in frames)])
    order = np.argsort(-thresholds, kind="stable")
    thresholds = thresholds[order]
    tp = np.cumsum(np.concatenate([empty, *(frame.anomalous for frame in frames)])[order])
    fp = np.cumsum(np.concatenate([empty, *(frame.normal for frame in frames)])[order])
    positives, negatives = (int(total[-1]) if len(total) else 0 for total in (tp, fp))
    # Frames may share thresholds: only the last of equal ones has seen all their pixels.
    last = np.append(thresholds[:-1] != thresholds[1:], True)[: len(thresholds)]
    thresholds = np.append(np.inf, thresholds[last])
    tp, fp = np.append(0.0, tp[last]), np.append(0.0, fp[last])
    recall = tp / positives if positives else np.full(len(tp), np.nan)
    fpr = fp / negatives if negatives else np.full(len(fp), np.nan)
    precision = np.divide(tp, tp + fp, out=np.ones_like(tp), where=tp + fp > 0)
    f1 = 2 * tp / np.maximum(tp + fp + positives, 1)
    best = int(np.argmax(f1))
    nan = float("nan")
    both = positives > 0 and negatives > 0
    return PixelMetrics(
        average_precision=float(np.sum(np.diff(recall) * precision[1:])) if positives else nan,
        fpr95=_fpr95(recall, fpr) if both else nan,
        auroc=float(np.sum(np.diff(fpr) * (recall[1:] + recall[:-1]) / 2)) if both else nan,
        best_f1=float(f1[best]) if positives else nan,
        # A bin holds its lower edge, so "greater than" needs the next number below the edge.
        best_f1_threshold=float(np.nextafter(thresholds[best], -np.inf)) if positives else nan,
        anomalous_pixels=positives,
        normal_pixels=negatives,
        thresholds=thresholds,
        recall=recall,
        precision=precision,
        fpr=fpr,
    )


def _fpr95(recall: NDArray[np.float64], fpr: NDArray[np.float64]) -> float:
    reached = np.flatnonzero(recall >= 0.95)
    return float(fpr[reached[0]]) if len(reached) else 1.0


def _half_counts(score: NDArray[np.floating], label: NDArray[np.uint8]) -> NDArray[np.int64]:
    """Return how many normal and how many anomalous pixels have each float16, int64 [2, 65536].

    Column order is the order of the values. A float16 has few values, so counting them once
    replaces every sort of the frame's pixels.
    """
    if score.shape != label.shape or score.ndim != 2:
        raise ValueError(f"expected score and label [H, W] alike, got {score.shape} and {label.shape}")
    half = np.ascontiguousarray(score, np.float16)
    bits = half.view(np.uint16).ravel()
    flat = label.ravel()
    anomalous, void = np.flatnonzero(flat == ANOMALY), np.flatnonzero(flat == VOID)
    if np.count_nonzero(flat) != len(anomalous) + len(void):
        raise ValueError(f"expected labels 0, 1 and 255, got {np.unique(flat)[:8].tolist()}")
    of_anomalous = np.bincount(bits[anomalous], minlength=_HALVES)
    of_void = np.bincount(bits[void], minlength=_HALVES)
    counts = np.stack([np.bincount(bits, minlength=_HALVES) - of_anomalous - of_void, of_anomalous])
    exponent_full = (np.arange(_HALVES) & 0x7C00) == 0x7C00
    if counts[:, exponent_full].any():
        raise ValueError("expected finite scores in float16's range, got infinities or NaN")
    return counts[:, _half_order()]


def _half_order() -> NDArray[np.intp]:
    """Return the bit patterns of float16 in the order of their values, infinities and NaN outside."""
    return np.concatenate([np.arange(_HALVES - 1, _HALVES // 2 - 1, -1), np.arange(_HALVES // 2)])


def _half_values() -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):
        return _half_order().astype(np.uint16).view(np.float16).astype(np.float64)


def _quantiles(values: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return at most 384 evenly spaced quantiles, linearly interpolated, of counted values."""
    total = int(counts.sum())
    position = np.linspace(0.0, 1.0, min(QUANTILES, total)) * (total - 1)
    # A position that is whole but for rounding must hit the value itself, or the pixel that has
    # it falls into the bin below.
    whole = np.rint(position)
    position = np.where(np.abs(position - whole) < 1e-6, whole, position)
    cumulated = np.cumsum(counts)
    below = values[np.searchsorted(cumulated, np.floor(position), side="right")]
    above = values[np.searchsorted(cumulated, np.minimum(np.floor(position) + 1, total - 1), side="right")]
    return np.asarray(below + (above - below) * (position - np.floor(position)))
