"""How little the known vocabulary explains each patch: 0 explained, 1 not explained."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import TextTable, VisionError
from clipomaly_ros.vision.word_selection import LIMIT, words_of_frame

Map = NDArray[np.float32]

_PLAIN_SCALE = 60.0  # up to this logit scale its exponential times any number of words is a float32


@dataclass(frozen=True)
class Similarities:
    """Cosine of each patch with each text, and how sharply to compare them.

    cosines: float32 [..., N], approved classes first, then candidates.
    approved_count: how many of the N are approved classes, at least 2.
    logit_scale: factor before the softmax (the inverse of a temperature).
    """

    cosines: Map
    approved_count: int
    logit_scale: float


# A score takes the similarities and returns float32 [...], 0 to 1, of each patch by itself.
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
    logits = _approved_logits(similarities)
    count = logits.shape[-1]
    weights = np.exp(logits)
    total = weights.sum(axis=-1)
    # -sum p ln p with p = w / Z and ln w = logit: ln Z - sum w logit / Z. No logarithm of 0.
    entropy = np.log(total) - np.einsum("...c,...c->...", weights, logits) / total
    return np.asarray(np.clip(entropy / np.log(count), 0.0, 1.0), dtype=np.float32)


def candidate_mass_score(similarities: Similarities) -> Map:
    """Return the probability that all candidates together take from the approved classes.

    The softmax runs over approved classes and candidates. 0 without candidates.
    """
    count, scale = similarities.approved_count, similarities.logit_scale
    weights = similarities.cosines * np.float32(scale)
    # Each pass over all weights costs a millisecond a picture. Cosines are within -1 and 1, so that the
    # exponentials of moderate logits need no common factor, and nothing divides each of them.
    if scale > _PLAIN_SCALE:
        weights -= weights.max(axis=-1, keepdims=True)
    np.exp(weights, out=weights)
    known = np.einsum("...c->...", weights[..., :count])
    candidates = np.einsum("...c->...", weights[..., count:])
    mass = candidates / (known + candidates)
    return np.asarray(mass.clip(0.0, 1.0), dtype=np.float32)


def max_logit_score(similarities: Similarities) -> Map:
    """Return (1 - m) / 2, m the largest cosine with an approved class.

    Hendrycks et al. (arXiv 1911.11132) score by the negated largest logit. Logits are cosines times
    the logit scale, so dividing by it brings every one to -1 to 1 without changing their order, and
    the map to 0 to 1 is a straight line: nothing saturates, at any scale.
    """
    _check_count(similarities)
    largest = similarities.cosines[..., : similarities.approved_count].max(axis=-1)
    return _from_cosine(largest)


def energy_score(similarities: Similarities) -> Map:
    """Return (1 - e) / 2, e = (ln sum exp(scale cos) - ln C) / scale over the C approved classes.

    Liu et al. (arXiv 2010.03759): energy E = -T ln sum exp(logit / T), here of cosines with
    T = 1 / scale. Less the constant T ln C, -E is a soft mean of the cosines, thus within -1 to 1: their
    mean for small scales, their largest (max_logit) for large ones. The order is that of E.
    """
    logits = _approved_logits(similarities)
    largest = similarities.cosines[..., : similarities.approved_count].max(axis=-1)
    soft = np.log(np.exp(logits).mean(axis=-1)) / np.float32(similarities.logit_scale)
    return _from_cosine(largest + soft)


def margin_score(similarities: Similarities) -> Map:
    """Return 1 - (p1 - p2), the two largest probabilities of the softmax over approved classes.

    Rottmann et al. (arXiv 1811.00648), the probability difference among their dispersion measures.
    """
    weights = np.exp(_approved_logits(similarities))
    weights.partition(weights.shape[-1] - 2, axis=-1)
    # The largest weight is 1, thus p1 = 1 / (1 + rest). Written without the difference of nearly equal
    # numbers: clear patches keep their order however small the score.
    rest = weights[..., :-1].sum(axis=-1)
    score = (rest + weights[..., -2]) / (rest + np.float32(1.0))
    return np.asarray(np.clip(score, 0.0, 1.0), dtype=np.float32)


def _check_count(similarities: Similarities) -> None:
    if similarities.approved_count < 2:
        raise VisionError(
            f"an unknown score needs at least 2 approved classes, got {similarities.approved_count}"
        )


def _approved_logits(similarities: Similarities) -> Map:
    """Return the logits of the approved classes less each patch's largest, float32 [h, w, C]."""
    _check_count(similarities)
    logits = similarities.cosines[..., : similarities.approved_count] * np.float32(similarities.logit_scale)
    logits -= logits.max(axis=-1, keepdims=True)
    return np.asarray(logits, dtype=np.float32)


def _from_cosine(cosine: Map) -> Map:
    """Return 0 for cosine 1 and 1 for cosine -1, straight in between."""
    return np.asarray(np.clip((1.0 - cosine) * 0.5, 0.0, 1.0), dtype=np.float32)


UNKNOWN_SCORES: Mapping[str, UnknownScore] = {
    "entropy": entropy_score,
    "candidate_mass": candidate_mass_score,
    "max_logit": max_logit_score,
    "energy": energy_score,
    "margin": margin_score,
}
# Scores that live on the scale of cosines: with CLIP's narrow range of cosines they differ little.
COSINE_SCORES = ("max_logit", "energy")
# Scores that look at the candidates, too.
CANDIDATE_SCORES = ("candidate_mass",)
# Scores that do not depend on the logit scale.
SCALE_FREE_SCORES = ("max_logit",)

_COSINES_AT_A_TIME = 1 << 16
_PATCHES_AT_A_TIME = 1 << 14


def score_patches(patches: Map, table: TextTable, name: str, logit_scale: float) -> tuple[Map, Map]:
    """Return the unknown score, float32 [h, w], and the cosines with the approved classes, [h, w, C].

    patches: float32 [h, w, D], L2-normalised. name: one of UNKNOWN_SCORES. Of a large dictionary only
    the words of this frame compete, see words_of_frame: neither the time nor the score grows
    with words that nothing in the image resembles.
    """
    score, count = UNKNOWN_SCORES[name], table.approved_count
    known = patches @ table.embeddings[:count].T
    if name not in CANDIDATE_SCORES:
        return score(Similarities(known, count, logit_scale)), known
    words = table.embeddings[count:]
    if len(words) > LIMIT:
        words = words[words_of_frame(patches, known.max(axis=2), words)]
    flat, flat_known = patches.reshape(-1, patches.shape[-1]), known.reshape(-1, count)
    result = np.empty(len(flat), np.float32)
    step = max(1, _COSINES_AT_A_TIME // (count + len(words)))
    cosines = np.empty((min(len(flat), _PATCHES_AT_A_TIME), count + len(words)), np.float32)
    # One product of many patches, as on a busy machine the threads of every product wait for one another;
    # then a few patches at a time, so that the work stays in the cache.
    for start in range(0, len(flat), _PATCHES_AT_A_TIME):
        many = slice(start, start + _PATCHES_AT_A_TIME)
        shown, part, scored = flat[many], cosines[: len(flat[many])], result[many]
        part[:, :count] = flat_known[many]
        np.matmul(shown, words.T, out=part[:, count:])
        for first in range(0, len(shown), step):
            few = slice(first, first + step)
            scored[few] = score(Similarities(part[few], count, logit_scale))
    return result.reshape(patches.shape[:2]), known
