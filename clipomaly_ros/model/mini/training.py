"""Trains apron-mini: first the text tower on phrasings, then the image tower against its texts.

The image tower learns dense alignment on the known classes and contrast of boxed objects with
captions; the text tower stays as it is meanwhile (locked tuning, arXiv 2111.07991, the other way
round).
"""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from clipomaly_ros.model.dense_attention import TextTower, normalise
from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.mini.captions import CaptionSource
from clipomaly_ros.model.mini.crops import STRIDE, Batch, CropPlaces, draw_batch
from clipomaly_ros.model.mini.depthwise import quicken_depthwise
from clipomaly_ros.model.mini.freed_memory import keep_freed_memory
from clipomaly_ros.model.mini.losses import TextBank, box_loss, known_loss, mass_loss
from clipomaly_ros.model.mini.phrasings import align_phrasings, draw_banks
from clipomaly_ros.model.mini.pictures import Picture
from clipomaly_ros.model.open_clip_source import SourceModel

_BANKS = 64  # draws of all captions that the image tower meets, unless it makes fewer steps
_LARGEST_SCALE = 60.0  # of the logits: sharper than this only memorises


@dataclass(frozen=True)
class TrainingSettings:
    """How to train.

    text_steps, steps: of the optimiser, for the text and for the image tower; without text steps a
    training is continued, and boxes count from its first step on. batch: crops a step. side: of a
    crop [pixel], a multiple of 8.
    rate: highest learning rate (cosine, after a short warm-up). average: decay of the running
    mean of the weights, which is what gets kept. box_weight, mass_weight: of the losses beside that of
    the known classes, see losses. backbone_rate: of the learning rate, for a backbone that does not
    start from random weights. threads: of torch, 0 for its own choice.
    """

    text_steps: int = 600
    steps: int = 6000
    batch: int = 8
    side: int = 384
    rate: float = 2e-3
    weight_decay: float = 0.02
    average: float = 0.998
    box_weight: float = 0.5
    mass_weight: float = 0.5
    backbone_rate: float = 1.0
    seed: int = 0
    threads: int = 0

    def __post_init__(self) -> None:
        if self.steps < 1 or self.text_steps < 0 or self.batch < 2 or self.side < 64 or self.side % STRIDE:
            raise BundleError(
                "training: expected steps >= 1 (of the text tower >= 0), batch >= 2 and a side >= 64 in "
                f"multiples of {STRIDE}, found {self.steps} and {self.text_steps}, {self.batch}, {self.side}"
            )
        if not all(0 <= weight < math.inf for weight in (self.box_weight, self.mass_weight)):
            raise BundleError(
                "training: expected weights of 0 or more for the losses, "
                f"found {self.box_weight} and {self.mass_weight}"
            )
        if not 0 < self.rate < math.inf or self.seed < 0 or self.threads < 0:
            raise BundleError(
                "training: expected a rate above 0, a seed and threads of 0 or more, "
                f"found {self.rate}, {self.seed}, {self.threads}"
            )
        if not 0 < self.backbone_rate <= 1:
            raise BundleError(
                f"training: expected a backbone's rate above 0 and up to 1, found {self.backbone_rate}"
            )


@dataclass
class TrainingRecord:
    """Curve of a training: step, losses and logit scale, one row a report.

    text_loss: of the text tower at its end. seconds: in total.
    """

    rows: list[dict[str, float]] = field(default_factory=list)
    text_loss: float = 0.0
    seconds: float = 0.0


def train(
    source: SourceModel,
    pictures: list[Picture],
    captions: CaptionSource,
    settings: TrainingSettings,
    report: Callable[[dict[str, float]], None],
    keep: Callable[[nn.Module], None] = lambda model: None,
    every: int = 100,
    report_text: Callable[[int, float], None] = lambda step, loss: None,
) -> tuple[nn.Module, TrainingRecord]:
    """Train a model in place; return the running mean of its weights and the curve.

    source: built with random weights from the seed, or with those of an earlier training. report gets
    a row every `every` steps, keep the running mean at every tenth of the way, report_text each step of
    the text tower.
    """
    if settings.threads:
        torch.set_num_threads(settings.threads)
    torch.manual_seed(settings.seed)
    keep_freed_memory()
    quicken_depthwise(source.visual)
    model = source.model.train().to(memory_format=torch.channels_last)
    _rest(source.visual)
    record, started = TrainingRecord(), time.monotonic()
    text_tower = TextTower(source.text, source.end_token)
    if settings.text_steps:
        record.text_loss = align_phrasings(
            text_tower, captions, settings.text_steps, settings.seed, report_text
        )
    banks = draw_banks(text_tower, captions, _banks(settings), settings.seed)
    counts = len(captions.approved), len(captions.candidates)
    mean = copy.deepcopy(model).eval()
    optimiser = torch.optim.AdamW(_groups(source, settings), settings.rate, betas=(0.9, 0.98), fused=True)
    sums: dict[str, float] = {}
    for step, (batch, number) in enumerate(_batches(pictures, settings), start=1):
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * group["share"] * _schedule(step, settings.steps)
        losses = _losses(source, batch, TextBank(banks[number], *counts))
        share = _box_share(step, settings.steps) if settings.text_steps else 1.0
        loss = losses["known"] + share * (
            settings.box_weight * losses["boxes"] + settings.mass_weight * losses["mass"]
        )
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(source.visual.parameters(), 2.0)
        optimiser.step()
        with torch.no_grad():
            model.logit_scale.clamp_(0.0, math.log(_LARGEST_SCALE))
        _average(mean, model, min(settings.average, (1 + step) / (10 + step)))
        for name, value in losses.items():
            sums[name] = sums.get(name, 0.0) + float(value.detach())
        if step % every == 0 or step == settings.steps:
            count = every if step % every == 0 else step % every
            row = {"step": float(step), **{name: value / count for name, value in sums.items()}}
            row["logit_scale"] = float(model.logit_scale.detach().exp())
            if not math.isfinite(row["known"] + row["boxes"] + row["mass"]):
                raise BundleError(f"training: the loss is not finite at step {step}; lower the learning rate")
            record.rows.append(row)
            report(row)
            sums = {}
        if step % max(1, settings.steps // 10) == 0:
            keep(mean)
    record.seconds = time.monotonic() - started
    return mean, record


def save_weights(model: nn.Module, path: Path) -> None:
    """Write the weights in half precision, as tensors only (safetensors)."""
    tensors = {
        name: (value.half() if value.is_floating_point() else value).contiguous()
        for name, value in model.state_dict().items()
        if name != "attn_mask"
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)


def _losses(source: SourceModel, batch: Batch, bank: TextBank) -> dict[str, Tensor]:
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) * 255 for values in source.channels)
    images = torch.from_numpy(batch.images).permute(0, 3, 1, 2)
    images = ((images - mean) / std).contiguous(memory_format=torch.channels_last)
    with torch.autocast("cpu", torch.bfloat16):
        features = source.visual.trunk.forward_features(images)
    # The head on each cell; its average is the global embedding, for it is linear.
    cells = source.visual.head(features.float().permute(0, 2, 3, 1))
    scale = source.model.logit_scale.exp()
    logits = scale * (normalise(cells) @ bank.embeddings.T)
    labels = torch.from_numpy(batch.labels).long()
    boxes, words = torch.from_numpy(batch.boxes), torch.from_numpy(batch.words)
    return {
        "known": known_loss(logits, labels, bank),
        "boxes": box_loss(cells, logits, labels, boxes, words, bank, scale),
        "mass": mass_loss(logits, labels, bank),
    }


def _banks(settings: TrainingSettings) -> int:
    return min(_BANKS, settings.steps)


def _rest(network: nn.Module) -> None:
    """Let the normalisations of frozen layers keep the statistics that they were trained with."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d) and not module.weight.requires_grad:
            module.eval()


def _batches(pictures: list[Picture], settings: TrainingSettings) -> Iterator[tuple[Batch, int]]:
    """Draw all batches, each with the number of a bank, the next while the present one is worked on."""
    places = CropPlaces(pictures)

    def draw(step: int) -> tuple[Batch, int]:
        generator = np.random.default_rng([settings.seed, step])
        batch = draw_batch(places, settings.batch, settings.side, generator)
        return batch, int(generator.integers(_banks(settings)))

    with ThreadPoolExecutor(1) as pool:
        coming = pool.submit(draw, 0)
        for step in range(settings.steps):
            ready = coming.result()
            coming = pool.submit(draw, step + 1)
            yield ready


def _groups(source: SourceModel, settings: TrainingSettings) -> list[dict]:
    """Return the parameters to train, by their share of the rate and by whether they decay."""
    groups: dict[tuple[float, float], list[Tensor]] = {(1.0, 0.0): [source.model.logit_scale]}
    for name, parameter in source.visual.named_parameters():
        if parameter.requires_grad:
            share = settings.backbone_rate if ".backbone." in name else 1.0
            decay = settings.weight_decay if parameter.ndim >= 2 else 0.0
            groups.setdefault((share, decay), []).append(parameter)
    return [
        {"params": parameters, "share": share, "weight_decay": decay}
        for (share, decay), parameters in groups.items()
    ]


def _box_share(step: int, steps: int) -> float:
    """Return the share of the box loss: boxes say little before the known classes can be told apart."""
    return min(max((step / steps - 0.05) / 0.1, 0.0), 1.0)


def _schedule(step: int, steps: int) -> float:
    warm = min(200, max(1, steps // 20))
    if step <= warm:
        return step / warm
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


@torch.no_grad()
def _average(mean: nn.Module, model: nn.Module, decay: float) -> None:
    # The text tower is the same in both.
    for kept, value in zip(
        mean.visual.state_dict().values(), model.visual.state_dict().values(), strict=True
    ):
        if kept.is_floating_point():
            kept.lerp_(value, 1 - decay)
        else:
            kept.copy_(value)
    mean.logit_scale.lerp_(model.logit_scale, 1 - decay)
