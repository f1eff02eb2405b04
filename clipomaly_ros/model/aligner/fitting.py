"""Puts an aligner onto the model it was trained for, and refuses any other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from torch import nn

from clipomaly_ros.model.aligner.modules import AlignedImageTower, AlignedTextTower
from clipomaly_ros.model.aligner.storage import TENSORS_FILE, AlignerOrigin, load_aligner
from clipomaly_ros.model.bundle_writer import file_sha256
from clipomaly_ros.model.manifest import POINTWISE, BundleError
from clipomaly_ros.model.open_clip_source import SourceModel


@dataclass(frozen=True)
class FoldedAligner:
    """Both towers with the aligner in them.

    contexts: by how many tokens prompts must be shorter. hidden: width of the projection. digest:
    SHA-256 of the aligner's tensors.
    """

    image: AlignedImageTower
    text: AlignedTextTower
    contexts: int
    hidden: int
    digest: str


def aligner_origin(source: SourceModel, seed: int, dense: str | None) -> AlignerOrigin:
    """Return what an aligner of this model says of where it belongs."""
    variant = dense or (POINTWISE if source.convolutional else "naclip")
    return AlignerOrigin(
        source.origin.model,
        source.origin.pretrained,
        source.origin.weights_sha256,
        seed if source.untrained else 0,
        variant,
    )


def fold_aligner(folder: Path, source: SourceModel, image: nn.Module, origin: AlignerOrigin) -> FoldedAligner:
    """Read an aligner and wrap the towers; BundleError unless it was trained on this very model.

    image: the dense image tower as it is without an aligner.
    """
    aligner, found = load_aligner(folder)
    if found != origin:
        raise BundleError(f"{folder}: expected an aligner of {origin}, found one of {found}; train another")
    shape = aligner.shape
    sizes = shape.embedding_dim, shape.text_width
    expected = source.embedding_dim, int(source.text.positional_embedding.shape[1])
    if sizes != expected or shape.contexts + 3 > source.model.context_length:
        raise BundleError(
            f"{folder}: expected embeddings and tokens of {expected} numbers and room for words, "
            f"found {sizes} and {shape.contexts} contexts of {source.model.context_length} tokens"
        )
    return FoldedAligner(
        AlignedImageTower(image, aligner),
        AlignedTextTower(source.text, source.end_token, aligner.context),
        shape.contexts,
        shape.hidden,
        file_sha256(folder / TENSORS_FILE),
    )
