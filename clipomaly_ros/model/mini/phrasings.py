"""First half of the training: texts of one meaning come together, all others move apart.

A text tower that starts from random weights gives nearly the same embedding to all prompts, since
they share their template; pictures alone take long to part them. Contrast among phrasings
(supervised contrastive loss, arXiv 2004.11362) parts them within minutes and needs no picture.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn

from clipomaly_ros.model.dense_attention import TextTower
from clipomaly_ros.model.mini.captions import CaptionSource

_TEMPERATURE = 0.1
_RATE = 1.5e-3
_DRAWS = 2  # phrasings of each meaning in a step


def align_phrasings(
    tower: TextTower,
    captions: CaptionSource,
    steps: int,
    seed: int,
    report: Callable[[int, float], None] = lambda step, loss: None,
) -> float:
    """Train a text tower on phrasings alone; return the mean loss of the last tenth of the steps.

    All words without a meaning count as one: a word that was never met will lie among them.
    """
    parameters = [
        p for name, p in tower.named_parameters() if ".visual." not in name and "logit_scale" not in name
    ]
    optimiser = torch.optim.AdamW(parameters, _RATE, betas=(0.9, 0.98), weight_decay=0.01)
    losses = []
    for step in range(1, steps + 1):
        generator = np.random.default_rng([seed, 1, step])
        for group in optimiser.param_groups:
            group["lr"] = _RATE * min(step / 50, 1.0) * (1.0 - 0.9 * step / steps)
        embeddings, meanings = _draw(tower, captions, generator)
        loss = contrast(embeddings, meanings)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        losses.append(float(loss.detach()))
        report(step, losses[-1])
    return float(np.mean(losses[-max(1, steps // 10) :]))


def contrast(embeddings: Tensor, meanings: Tensor) -> Tensor:
    """Return the supervised contrastive loss of normalised embeddings [N, D] with meanings, int64 [N]."""
    logits = embeddings @ embeddings.T / _TEMPERATURE
    itself = torch.eye(len(logits), dtype=torch.bool)
    log_probability = logits.masked_fill(itself, -torch.inf).log_softmax(dim=1).masked_fill(itself, 0.0)
    same = (meanings[:, None] == meanings[None]) & ~itself
    return -((log_probability * same).sum(dim=1) / same.sum(dim=1).clamp_min(1)).mean()


def _draw(tower: TextTower, captions: CaptionSource, generator: np.random.Generator) -> tuple[Tensor, Tensor]:
    drawn = [captions.draw(generator) for _ in range(_DRAWS)]
    longest = max(each.tokens.shape[1] for each in drawn)
    tokens = np.concatenate(
        [np.pad(each.tokens, ((0, 0), (0, longest - each.tokens.shape[1]))) for each in drawn]
    )
    meanings = np.concatenate(
        [np.minimum(np.arange(len(each.tokens)), each.approved + each.candidates) for each in drawn]
    )
    return tower(torch.from_numpy(tokens)), torch.from_numpy(meanings)


@torch.no_grad()
def draw_banks(tower: TextTower, captions: CaptionSource, count: int, seed: int) -> list[Tensor]:
    """Return normalised text embeddings [N, D] of several draws of captions."""
    banks = []
    for number in range(count):
        drawn = captions.draw(np.random.default_rng([seed, 2, number]))
        banks.append(tower(torch.from_numpy(drawn.tokens)))
    return banks
