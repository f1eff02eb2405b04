"""Candidate words from the tags of the whole image, the tagger strategy of Clipomaly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.masked_crops import checked_global
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import TextEncoder, TextTable, VisionError
from clipomaly_ros.vocabulary.entries import Entry, NameSource, Vocabulary

Map = NDArray[np.float32]

NAME_WORDS = ("dictionary", "tagger", "both")
LIGHT_TAG_SHARE = 0.05  # of the most probable tag's probability, unless another is chosen


class Tagger(Protocol):
    """The one contract of every image tagger."""

    @property
    def tags(self) -> tuple[str, ...]:
        """Return all T words it knows, normalised."""

    def present(self, rgb: NDArray[np.uint8], global_embedding: Map) -> NDArray[np.intp]:
        """Return which of its tags an image has, as indices.

        rgb: uint8 [H, W, 3]. global_embedding: float32 [D] of the same image, from the dense encoder.
        """


class LightTagger:
    """CLIP zero-shot over a list of tags (arXiv 2103.00020): costs one product with the tags' texts.

    embeddings: float32 [T, D], L2-normalised, of the tags. share: a tag is present if its probability is at
    least this share of the most probable one's, 0 to 1. logit_scale: factor on cosines before the softmax.
    """

    def __init__(self, tags: Sequence[str], embeddings: Map, share: float, logit_scale: float) -> None:
        if embeddings.ndim != 2 or len(embeddings) != len(tags) or not tags:
            raise VisionError(f"tagger: expected [T, D] for {len(tags)} tags, got {embeddings.shape}")
        if not 0.0 < share <= 1.0:
            raise VisionError(f"tag_share: expected above 0, at most 1, got {share!r}")
        self._tags, self._embeddings = tuple(tags), embeddings
        # p_t / p_best = exp(scale (cos_t - cos_best)): a share is a difference of cosines.
        self._reach = -np.log(share) / logit_scale

    @property
    def tags(self) -> tuple[str, ...]:
        """Return all words it knows."""
        return self._tags

    def present(self, rgb: NDArray[np.uint8], global_embedding: Map) -> NDArray[np.intp]:
        """Return which tags the image has; VisionError for an embedding of another model."""
        whole = checked_global(global_embedding, self._embeddings.shape[1])
        cosines = self._embeddings @ whole
        return np.asarray(np.flatnonzero(cosines >= cosines.max() - self._reach), dtype=np.intp)


@dataclass(frozen=True)
class Tagging:
    """A tagger and the text embeddings of its tags, float32 [T, D], L2-normalised, in their order."""

    tagger: Tagger
    embeddings: Map


@dataclass(frozen=True)
class TaggedTable:
    """The table that regions are named from where tags are candidates, too.

    places: int [T], each tag's row in the table, -1 for one that is a word of an approved class.
    fixed: rows that are candidates in every image, besides the tags it has.
    """

    table: TextTable
    places: NDArray[np.intp]
    fixed: NDArray[np.intp]

    def words(self, present: NDArray[np.intp]) -> NDArray[np.intp]:
        """Return the rows that are candidates in an image with these tags, ascending, each once."""
        places = self.places[present]
        return np.asarray(np.union1d(self.fixed, places[places >= 0]), dtype=np.intp)


def embed_tags(tags: Sequence[str], templates: Sequence[str], text_encoder: TextEncoder) -> Map:
    """Return the text embedding of each tag, float32 [T, D], as of a vocabulary's entries."""
    entries = tuple(Entry(tag, "unsorted") for tag in tags)
    return build_text_table(Vocabulary((), entries, tuple(templates)), text_encoder).embeddings


def tagged_table(table: TextTable, tagging: Tagging, words: str) -> TaggedTable:
    """Return the table for naming with words "tagger" (tags alone) or "both" (tags and dictionary).

    Names that an operator added are candidates in every image either way: somebody asked for them.
    A tag that is a name or synonym of an approved class is no candidate, and one of a dictionary entry
    stands for that entry, with its group and row of the hazard policy. All other tags are obstacles of the
    group "unsorted". Raises VisionError if tags and table come from different models.
    """
    if words not in NAME_WORDS[1:]:
        raise VisionError(f"name_words: expected one of {', '.join(NAME_WORDS[1:])}, got {words!r}")
    tags = tagging.tagger.tags
    expected = (len(tags), table.embeddings.shape[1])
    if tagging.embeddings.shape != expected or not np.isfinite(tagging.embeddings).all():
        raise VisionError(
            f"tags: expected finite text embeddings {expected}, got {tagging.embeddings.shape}: tags and "
            "vocabulary belong to different models"
        )
    count = table.approved_count
    kept = [
        row
        for row, entry in enumerate(table.entries)
        if row < count or words == "both" or entry.source is NameSource.OPERATOR
    ]
    moved = {row: place for place, row in enumerate(kept)}
    owners: dict[str, int] = {}
    for row, entry in enumerate(table.entries):
        for word in (entry.name, *entry.synonyms):
            owners.setdefault(word, row)
    entries, rows = [table.entries[row] for row in kept], [table.embeddings[kept]]
    places = np.full(len(tags), -1, np.intp)
    new: dict[object, int] = {}
    for index, tag in enumerate(tags):
        owner = owners.get(tag)
        if owner in moved:
            places[index] = moved[owner] if owner >= count else -1
            continue
        key = tag if owner is None else owner
        if key not in new:
            new[key] = len(entries)
            entry = Entry(tag, "unsorted") if owner is None else table.entries[owner]
            entries.append(replace(entry, source=NameSource.TAGGER))
            embeddings = tagging.embeddings if owner is None else table.embeddings
            rows.append(embeddings[[index if owner is None else owner]])
        places[index] = new[key]
    larger = replace(table, entries=tuple(entries), embeddings=np.concatenate(rows))
    return TaggedTable(larger, places, np.arange(count, len(kept)))
