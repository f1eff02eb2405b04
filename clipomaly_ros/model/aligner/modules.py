"""What an aligner adds to a frozen model, in training and in the exported graphs.

Contexts: M learned vectors between the start token and the prompt, the same for every word (the unified
context of CoOp, Zhou et al., arXiv 2109.01134; VL-Anomaly, arXiv 2603.01029, learns prompts, too).
Projection: x + up(relu(down(x))) of the normalised patch embeddings, the identity until it is trained
(a residual adapter as in CLIP-Adapter, arXiv 2110.04544). The global embedding stays open_clip's own.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from clipomaly_ros.model.dense_attention import TextTower, normalise, ordinary_block
from clipomaly_ros.model.manifest import BundleError


@dataclass(frozen=True)
class AlignerShape:
    """Sizes of an aligner.

    contexts: learned vectors before each prompt, 0 for none. text_width: of the text tower.
    embedding_dim: of the common space. hidden: width of the projection's bottleneck.
    """

    contexts: int
    text_width: int
    embedding_dim: int
    hidden: int


class Aligner(nn.Module):
    """The trained parameters: `context` [M, text_width], `down` [hidden, D] with bias, `up` [D, hidden]."""

    def __init__(self, shape: AlignerShape) -> None:
        super().__init__()
        self.shape = shape
        self.context = nn.Parameter(torch.zeros(shape.contexts, shape.text_width))
        self.down = nn.Linear(shape.embedding_dim, shape.hidden)
        self.up = nn.Linear(shape.hidden, shape.embedding_dim, bias=False)
        nn.init.zeros_(self.up.weight)

    def project(self, patches: Tensor) -> Tensor:
        """Return aligned patches, L2-normalised; patches: L2-normalised [..., D]."""
        return normalise(patches + self.up(functional.relu(self.down(patches))))


class AlignedTextTower(TextTower):
    """A text tower with the contexts between the start token and the prompt.

    Its context length is shorter by their number. BundleError for a tower without a causal mask:
    its padding, which the contexts move, would be seen.
    """

    def __init__(self, tower: nn.Module, end_token: int | None, context: Tensor) -> None:
        super().__init__(tower, end_token)
        if tower.attn_mask is None:
            raise BundleError("aligner: expected a causal text tower, found one whose words see what follows")
        self.context = nn.Parameter(context.detach().clone(), requires_grad=False)

    def forward(self, tokens: Tensor) -> Tensor:
        """Return L2-normalised embeddings [N, D] of tokens, int64 [N, L], L + M up to the context length."""
        return self.embed(tokens, self.context)

    def embed(self, tokens: Tensor, context: Tensor) -> Tensor:
        """Return the embeddings with other contexts, float32 [M, width], through which gradients flow."""
        tower, count = self.tower, self.context.shape[0]
        length = tokens.shape[1] + count
        words = tower.token_embedding(tokens)
        learned = context[None].expand(tokens.shape[0], -1, -1)
        x = torch.cat((words[:, :1], learned, words[:, 1:]), dim=1) + tower.positional_embedding[:length]
        mask = tower.attn_mask[:length, :length]
        for block in tower.transformer.resblocks:
            x = ordinary_block(block, x, mask)
        ends = tokens if self.end_token is None else (tokens == self.end_token).to(torch.int64)
        # The end token comes after the start token, so the contexts move it.
        chosen = (ends.argmax(dim=-1) + count)[:, None, None].expand(-1, 1, x.shape[-1])
        pooled = tower.ln_final(x).gather(1, chosen)[:, 0]
        projection = tower.text_projection
        return normalise(projection(pooled) if isinstance(projection, nn.Module) else pooled @ projection)


class AlignedImageTower(nn.Module):
    """A dense image tower whose patches go through an aligner's projection."""

    def __init__(self, tower: nn.Module, aligner: Aligner) -> None:
        super().__init__()
        self.tower, self.aligner = tower, aligner
        self.grid, self.stride, self.variant = tower.grid, tower.stride, tower.variant

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return aligned patches [N, rows, columns, D] and the unchanged global [N, D], L2-normalised."""
        patches, whole = self.tower(image)
        return self.aligner.project(patches), whole
