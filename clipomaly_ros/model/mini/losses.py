"""What apron-mini is trained for: cells that say what they show, boxes that say what is in them."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from clipomaly_ros.model.mini.pictures import BEHIND, SHAPE

_LEAST_WEIGHT = 0.02  # of a cell in a box, so that an object taken for its background can be learnt
_RING = 2  # cells around a box that show its background
_BACKGROUND = 0.1  # share of the ring from which a class counts as background
_TRUST = 0.3  # in the estimated shape of a thing and what is behind, whatever the model sees there
_BEHIND_WEIGHT = 0.5  # of the cells behind a thing
_HARDEST = 0.01  # share of the known cells that the mass loss looks at


@dataclass(frozen=True)
class TextBank:
    """Normalised text embeddings [N, D]: approved classes, then candidates, then strange words."""

    embeddings: Tensor
    approved: int
    candidates: int

    @property
    def strange(self) -> int:
        """Return the first row of the strange words."""
        return self.approved + self.candidates


def known_loss(logits: Tensor, labels: Tensor, bank: TextBank) -> Tensor:
    """Return the dense patch-text alignment of the known classes.

    logits: [N, h, w, texts]. labels: int64 [N, h, w, 4], approved class at four places of a
    cell, 255 ignored. Cross-entropy over the whole bank: candidates and strange words are the
    negatives that keep known surfaces and their borders free of them. Rare classes count more.
    """
    valid = labels < bank.approved
    log_probability = logits.log_softmax(dim=-1)
    target = torch.where(valid, labels, 0)
    losses = -log_probability.gather(-1, target)
    counts = torch.bincount(labels[valid], minlength=bank.approved).float()
    weight = (1.0 / (counts + 20.0).sqrt())[target] * valid
    return (losses * weight).sum() / weight.sum().clamp_min(1e-6)


def box_loss(
    cells: Tensor,
    logits: Tensor,
    labels: Tensor,
    boxes: Tensor,
    words: Tensor,
    bank: TextBank,
    scale: Tensor,
) -> Tensor:
    """Return the contrastive loss of boxed objects against all texts.

    cells: embeddings before normalisation [N, h, w, D]; logits and labels as in known_loss. boxes:
    [B, 5], picture and edges in cells. words: int64 [B], candidate or -1 for a strange shape.

    A box also shows what is behind the object. Cells get little weight where the estimated
    shape of the thing is not, and where the model, as it is now, sees the classes that also
    surround the box (an expectation-maximisation step): the rest is pooled to one embedding, as
    the global embedding pools a crop, and each cell is drawn to the caption by its weight. Cells
    behind the shape are drawn to the classes around the box, whichever of them, most where the
    model agrees.
    """
    total = logits.new_zeros(())
    if not len(words):
        return total
    spans = [
        (int(box[0]), *(_span(box[k], box[k + 2], logits.shape[3 - k]) for k in (2, 1)))
        for box in boxes.tolist()
    ]
    # All boxes at once: each slice of a map costs a map of zeros on the way back.
    number = torch.arange(logits.shape[:3].numel()).view(logits.shape[:3])
    within = [number[span].flatten() for span in spans]
    picked, sizes = torch.cat(within), [len(part) for part in within]
    log_probabilities = logits.flatten(0, 2)[picked].log_softmax(dim=-1).split(sizes)
    embeddings = cells.flatten(0, 2)[picked].split(sizes)
    samples = labels.flatten(0, 2)[picked].split(sizes)
    for box, word, span, log_probability, embedding, sample in zip(
        boxes.tolist(), words.tolist(), spans, log_probabilities, embeddings, samples, strict=True
    ):
        index, rows, columns = span
        known = log_probability[:, : bank.approved]
        with torch.no_grad():
            around = _around(logits[index], rows, columns, bank)
            background = known.exp() @ around
            shape = (sample == SHAPE).float().mean(dim=-1)
            foreground = 1.0 - background
            if shape.any():
                foreground = shape * (_TRUST + (1.0 - _TRUST) * foreground)
            weight = (foreground + _LEAST_WEIGHT) * _bump(box, rows, columns, logits)
            weight = weight / weight.sum()
            behind = (sample == BEHIND).all(dim=-1) * (_TRUST + (1.0 - _TRUST) * background)
        pooled = functional.normalize(weight @ embedding, dim=-1)
        whole = (scale * (pooled @ bank.embeddings.T)).log_softmax(dim=-1)
        total = total + _missed(whole, word, bank) + weight @ _missed(log_probability, word, bank)
        if behind.any() and around.any():
            explained = known[:, around > 0].logsumexp(dim=-1)
            total = total - _BEHIND_WEIGHT * (behind @ explained) / len(behind)
    return total / len(words)


def mass_loss(logits: Tensor, labels: Tensor, bank: TextBank) -> Tensor:
    """Return how much is strange where it should be known, and known where it should be strange.

    logits, labels: as in known_loss. What is published is the candidates' share of the probability,
    above a high threshold: of the known cells only the hardest count, each as much as any other,
    for a false alarm is a matter of a few cells out of thousands; of the strange ones all inside
    estimated shapes, so that large things count by their area, whatever they are called.
    """
    log_probability = logits.log_softmax(dim=-1)
    loss = logits.new_zeros(())
    known = (labels < bank.approved).all(dim=-1)
    if known.any():
        missed = -log_probability[known][:, : bank.approved].logsumexp(dim=-1)
        loss = loss + missed.topk(max(1, int(_HARDEST * len(missed)))).values.mean()
    strange = (labels == SHAPE).all(dim=-1)
    if strange.any():
        loss = loss - log_probability[strange][:, bank.approved :].logsumexp(dim=-1).mean()
    return 0.5 * loss


def _around(picture: Tensor, rows: slice, columns: slice, bank: TextBank) -> Tensor:
    """Return which known classes the model sees around a box, float [approved], 0 or 1."""
    top, left = max(0, rows.start - _RING), max(0, columns.start - _RING)
    outside = picture[top : rows.stop + _RING, left : columns.stop + _RING]
    ring = torch.ones(outside.shape[:2], dtype=torch.bool)
    ring[rows.start - top : rows.stop - top, columns.start - left : columns.stop - left] = False
    if not ring.any():  # the box fills the picture
        return picture.new_zeros(bank.approved)
    shares = outside[ring].softmax(dim=-1)[:, : bank.approved].mean(dim=0)
    return (shares > _BACKGROUND).to(picture.dtype)


def _missed(log_probability: Tensor, word: int, bank: TextBank) -> Tensor:
    if word < 0:
        return -log_probability[..., bank.strange :].logsumexp(dim=-1)
    return -log_probability[..., bank.approved + word]


def _span(start: float, stop: float, cells: int) -> slice:
    """Return the cells that an interval touches with its larger part, at least one."""
    first = min(int(start + 0.4), cells - 1)
    return slice(first, min(max(first + 1, int(stop + 0.6)), cells))


def _bump(box: list[float], rows: slice, columns: slice, like: Tensor) -> Tensor:
    """Return more weight to the middle of a box than to its edges, flattened."""
    y = torch.arange(rows.start, rows.stop, dtype=like.dtype) + 0.5
    x = torch.arange(columns.start, columns.stop, dtype=like.dtype) + 0.5
    v = (y - (box[2] + box[4]) / 2) / max(box[4] - box[2], 1.0)
    u = (x - (box[1] + box[3]) / 2) / max(box[3] - box[1], 1.0)
    return torch.exp(-2.0 * (v[:, None] ** 2 + u[None] ** 2)).flatten()
