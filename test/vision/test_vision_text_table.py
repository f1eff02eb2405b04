"""Text tables: prompt means, batches, and growth that encodes only what is new."""

from dataclasses import replace

import numpy as np
import pytest
from colour_world import DIMENSION, WordEncoder, vocabulary

from clipomaly_ros.vision.text_table import BATCH, build_text_table, extend_text_table
from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vocabulary.entries import Entry
from clipomaly_ros.vocabulary.prompts import prompts_for


class RandomEncoder(WordEncoder):
    """Another direction for each prompt, always the same, of any length."""

    def encode(self, prompts):
        super().encode(prompts)
        return np.stack(
            [np.random.default_rng(list(prompt.encode())).normal(size=DIMENSION) for prompt in prompts]
        ).astype(np.float32)


def test_a_row_is_the_renormalised_mean_over_templates_and_synonyms():
    words, encoder = vocabulary(), RandomEncoder()
    table = build_text_table(words, encoder)
    assert (table.approved_count, table.vocabulary_hash) == (4, words.hash)
    assert table.entries == words.entries
    for entry, row in zip(table.entries, table.embeddings, strict=True):
        vectors = RandomEncoder().encode(prompts_for(entry, words.templates)).astype(float)
        mean = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).mean(axis=0)
        np.testing.assert_allclose(row, mean / np.linalg.norm(mean), atol=1e-6)


def test_batches_are_bounded():
    words, encoder = vocabulary().with_candidates([f"thing {i}" for i in range(200)]), RandomEncoder()
    table = build_text_table(words, encoder)
    assert encoder.largest_batch <= BATCH
    assert len(encoder.encoded) == 2 * (len(words.entries) + 1)
    assert table.embeddings.shape == (208, DIMENSION)


def test_growth_encodes_only_new_names_and_equals_a_fresh_table():
    words = vocabulary()
    table = build_text_table(words, RandomEncoder())
    encoder = RandomEncoder()
    grown = words.with_candidates(["kite", "drone"])
    extended = extend_text_table(table, grown, encoder)
    assert encoder.encoded == [p for e in grown.candidates[-2:] for p in prompts_for(e, grown.templates)]
    fresh = build_text_table(grown, RandomEncoder())
    np.testing.assert_array_equal(extended.embeddings, fresh.embeddings)
    assert replace(extended, embeddings=None) == replace(fresh, embeddings=None)


def test_shrinking_and_reordering_encode_nothing_but_new_templates_encode_all():
    words = vocabulary()
    table = build_text_table(words, RandomEncoder())
    encoder = RandomEncoder()
    other = replace(words, approved=words.approved[::-1], candidates=words.candidates[1:])
    changed = extend_text_table(table, other, encoder)
    assert encoder.encoded == []
    np.testing.assert_array_equal(changed.embeddings, build_text_table(other, RandomEncoder()).embeddings)
    extend_text_table(table, replace(words, templates=("{}",)), encoder)
    assert len(encoder.encoded) == len(words.entries) + 1


@pytest.mark.parametrize(
    "answer",
    [
        lambda n: np.zeros((n, 4)),
        lambda n: np.full((n, 4), np.nan),
        lambda n: np.ones((n + 1, 4)),
        lambda n: np.ones(4),
    ],
)
def test_unusable_answers_are_refused(answer):
    class Encoder:
        def encode(self, prompts):
            return answer(len(prompts)).astype(np.float32)

    with pytest.raises(VisionError, match=r"text e"):
        build_text_table(vocabulary(), Encoder())


def test_tables_of_different_models_are_not_mixed():
    class Wide:
        def encode(self, prompts):
            return np.ones((len(prompts), 2 * DIMENSION), np.float32)

    table = build_text_table(vocabulary(), WordEncoder())
    with pytest.raises(VisionError, match="different models"):
        extend_text_table(table, vocabulary().with_candidates(["kite"]), Wide())
    assert table.entries[0] == Entry("pavement", "surface", source=1, obstacle=False, countable=False)
