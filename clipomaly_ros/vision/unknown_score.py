"""How little the known vocabulary explains each patch: 0 explained, 1 not explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import VisionError

Map = NDArray[np.float32]


@dataclass(frozen=True)
class Similarities:
    """Cosine of each patch with each text, and how sharply to compare them.

    cosines: float32 [h, w, N], approved classes first, then candidates.
    approved_count: how many of the N are approved classes, at least 2.
    logit_scale: factor before the softmax (the inverse of a temperature).
    """

    cosines: Map
    approved_count: int
    logit_scale: float


# A score takes the similarities and returns float32 [h, w], 0 to 1.
UnknownScore = Callable[[Similarities], Map]


def class_probabilities(cosines: Map, logit_scale: float) -> Map:
    """Return softmax(logit_scale * cosines) over the last axis, float32; stable for any scale."""
    logits = cosines * np.float32(logit_scale)
    logits -= logits.max(axis=-1, keepdims=True)
    np.exp(logits, out=logits)
    logits /= logits.sum(axis=-1, keepdims=True)
    return np.asarray(logits, dtype=np.float32)


def entropy_score(similarities: Similarities) -> Map:
    """Return the entropy over the approved classes divided by its maximum, ln C.

    Clipomaly (arXiv 2512.01427): p = softmax over the C known classes, score = -sum p ln p.
    """
    count = similarities.approved_count
    if count < 2:
        raise VisionError(f"the entropy needs at least 2 approved classes, got {count}")
    logits = similarities.cosines[..., :count] * np.float32(similarities.logit_scale)
    logits -= logits.max(axis=-1, keepdims=True)
    weights = np.exp(logits)
    total = weights.sum(axis=-1)
    # -sum p ln p with p = w / Z and ln w = logit: ln Z - sum w logit / Z. No logarithm of 0.
    entropy = np.log(total) - np.einsum("...c,...c->...", weights, logits) / total
    return np.asarray(np.clip(entropy / np.log(count), 0.0, 1.0), dtype=np.float32)


def candidate_mass_score(similarities: Similarities) -> Map:
    """Return the probability that all candidates together take from the approved classes.

    The softmax runs over approved classes and candidates. 0 without candidates.
    """
    probabilities = class_probabilities(similarities.cosines, similarities.logit_scale)
    return np.asarray(probabilities[..., similarities.approved_count :].sum(axis=-1).clip(0.0, 1.0))


UNKNOWN_SCORES: Mapping[str, UnknownScore] = {
    "entropy": entropy_score,
    "candidate_mass": candidate_mass_score,
}
