"""Trains an aligner on patches of known classes; both towers stay frozen.

Loss: cross-entropy over the known classes of scale * cosine, rare classes counting more, and how far
the texts have moved from those of the prompts without contexts, 1 - cosine (KgCoOp, Yao et al.,
arXiv 2303.13283): the words that nobody trained, the candidates, must stay where CLIP has them.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from clipomaly_ros.model.aligner.modules import AlignedTextTower, Aligner, AlignerShape
from clipomaly_ros.model.aligner.storage import read_json, read_tensors, write_json, write_tensors
from clipomaly_ros.model.dense_attention import normalise
from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.open_clip_source import SourceModel

STATE_TENSORS, STATE_RECORD = "state.safetensors", "state.json"
FIRST_WORDS = "a photo of a"  # the contexts begin as these words do
_WARM_UP = 0.05  # share of the steps


@dataclass(frozen=True)
class AlignerSettings:
    """How to train; BundleError for a value out of range.

    contexts: learned vectors before each prompt, 0 trains the projection only. hidden: of the
    projection, 0 takes a quarter of D. batch: patches a step. anchor: weight of the texts' distance
    from where they were. keep_every: steps between two states on disk.
    """

    contexts: int = 4
    hidden: int = 0
    steps: int = 1000
    batch: int = 4096
    rate: float = 2e-3
    weight_decay: float = 1e-4
    anchor: float = 4.0
    keep_every: int = 100
    seed: int = 0

    def __post_init__(self) -> None:
        whole = (self.steps, self.batch, self.keep_every)
        if not 0 <= self.contexts <= 64 or not 0 <= self.hidden <= 4096 or min(whole) < 1 or self.seed < 0:
            raise BundleError(
                "aligner: expected 0 to 64 contexts, a hidden width of 0 to 4096, steps, batch and "
                f"keep_every of 1 or more and a seed of 0 or more, found {self}"
            )
        numbers = (self.rate, self.weight_decay, self.anchor)
        if not all(math.isfinite(number) and number >= 0 for number in numbers) or self.rate == 0:
            raise BundleError(
                f"aligner: expected a rate above 0, weight decay and anchor of 0 or more, found {self}"
            )


@dataclass(frozen=True)
class KnownPatches:
    """What is learned from: embeddings float16 [n, D], L2-normalised, and classes int64 [n].

    prompts: of each class, token rows int64 [P, L], zero-padded; the classes are those of `classes`.
    """

    embeddings: NDArray[np.float16]
    classes: NDArray[np.int64]
    prompts: Sequence[NDArray[np.int64]]

    def digest(self) -> str:
        """Return a hash of everything, to know a state that was made from other data."""
        digest = hashlib.sha256(self.embeddings.tobytes())
        digest.update(self.classes.tobytes())
        for rows in self.prompts:
            digest.update(repr(rows.shape).encode() + np.ascontiguousarray(rows).tobytes())
        return digest.hexdigest()


def train_aligner(
    source: SourceModel,
    patches: KnownPatches,
    first_words: NDArray[np.int64],
    settings: AlignerSettings,
    folder: Path,
    device: str = "cpu",
    report: Callable[[dict[str, float]], None] = lambda row: None,
) -> tuple[Aligner, list[dict[str, float]]]:
    """Train, or go on with what `folder` holds of the same training; return the aligner and its curve.

    first_words: tokens of FIRST_WORDS without start and end. report gets a row each step. A training
    that was interrupted ends as if it had not been. BundleError for the state of another training, a
    loss that is not finite, or prompts that leave no room for the contexts.
    """
    torch.manual_seed(settings.seed)
    tower = AlignedTextTower(
        source.text,
        source.end_token,
        torch.zeros(settings.contexts, source.text.positional_embedding.shape[1]),
    )
    tower = tower.to(device).eval().requires_grad_(False)
    dim = source.embedding_dim
    shape = AlignerShape(
        settings.contexts, int(tower.context.shape[1]), dim, settings.hidden or max(1, dim // 4)
    )
    aligner = Aligner(shape).to(device)
    longest = max(rows.shape[1] for rows in patches.prompts)
    if longest + settings.contexts > source.model.context_length:
        raise BundleError(
            f"aligner: expected prompts of at most {source.model.context_length - settings.contexts} tokens "
            f"beside {settings.contexts} contexts, found {longest}"
        )
    with torch.no_grad():
        words = tower.tower.token_embedding(torch.from_numpy(first_words).to(device))
        for index in range(settings.contexts if len(words) else 0):
            aligner.context[index] = words[index % len(words)]
    groups = [
        {"params": [aligner.context], "weight_decay": 0.0},
        {
            "params": [*aligner.down.parameters(), *aligner.up.parameters()],
            "weight_decay": settings.weight_decay,
        },
    ]
    optimiser = torch.optim.AdamW(groups, settings.rate)
    key = {"settings": asdict(settings), "data": patches.digest(), "origin": asdict(source.origin)}
    step, curve = _resume(folder, aligner, optimiser, key, device)
    learner = _Learner(
        tower, aligner, patches, settings, float(source.model.logit_scale.detach().exp()), device
    )
    while step < settings.steps:
        step += 1
        for group in optimiser.param_groups:
            group["lr"] = settings.rate * _schedule(step, settings.steps)
        loss, row = learner.loss(step)
        if not math.isfinite(row["loss"]):
            raise BundleError(f"aligner: the loss is not finite at step {step}; lower the learning rate")
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()
        row = {"step": float(step), **row}
        report(row)
        if step % settings.keep_every == 0 or step == settings.steps:
            curve.append(row)
            _keep(folder, aligner, optimiser, key, step, curve)
    return aligner.cpu().eval(), curve


class _Learner:
    """The loss of one step, drawn by seed and step alone."""

    def __init__(
        self,
        tower: AlignedTextTower,
        aligner: Aligner,
        patches: KnownPatches,
        settings: AlignerSettings,
        scale: float,
        device: str,
    ) -> None:
        self._tower, self._aligner, self._patches = tower, aligner, patches
        self._settings, self._scale, self._device = settings, scale, device
        counts = np.bincount(patches.classes, minlength=len(patches.prompts))
        self._weights = torch.from_numpy(1.0 / np.sqrt(counts + 20.0)).float().to(device)
        with torch.no_grad():
            plain = AlignedTextTower(tower.tower, tower.end_token, tower.context[:0])
            self._before = [plain(self._tokens(rows)) for rows in patches.prompts]

    def _tokens(self, rows: NDArray[np.int64]) -> Tensor:
        return torch.from_numpy(np.ascontiguousarray(rows)).to(self._device)

    def loss(self, step: int) -> tuple[Tensor, dict[str, float]]:
        """Return the loss and its parts."""
        generator = np.random.default_rng([self._settings.seed, step])
        chosen = [int(generator.integers(len(rows))) for rows in self._patches.prompts]
        picked = generator.integers(len(self._patches.classes), size=self._settings.batch)
        texts = self._texts(chosen)
        embeddings = torch.from_numpy(self._patches.embeddings[picked].astype(np.float32)).to(self._device)
        classes = torch.from_numpy(self._patches.classes[picked]).to(self._device)
        logits = self._scale * (self._aligner.project(normalise(embeddings)) @ texts.T)
        alignment = functional.cross_entropy(logits, classes, weight=self._weights)
        before = torch.stack([rows[index] for rows, index in zip(self._before, chosen, strict=True)])
        moved = (1.0 - (texts * before).sum(dim=-1)).mean()
        loss = alignment + self._settings.anchor * moved
        accuracy = (logits.detach().argmax(dim=-1) == classes).float().mean()
        return loss, {
            "loss": float(loss.detach()),
            "alignment": float(alignment.detach()),
            "moved": float(moved.detach()),
            "accuracy": float(accuracy),
        }

    def _texts(self, chosen: list[int]) -> Tensor:
        if not self._settings.contexts:  # nothing in the text tower is learned
            return torch.stack([rows[index] for rows, index in zip(self._before, chosen, strict=True)])
        rows = [rows[index] for rows, index in zip(self._patches.prompts, chosen, strict=True)]
        longest = max(int(np.count_nonzero(row)) for row in rows)
        padded = np.zeros((len(rows), longest), np.int64)
        for target, row in zip(padded, rows, strict=True):
            target[: min(longest, len(row))] = row[:longest]
        return self._tower.embed(self._tokens(padded), self._aligner.context)


def _schedule(step: int, steps: int) -> float:
    warm = max(1, round(_WARM_UP * steps))
    if step <= warm:
        return step / warm
    return 0.01 + 0.99 * 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


def _keep(
    folder: Path,
    aligner: Aligner,
    optimiser: torch.optim.Optimizer,
    key: dict[str, Any],
    step: int,
    curve: list[dict[str, float]],
) -> None:
    tensors = {f"aligner.{name}": value for name, value in aligner.state_dict().items()}
    for index, state in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{index}.{name}": value for name, value in state.items()}
    content = {"step": step, "key": key, "curve": curve}
    # The record names the tensors it belongs to: a stop between the two writes is found out.
    write_tensors(folder / STATE_TENSORS, {**tensors, "step": torch.tensor(step)})
    write_json(folder / STATE_RECORD, content)


def _resume(
    folder: Path, aligner: Aligner, optimiser: torch.optim.Optimizer, key: dict[str, Any], device: str
) -> tuple[int, list[dict[str, float]]]:
    """Return the step that was reached and the curve so far; 0 in a folder without a state."""
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / STATE_RECORD).exists():
        return 0, []
    content = read_json(folder / STATE_RECORD)
    if content.get("key") != json.loads(json.dumps(key)):
        raise BundleError(
            f"{folder / STATE_RECORD}: expected the state of this training, found that of other settings, "
            "data or another model; choose a new folder"
        )
    tensors = read_tensors(folder / STATE_TENSORS)
    step = int(tensors.pop("step", torch.tensor(-1)))
    if step != content["step"]:
        if step < 0:
            raise BundleError(
                f"{folder / STATE_TENSORS}: expected the state of a training; choose a new folder"
            )
        content["step"] = step  # stopped between the two files: the tensors are the newer ones
    aligner.load_state_dict({k[8:]: v.to(device) for k, v in tensors.items() if k.startswith("aligner.")})
    state: dict[int, dict[str, Tensor]] = {}
    for name, value in tensors.items():
        if name.startswith("optimiser."):
            _, index, field = name.split(".", 2)
            state.setdefault(int(index), {})[field] = value
    optimiser.load_state_dict({"state": state, "param_groups": optimiser.state_dict()["param_groups"]})
    return step, list(content["curve"])
