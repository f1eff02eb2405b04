"""Naming rules on embeddings made for the purpose, and many regions at once."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from clipomaly_ros.vision.assembly import label_regions, paint_regions, published_regions
from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.naming import MAX_NAMES, name_regions, pool_regions, preselect_words
from clipomaly_ros.vision.regions import Component, PictureScale, find_components
from clipomaly_ros.vision.types import RegionState, TextTable
from clipomaly_ros.vision.unknown_score import class_probabilities
from clipomaly_ros.vision.upsampling import PatchInterpolation
from clipomaly_ros.vocabulary.entries import Entry, NameSource

SCALE = 10.0
APPROVED = [Entry(f"class {i}", "surface", source=NameSource.APPROVED) for i in range(3)]
WORDS = [Entry("bolt", "hardware"), Entry("puddle", "fluids", obstacle=False), Entry("kite", "toys")]


def table_of(entries=(*APPROVED, *WORDS), approved_count=3):
    rows = np.eye(len(entries), dtype=np.float32)
    return TextTable(tuple(entries), rows, approved_count, "")


def region(**shares):
    """Return the embedding of a region with these cosines to the entries of table_of()."""
    names = [entry.name.replace(" ", "_") for entry in (*APPROVED, *WORDS)]
    return np.array([[shares.get(name, 0.0) for name in names]], np.float32)


def name(embedding, top_words=9, min_probability=0.0, margin=-1.0):
    (found,) = name_regions(embedding, table_of(), top_words, SCALE, min_probability, margin)
    return found


def test_probabilities_are_those_of_one_softmax_over_everything_compared():
    embedding = region(bolt=0.8, class_1=0.6)
    found = name(embedding)
    expected = np.sort(softmax(embedding[0].astype(float) * SCALE))[::-1]
    np.testing.assert_allclose([item.score for item in found.candidates], expected, atol=1e-5)
    assert [item.name for item in found.candidates[:2]] == ["bolt", "class 1"]
    assert [item.source for item in found.candidates[:2]] == [NameSource.DICTIONARY, NameSource.APPROVED]


def test_the_margin_to_the_best_approved_class_decides():
    embedding = region(bolt=0.8, class_1=0.7)
    lead = float(np.diff(softmax(embedding[0].astype(float) * SCALE)[[1, 3]])[0])
    assert name(embedding, margin=lead - 0.01).name == "bolt"
    nameless = name(embedding, margin=lead + 0.01)
    assert (nameless.entry, nameless.name, nameless.source) == (None, "", NameSource.NONE)
    assert nameless.state is RegionState.UNKNOWN_OBSTACLE
    assert nameless.candidates[0].name == "bolt"
    assert name(region(bolt=0.7, class_1=0.8), margin=0.0).name == ""


def test_the_least_probability_decides():
    embedding = region(bolt=0.5, kite=0.49)
    probability = float(softmax(embedding[0].astype(float) * SCALE)[3])
    assert name(embedding, min_probability=probability - 0.01).name == "bolt"
    assert name(embedding, min_probability=probability + 0.01).name == ""


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 999), st.integers(1, 12), st.floats(0, 0.4), st.floats(-0.3, 0.3))
def test_names_are_those_of_each_region_by_itself(seed, count, least, margin):
    embeddings = np.random.default_rng(seed).choice(np.float32([0, 0.2, 0.3, 0.6]), (count, 6))  # with ties
    together = name_regions(embeddings, table_of(), 9, SCALE, least, margin)
    for embedding, found in zip(embeddings, together, strict=True):
        words = np.concatenate([np.arange(3), 3 + preselect_words(embeddings, table_of().embeddings[3:], 9)])
        chances = class_probabilities(embedding[words], SCALE)
        known = chances[:3].max()
        fitting = [p for p in range(3, 6) if chances[p] >= least and chances[p] - known >= margin]
        if any(
            abs(chances[p] - least) < 1e-6 or abs(chances[p] - known - margin) < 1e-6 for p in range(3, 6)
        ):
            continue  # rounding decides
        best = [int(words[p]) for p in sorted(fitting, key=lambda p: -chances[p])]
        assert [found.entry, *found.others] == (best or [None])


def test_without_words_regions_stay_nameless_and_none_gives_none():
    assert name(region(bolt=1.0), top_words=0).name == ""
    assert name_regions(np.zeros((0, 6), np.float32), table_of(), 9, SCALE, 0, 0) == []
    only_approved = name_regions(np.eye(3, dtype=np.float32), table_of(APPROVED, 3), 9, SCALE, 0, 0)
    assert [found.name for found in only_approved] == ["", "", ""]


def test_words_are_preselected_by_their_best_region():
    cosines, words = np.array([[0.1, 0.2, 0.3], [0.8, 0.2, 0.1]], np.float32), np.eye(3, dtype=np.float32)
    assert preselect_words(cosines, words, 1).tolist() == [0]
    assert preselect_words(cosines, words, 2).tolist() == [0, 2]
    assert preselect_words(cosines, words, 99).tolist() == [0, 2, 1]
    both = np.concatenate([region(bolt=0.9), region(puddle=0.8, bolt=0.1)])
    found = name_regions(both, table_of(), 1, SCALE, 0.0, -1.0)
    assert [item.name for item in found] == ["bolt", "bolt"]
    found = name_regions(both, table_of(), 2, SCALE, 0.0, -1.0)
    assert [(item.name, item.state) for item in found] == [
        ("bolt", RegionState.UNKNOWN_OBSTACLE),
        ("puddle", RegionState.UNKNOWN_NON_OBSTACLE),
    ]


def test_no_more_candidates_than_a_message_holds():
    entries = [*APPROVED, *[Entry(f"word {i}", "g") for i in range(50)]]
    (found,) = name_regions(np.ones((1, 53), np.float32), table_of(entries), 50, SCALE, 0.0, -1.0)
    assert len(found.candidates) == MAX_NAMES


def test_pooling_weighs_patches_and_normalises():
    # Two by two patches of 16 pixels; a working picture of the same four cells.
    interpolation = PatchInterpolation(Letterbox.fit((32, 32), (32, 32), 16), (2, 2))
    patches = np.eye(4, dtype=np.float32).reshape(2, 2, 4)
    above = Component(1, np.ones((1, 2), bool), 0, 0, (0, 0, 32, 16), 512)
    corner = Component(1, np.ones((1, 1), bool), 1, 1, (16, 16, 16, 16), 256)
    pooled = pool_regions(patches, interpolation, [above, corner])
    np.testing.assert_allclose(pooled, [[0.5**0.5, 0.5**0.5, 0, 0], [0, 0, 0, 1]], atol=1e-6)
    opposite = np.array([[[1.0], [-1.0]], [[0.0], [0.0]]], np.float32)
    assert pool_regions(opposite, interpolation, [above]) == pytest.approx(0)


@pytest.mark.parametrize(("count", "dtype"), [(255, np.uint8), (256, np.uint16), (400, np.uint16)])
def test_hundreds_of_regions_keep_their_identifiers(count, dtype):
    picture = np.zeros((2 * 20, 2 * 20), np.uint8)
    rows, columns = np.divmod(np.arange(count), 20)
    picture[2 * rows, 2 * columns] = 1
    scale = PictureScale(picture.shape, (80, 120))
    parts, _ = find_components(picture, scale, 1, 99, 999)
    names = [name(region(bolt=1.0))] * count
    regions = label_regions(parts, names, [], table_of(), {3: 3}, 255)
    labels = np.zeros((80, 120), np.uint8)
    image = paint_regions(regions, labels, scale)
    assert image.dtype == dtype
    assert np.array_equal(np.unique(image), np.arange(count + 1))
    assert ((labels == 3) == (image > 0)).all()
    published = published_regions(regions, np.ones(picture.shape, np.float32), scale)
    for item in published[:: count // 7]:
        assert (image == item.id).sum() == item.area
        assert item.score == 1.0
