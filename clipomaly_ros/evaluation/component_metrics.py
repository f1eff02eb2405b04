"""Component metrics as the SegmentMeIfYouCan evaluator defines them: sIoU, PPV, mean F1.

Chan et al., "SegmentMeIfYouCan: A Benchmark for Anomaly Segmentation", NeurIPS 2021; the
adjusted IoU (sIoU) is that of Rottmann et al., "Prediction Error Meta Classification", 2020.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cc3d
import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.pixel_metrics import ANOMALY, VOID

SIOU_THRESHOLDS = np.linspace(0.25, 0.75, 11)


@dataclass(frozen=True)
class ComponentSizes:
    """Smaller components are left out [pixel]: predicted ones dropped, labelled ones void."""

    predicted: int
    labelled: int


ANOMALY_TRACK = ComponentSizes(500, 100)
OBSTACLE_TRACK = ComponentSizes(50, 10)


@dataclass(frozen=True)
class FrameComponents:
    """Scores of one frame: siou of each labelled, ppv of each predicted component, float64."""

    siou: NDArray[np.float64]
    ppv: NDArray[np.float64]


@dataclass(frozen=True)
class ComponentMetrics:
    """Metrics of a set of frames; NaN where there is nothing to average over.

    f1: at each of the 11 thresholds 0.25, 0.30 ... 0.75. mean_f1: their mean.
    """

    siou: float
    ppv: float
    mean_f1: float
    f1: tuple[float, ...]
    labelled: int
    predicted: int


def frame_components(
    predicted: NDArray[np.bool_], label: NDArray[np.uint8], sizes: ComponentSizes
) -> FrameComponents:
    """Compare the 8-connected components of a prediction with those of the label.

    predicted: bool [H, W], score > threshold. label: uint8 [H, W], 0 normal, 1 anomaly, 255 void.
    """
    if predicted.shape != label.shape or predicted.ndim != 2:
        raise ValueError(f"expected masks [H, W] alike, got {predicted.shape} and {label.shape}")
    anomalous, judged = label == ANOMALY, predicted & (label != VOID)
    relevant = np.flatnonzero(anomalous | judged)
    (truth, labelled), (found, count) = _components(anomalous), _components(judged)
    pairs = truth.ravel()[relevant].astype(np.int64) * (count + 1) + found.ravel()[relevant]
    overlap = np.bincount(pairs, minlength=(labelled + 1) * (count + 1)).reshape(labelled + 1, count + 1)
    truth_area, found_area = overlap.sum(axis=1), overlap.sum(axis=0)
    large_truth, large_found = truth_area >= sizes.labelled, found_area >= sizes.predicted
    large_truth[0] = large_found[0] = False
    # Row 0 is the background. A small labelled component is void: what was found there is not
    # counted anywhere, so its row is simply left out of every sum.
    inside = overlap[large_truth][:, large_found].astype(np.float64)
    counted = inside.sum(axis=0) + overlap[0, large_found]
    inside, counted = inside[:, counted > 0], counted[counted > 0]
    touches = inside > 0
    intersection = inside.sum(axis=1)
    union_found = touches @ counted
    elsewhere = touches @ inside.sum(axis=0) - intersection
    siou = intersection / (union_found + truth_area[large_truth] - intersection - elsewhere)
    return FrameComponents(siou, inside.sum(axis=0) / counted)


def pooled_components(frames: Sequence[FrameComponents]) -> ComponentMetrics:
    """Return the metrics of a set: means over all its components, counts summed over frames."""
    siou = np.concatenate([np.zeros(0), *(frame.siou for frame in frames)])
    ppv = np.concatenate([np.zeros(0), *(frame.ppv for frame in frames)])
    scores = []
    for limit in SIOU_THRESHOLDS:
        tp, fn, fp = int((siou >= limit).sum()), int((siou < limit).sum()), int((ppv < limit).sum())
        scores.append(2 * tp / (2 * tp + fn + fp) if len(siou) + len(ppv) else float("nan"))
    return ComponentMetrics(
        siou=float(siou.mean()) if len(siou) else float("nan"),
        ppv=float(ppv.mean()) if len(ppv) else float("nan"),
        mean_f1=float(np.mean(scores)),
        f1=tuple(scores),
        labelled=len(siou),
        predicted=len(ppv),
    )


def _components(mask: NDArray[np.bool_]) -> tuple[NDArray[np.unsignedinteger], int]:
    """Return the component of each pixel, 0 = none, and how many there are."""
    if not mask.any():
        return np.zeros(mask.shape, np.uint8), 0
    found, count = cc3d.connected_components(mask.view(np.uint8), connectivity=8, return_N=True)
    return found, int(count)
