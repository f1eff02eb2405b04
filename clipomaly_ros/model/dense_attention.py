"""Dense CLIP without training: patch embeddings in text space from an open_clip ViT.

Only the last attention block changes. With q, k, v of that block, o its output projection,
s = head width ** -0.5, softmax over keys (class token included):

========== ============================================== ================ ===================
variant    attention                                      residual and MLP source
========== ============================================== ================ ===================
vanilla    softmax(s q k^T) v                             kept             arXiv 2103.00020
maskclip   v                                              dropped          arXiv 2112.01071
sclip      (softmax(s q q^T) + softmax(s k k^T)) v        kept             arXiv 2312.01597
clearclip  softmax(s q q^T) v                             dropped          arXiv 2407.12442
naclip     softmax(s k k^T + G) v                         dropped          arXiv 2404.08181
========== ============================================== ================ ===================

G(i, j) = exp(-d^2 / (2 sigma^2)), d the distance of patches i and j on the grid, sigma 5
patches, 0 where the class token is involved. Then o, the last layer norm and the projection
into text space. q, k and v are written out, because the fused path of nn.MultiheadAttention
cannot be exported.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from clipomaly_ros.model.manifest import ATTENTION_VARIANTS, BundleError

NACLIP_SIGMA = 5.0  # patches
NORM_FLOOR = 1e-6  # of the L2 normalisation; survives float16


def project_qkv(attention: nn.MultiheadAttention, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return q, k, v, each [N, heads, L, C / heads], of normalised tokens x [N, L, C].

    q and k are scaled by the fourth root of C / heads each, so that any product of two of
    them is scaled as attention wants it.
    """
    # Sizes are taken from the module, not from x: as numbers they stay out of the exported graph.
    heads, width = attention.num_heads, attention.head_dim
    joined = functional.linear(x, attention.in_proj_weight, attention.in_proj_bias)
    q, k, v = (
        part.reshape(x.shape[0], -1, heads, width).transpose(1, 2)
        for part in joined.split(attention.embed_dim, dim=-1)
    )
    return q * width**-0.25, k * width**-0.25, v


def attention_weights(a: Tensor, b: Tensor, bias: Tensor | None = None) -> Tensor:
    """Return softmax(a b^T + bias) over the last axis, for a and b scaled by project_qkv."""
    scores = a @ b.transpose(-1, -2)
    return (scores if bias is None else scores + bias).softmax(dim=-1)


def merge_heads(attention: nn.MultiheadAttention, x: Tensor) -> Tensor:
    """Apply the output projection to [N, heads, L, C / heads], giving [N, L, C]."""
    joined = x.transpose(1, 2)
    return attention.out_proj(joined.reshape(joined.shape[0], -1, attention.embed_dim))


def add_mlp(block: nn.Module, x: Tensor) -> Tensor:
    """Apply the second half of a residual block."""
    return x + block.ls_2(block.mlp(block.ln_2(x)))


def ordinary_block(block: nn.Module, x: Tensor, mask: Tensor | None = None) -> Tensor:
    """Run a residual attention block as open_clip does, with q, k, v written out."""
    q, k, v = project_qkv(block.attn, block.ln_1(x))
    return add_mlp(block, x + block.ls_1(merge_heads(block.attn, attention_weights(q, k, mask) @ v)))


def neighbourhood(rows: int, columns: int, sigma: float = NACLIP_SIGMA) -> Tensor:
    """Return NACLIP's additive prior G, float32 [1 + rows * columns] squared, class token first."""
    y, x = torch.meshgrid(torch.arange(rows), torch.arange(columns), indexing="ij")
    points = torch.stack((y.flatten(), x.flatten()), dim=1).double()
    squared = (points[:, None] - points[None]).square().sum(dim=-1)
    return functional.pad(torch.exp(-squared / (2 * sigma**2)), (1, 0, 1, 0)).float()


class DenseImageTower(nn.Module):
    """Image tower that gives patch embeddings and open_clip's own global embedding.

    visual: an open_clip VisionTransformer whose position embeddings fit grid.
    grid: rows and columns of patches. variant: one of ATTENTION_VARIANTS.
    """

    def __init__(self, visual: nn.Module, grid: tuple[int, int], variant: str) -> None:
        super().__init__()
        if variant not in ATTENTION_VARIANTS:
            raise BundleError(
                f"dense variant: expected one of {', '.join(ATTENTION_VARIANTS)}, found {variant!r}"
            )
        self.visual = visual
        self.grid = grid
        self.stride = int(visual.patch_size[0])
        self.variant = variant
        prior = neighbourhood(*grid) if variant == "naclip" else None
        self.register_buffer("prior", prior, persistent=False)

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return patches [N, rows, columns, D] and global [N, D], L2-normalised.

        image: float32 [N, 3, H, W], normalised by the model's mean and standard deviation.
        """
        visual = self.visual
        x = visual._embeds(image)
        *blocks, last = visual.transformer.resblocks
        for block in blocks:
            x = ordinary_block(block, x)
        q, k, v = project_qkv(last.attn, last.ln_1(x))

        whole_needed = self.variant == "vanilla" or visual.pool_type != "tok"
        # The class token alone asks, unless the patches' ordinary output is needed as well.
        asking = slice(None) if whole_needed else slice(0, 1)
        out = attention_weights(q[:, :, asking], k) @ v
        ordinary = add_mlp(last, x[:, asking] + last.ls_1(merge_heads(last.attn, out)))
        pooled, _ = visual._pool(ordinary)

        tokens = ordinary if self.variant == "vanilla" else self._dense(last, x, q, k, v)
        patches = visual.ln_post(tokens[:, 1:]) @ visual.proj
        patches = patches.reshape(patches.shape[0], *self.grid, patches.shape[-1])
        return normalise(patches), normalise(pooled @ visual.proj)

    def _dense(self, last: nn.Module, x: Tensor, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if self.variant == "maskclip":
            mixed = v
        elif self.variant == "sclip":
            mixed = (attention_weights(q, q) + attention_weights(k, k)) @ v
        elif self.variant == "clearclip":
            mixed = attention_weights(q, q) @ v
        else:
            mixed = attention_weights(k, k, self.prior) @ v
        branch = last.ls_1(merge_heads(last.attn, mixed))
        return add_mlp(last, x + branch) if self.variant == "sclip" else branch


class TextTower(nn.Module):
    """Text tower of an open_clip model, for tokens cut after the last end token.

    tower: open_clip's CLIP, or the text tower of its CustomTextCLIP. One without a causal mask
    (MobileCLIP) sees the padding after the end token, too: what was cut off is put back.
    """

    def __init__(self, tower: nn.Module, end_token: int | None) -> None:
        super().__init__()
        self.tower = tower
        self.end_token = end_token

    def forward(self, tokens: Tensor) -> Tensor:
        """Return L2-normalised embeddings [N, D] of tokens, int64 [N, L], L up to the context length."""
        tower = self.tower
        if tower.attn_mask is None:
            context = tower.positional_embedding.shape[0]
            tokens = torch.cat((tokens, tokens.new_zeros(tokens.shape[0], context)), dim=1)[:, :context]
        length = tokens.shape[1]
        x = tower.token_embedding(tokens) + tower.positional_embedding[:length]
        mask = None if tower.attn_mask is None else tower.attn_mask[:length, :length]
        for block in tower.transformer.resblocks:
            x = ordinary_block(block, x, mask)
        # The end token has the highest id, unless the model names another one.
        ends = tokens if self.end_token is None else (tokens == self.end_token).to(torch.int64)
        chosen = ends.argmax(dim=-1)[:, None, None].expand(-1, 1, x.shape[-1])
        pooled = tower.ln_final(x).gather(1, chosen)[:, 0]
        projection = tower.text_projection
        return normalise(projection(pooled) if isinstance(projection, nn.Module) else pooled @ projection)


def normalise(x: Tensor) -> Tensor:
    """Return x over its L2 norm along the last axis."""
    return functional.normalize(x, dim=-1, eps=NORM_FLOOR)
