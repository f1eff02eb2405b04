"""Text embeddings of a vocabulary, one row an entry, and cheap growth at run time."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import TextEncoder, TextTable, VisionError
from clipomaly_ros.vocabulary.entries import Entry, Vocabulary
from clipomaly_ros.vocabulary.prompts import prompts_for

# Bounds the memory of one call: activations of the text tower grow with the batch.
BATCH = 64


def build_text_table(vocabulary: Vocabulary, text_encoder: TextEncoder) -> TextTable:
    """Return the table of all entries, each the re-normalised mean over its prompts.

    Prompt ensembling over templates and synonyms, as CLIP (arXiv 2103.00020, 3.1.4) does it.
    Raises VisionError when the encoder's answer cannot be used.
    """
    embeddings = _embed(vocabulary.entries, vocabulary.templates, text_encoder)
    return _table(vocabulary, embeddings)


def extend_text_table(table: TextTable, vocabulary: Vocabulary, text_encoder: TextEncoder) -> TextTable:
    """Return the table of a changed vocabulary; only entries the old table lacks are encoded.

    table: made with the same text encoder. If the templates changed, everything is encoded.
    """
    if table.templates != vocabulary.templates:
        return build_text_table(vocabulary, text_encoder)
    count = len(table.entries)
    if vocabulary.entries[:count] == table.entries:  # names were added: nothing else to look at
        missing, rows = list(vocabulary.entries[count:]), table.embeddings
        if missing:
            rows = np.concatenate([rows, _embed_like(table, missing, vocabulary.templates, text_encoder)])
        return _table(vocabulary, rows)
    known = {_text_of(entry): row for entry, row in zip(table.entries, table.embeddings, strict=True)}
    missing = [entry for entry in vocabulary.entries if _text_of(entry) not in known]
    if missing:
        added = _embed_like(table, missing, vocabulary.templates, text_encoder)
        known.update(zip(map(_text_of, missing), added, strict=True))
    return _table(vocabulary, np.stack([known[_text_of(entry)] for entry in vocabulary.entries]))


def _embed_like(
    table: TextTable, entries: Sequence[Entry], templates: Sequence[str], text_encoder: TextEncoder
) -> NDArray[np.float32]:
    added = _embed(entries, templates, text_encoder)
    if added.shape[1] != table.embeddings.shape[1]:
        raise VisionError(
            f"the text encoder gave {added.shape[1]} values a text, the table has "
            f"{table.embeddings.shape[1]}: they belong to different models"
        )
    return added


def _text_of(entry: Entry) -> tuple[str, tuple[str, ...], bool]:
    """Return what the prompts, and so the embedding, depend on besides the templates."""
    return entry.name, entry.synonyms, entry.countable


def _table(vocabulary: Vocabulary, embeddings: NDArray[np.float32]) -> TextTable:
    return TextTable(
        entries=vocabulary.entries,
        embeddings=np.ascontiguousarray(embeddings, dtype=np.float32),
        approved_count=len(vocabulary.approved),
        vocabulary_hash=vocabulary.hash,
        templates=vocabulary.templates,
    )


def _embed(
    entries: Sequence[Entry], templates: Sequence[str], text_encoder: TextEncoder
) -> NDArray[np.float32]:
    prompts: list[str] = []
    owners: list[int] = []
    for index, entry in enumerate(entries):
        texts = prompts_for(entry, templates)
        prompts += texts
        owners += [index] * len(texts)
    parts = []
    for start in range(0, len(prompts), BATCH):
        batch = prompts[start : start + BATCH]
        part = np.asarray(text_encoder.encode(batch), dtype=np.float32)
        if part.ndim != 2 or len(part) != len(batch) or not np.isfinite(part).all():
            raise VisionError(
                f"the text encoder gave {part.shape} for {len(batch)} texts, not finite [{len(batch)}, D]"
            )
        parts.append(part)
    rows = np.concatenate(parts).astype(np.float64)
    rows /= np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12)
    sums = np.zeros((len(entries), rows.shape[1]))
    np.add.at(sums, owners, rows)
    norms = np.linalg.norm(sums, axis=1, keepdims=True)
    if (norms < 1e-6).any():
        name = entries[int(np.argmin(norms))].name
        raise VisionError(f"the text embeddings of '{name}' cancel out; give it fewer or closer synonyms")
    return np.asarray(sums / norms, dtype=np.float32)
