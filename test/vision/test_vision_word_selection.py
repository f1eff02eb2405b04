import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.vision import word_selection
from clipomaly_ros.vision.types import TextTable
from clipomaly_ros.vision.unknown_score import Similarities, candidate_mass_score, score_patches
from clipomaly_ros.vision.word_selection import (
    LIMIT,
    PARTS,
    largest_cosines,
    largest_first,
    least_explained,
    words_of_frame,
)
from clipomaly_ros.vocabulary.entries import Entry

AT_A_TIME = word_selection._WORDS_AT_A_TIME
SIZES = st.tuples(st.integers(1, 40), st.integers(1, 40))


def directions(shape, seed):
    values = np.random.default_rng(seed).standard_normal(shape).astype(np.float32)
    return values / np.linalg.norm(values, axis=-1, keepdims=True)


def table_of(approved, words):
    entries = tuple(Entry(f"entry {i}", "g") for i in range(len(approved) + len(words)))
    return TextTable(entries, np.concatenate([approved, words]), len(approved), "")


def exact_mass(patches, table, scale):
    cosines = patches @ table.embeddings.T
    return candidate_mass_score(Similarities(cosines, table.approved_count, scale))


@given(size=SIZES, seed=st.integers(0, 99))
def test_every_part_of_the_image_sends_its_least_explained_patch(size, seed):
    best = np.random.default_rng(seed).random(size).astype(np.float32)
    places = least_explained(best)
    assert len(places) == len(set(places.tolist()))
    assert ((places >= 0) & (places < best.size)).all()
    assert best.argmin() in places
    side = int(np.ceil(np.sqrt(best.size / PARTS)))
    y, x = np.divmod(places, size[1])
    for row, column in zip(y // side, x // side, strict=True):
        block = best[row * side : (row + 1) * side, column * side : (column + 1) * side]
        assert block.min() in best.ravel()[places]
    assert len(places) == -(-size[0] // side) * -(-size[1] // side)


@given(values=st.lists(st.integers(0, 6), max_size=30), count=st.integers(0, 40))
@settings(max_examples=50)
def test_the_largest_are_those_of_a_stable_sort(values, count):
    numbers = np.array(values, np.float32)
    expected = np.argsort(-numbers, kind="stable")[:count]
    assert largest_first(numbers, count).tolist() == expected.tolist()


@given(
    count=st.sampled_from([0, 1, AT_A_TIME - 1, AT_A_TIME, AT_A_TIME + 1, 3 * AT_A_TIME - 7]),
    shown=st.integers(1, 70),
    off=st.booleans(),
)
@settings(max_examples=20, deadline=None)
def test_cosines_taken_block_by_block_are_those_of_one_product(count, shown, off):
    patches, words = directions((shown, 24), count), directions((count, 24), shown)
    less = np.linspace(-1, 1, shown, dtype=np.float32) if off else None
    whole = words @ patches.T - (0 if less is None else less)
    np.testing.assert_allclose(largest_cosines(patches, words, less), whole.max(axis=1), atol=1e-6)


@given(count=st.integers(0, LIMIT), seed=st.integers(0, 9))
@settings(max_examples=20)
def test_a_small_dictionary_competes_as_a_whole(count, seed):
    patches, approved = directions((5, 7, 12), seed), directions((4, 12), seed + 1)
    table = table_of(approved, directions((count, 12), seed + 2))
    score, known = score_patches(patches, table, "candidate_mass", 15.0)
    np.testing.assert_allclose(score, exact_mass(patches, table, 15.0), atol=1e-6)
    np.testing.assert_allclose(known, patches @ approved.T, atol=1e-6)


@given(seed=st.integers(0, 9), scale=st.sampled_from([5.0, 20.0, 60.0]), count=st.integers(200, 900))
@settings(max_examples=20, deadline=None)
def test_the_words_left_out_weigh_no_more_than_said(seed, scale, count):
    patches, approved = directions((12, 20, 16), seed), directions((6, 16), seed + 1)
    words = directions((count, 16), seed + 2)
    table = table_of(approved, words)
    known = patches @ approved.T
    best = known.max(axis=2)
    taken = words_of_frame(patches, best, words)
    assert len(taken) == len(set(taken.tolist())) == LIMIT
    places = least_explained(best)
    shown = patches.reshape(-1, 16)[places]
    worth = (shown @ words.T - best.ravel()[places, None]).max(axis=0)
    left = np.setdiff1d(np.arange(count), taken)
    assert worth[left].max() <= worth[taken].min() + 1e-6
    score = score_patches(patches, table, "candidate_mass", scale)[0]
    exact = exact_mass(patches, table, scale)
    assert (score <= exact + 1e-5).all()  # what is left out can only be missing
    bound = len(left) * np.exp(scale * worth[taken].min(), dtype=np.float64)
    off = (exact - score).ravel()[places]
    assert (off <= bound / (1 + bound) + 1e-5).all()


def test_words_that_resemble_nothing_change_nothing():
    # Four things fill the image, a quarter each; a large foreign dictionary lives in other directions.
    near = np.pad(np.eye(6, dtype=np.float32), ((0, 0), (0, 6)))
    foreign = np.pad(directions((3000, 6), 2), ((0, 0), (6, 0)))
    shown = np.repeat(np.repeat(np.array([[0, 1], [2, 5]]), 9, axis=0), 15, axis=1)
    patches = near[shown] + np.float32(0.1) * directions((18, 30, 12), 1)
    patches /= np.linalg.norm(patches, axis=2, keepdims=True)
    small = table_of(near[:2], near[2:])
    large = table_of(near[:2], np.concatenate([foreign, near[2:]]))
    score, few = (score_patches(patches, table, "candidate_mass", 40.0)[0] for table in (large, small))
    assert np.abs(score - few).max() < 1e-5
    assert set(np.unique(score.round(3))) == {0.0, 1.0}
