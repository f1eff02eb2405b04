"""Regions named by their masked crops, by both kinds of evidence, and by several names at once."""

from dataclasses import replace

import numpy as np
import pytest
from colour_world import DIMENSION, ColourEncoder, WordEncoder, place, scene, vocabulary
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import log_softmax, softmax

from clipomaly_ros.vision.masked_crops import combine, embed_crops, masked_crop, most_unknown
from clipomaly_ros.vision.naming import says_the_same
from clipomaly_ros.vision.regions import PictureScale, find_components
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import DenseFeatures, VisionError

SETTINGS = SegmenterSettings(threshold=0.7, logit_scale=20.0)


class CountingEncoder(ColourEncoder):
    """Counts its calls; blind: in the frame, the first call, magenta looks like nothing it knows."""

    def __init__(self, blind=False):
        super().__init__()
        self.calls, self.blind = 0, blind

    def encode(self, batch):
        self.calls += 1
        features = super().encode(batch)
        if not self.blind or self.calls > 1:
            return features
        patches = features.patches.copy()
        patches[patches[:, :, 4] > 0.5] = np.eye(DIMENSION, dtype=np.float32)[7]
        return DenseFeatures(patches, features.global_embedding)


def make(encoder=None, **changes):
    table = build_text_table(vocabulary(), WordEncoder())
    return AnomalySegmenter(encoder or CountingEncoder(), table, replace(SETTINGS, **changes))


@st.composite
def pictures(draw):
    """Return a source size, a working picture with one region, and its scale."""
    height, width = draw(st.integers(1, 30)), draw(st.integers(1, 30))
    size = (draw(st.integers(1, height)), draw(st.integers(1, width)))
    generator = np.random.default_rng(draw(st.integers(0, 999)))
    picture = (generator.random(size) < 0.6).astype(np.uint8)
    picture[0, 0] = 1
    return picture, PictureScale(size, (height, width)), generator


@given(pictures())
@settings(max_examples=60, deadline=None)
def test_a_masked_crop_shows_the_region_and_nothing_else(drawn):
    picture, scale, generator = drawn
    rgb = generator.integers(0, 256, (*scale.source_size, 3), dtype=np.uint8)
    before = rgb.copy()
    for region in find_components(picture, scale, 1, 10**9, 99)[0]:
        alone = np.zeros(scale.size, np.uint8)
        region.paint(alone, 1)
        mask = scale.to_source(alone).astype(bool)
        x, y, width, height = region.box
        expected = np.where(mask[..., None], rgb, np.uint8(51))[y : y + height, x : x + width]
        np.testing.assert_array_equal(masked_crop(rgb, region, scale, (0.2, 0.2, 0.2)), expected)
        mask_of_box = scale.crop_to_source(region.mask.astype(np.uint8), region.top, region.left)
        np.testing.assert_array_equal(mask_of_box.astype(bool), mask[y : y + height, x : x + width])
    np.testing.assert_array_equal(rgb, before)


def test_the_highest_scores_get_the_crops():
    picture = np.zeros((9, 9), np.uint8)
    picture[0:4, 0:4] = picture[6, 6] = picture[8, 0:3] = 1
    score = np.zeros((9, 9), np.float32)
    score[0:4, 0:4], score[6, 6], score[8, 0:3] = 0.7, 0.9, 0.8
    scale = PictureScale((9, 9), (9, 9))
    regions, _ = find_components(picture, scale, 1, 99, 9)
    assert [region.area for region in regions] == [16, 3, 1]
    assert most_unknown(regions, score, scale, 2) == [2, 1]
    assert most_unknown(regions, score, scale, 99) == [2, 1, 0]


@given(st.integers(0, 999), st.floats(1, 60))
@settings(max_examples=40, deadline=None)
def test_both_is_the_mean_of_the_logarithms(seed, logit_scale):
    generator = np.random.default_rng(seed)
    pooled, crops, words = (generator.standard_normal((n, 8)).astype(np.float32) for n in (3, 2, 5))
    for rows in (pooled, crops, words):
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    places = [2, 0]
    both = combine(pooled, crops, places, "both")
    logits = (log_softmax(logit_scale * (a @ words.T), axis=1) for a in (pooled[places], crops))
    expected = softmax(sum(logits) / 2, axis=1)
    np.testing.assert_allclose(softmax(logit_scale * (both[places] @ words.T), axis=1), expected, atol=1e-4)
    np.testing.assert_array_equal(both[1], pooled[1])
    only = combine(pooled, crops, places, "crop")
    np.testing.assert_array_equal(only[[0, 1, 2]], [crops[1], pooled[1], crops[0]])


def test_a_crop_names_what_the_patches_do_not():
    rgb = scene()
    place(rgb, "suitcase", 192, 224, 96, 64)
    plain, crop, both = (
        make(CountingEncoder(blind=True), name_evidence=evidence) for evidence in ("pooled", "crop", "both")
    )
    assert [region.name for region in plain.segment(rgb).regions] == [""]
    assert [region.name for region in crop.segment(rgb).regions] == ["suitcase"]
    (region,) = both.segment(rgb).regions
    names = {item.name: item.score for item in region.candidates}
    assert region.name == "suitcase"
    assert names["suitcase"] < crop.segment(rgb).regions[0].candidates[0].score


@pytest.mark.parametrize(("evidence", "limit", "calls"), [("pooled", 4, 1), ("crop", 4, 4), ("both", 2, 3)])
def test_crops_cost_one_call_each_and_no_more_than_allowed(evidence, limit, calls):
    rgb = scene()
    for column, name in enumerate(("suitcase", "puddle", "nameless")):
        place(rgb, name, 32 + 150 * column, 224, 96, 64)
    encoder = CountingEncoder()
    result = make(encoder, name_evidence=evidence, crop_regions=limit).segment(rgb)
    assert len(result.regions) == 3
    assert encoder.calls == calls


@pytest.mark.parametrize("whole", [np.zeros(5, np.float32), np.full(DIMENSION, np.nan, np.float32)])
def test_global_embeddings_that_do_not_fit_are_refused(whole):
    class Broken(ColourEncoder):
        def encode(self, batch):
            return DenseFeatures(super().encode(batch).patches, whole)

    picture, scale = np.ones((2, 2), np.uint8), PictureScale((2, 2), (8, 8))
    regions, _ = find_components(picture, scale, 1, 99, 9)
    with pytest.raises(VisionError, match="global embedding"):
        embed_crops(np.zeros((8, 8, 3), np.uint8), regions, scale, Broken(), "letterbox", DIMENSION)


def two_things():
    """Return a picture in which a suitcase and a puddle touch."""
    rgb = scene()
    place(rgb, "suitcase", 160, 224, 96, 64)
    place(rgb, "puddle", 256, 224, 96, 64)
    return rgb


def test_in_mode_all_the_names_share_the_region():
    rgb = two_things()
    loose = {"name_margin": -1.0, "name_min_probability": 0.05}
    (best,) = make(**loose).segment(rgb).regions
    result = make(name_mode="all", **loose).segment(rgb)
    (region,) = result.regions
    assert (region.name, region.box, region.label) == (best.name, best.box, best.label)
    names = [entry.name for entry in result.legend]
    for name, at in (("suitcase", (256, 200)), ("puddle", (256, 300))):
        assert names[result.labels[at]] == name
    inside = result.region_image == region.id
    shown = {names[label] for label in np.unique(result.labels[inside])}
    assert {"suitcase", "puddle"} <= shown
    only = {entry.name for entry in make(**loose).segment(rgb).legend}
    assert len({"suitcase", "puddle"} & only) == 1


def test_in_mode_all_one_name_is_like_mode_best():
    rgb = scene()
    place(rgb, "suitcase", 192, 224, 96, 64)
    best, every = make().segment(rgb), make(name_mode="all").segment(rgb)
    np.testing.assert_array_equal(best.labels, every.labels)
    assert (best.regions, best.legend) == (every.regions, every.legend)


def test_a_candidate_that_says_the_same_as_a_class_is_no_name():
    table = build_text_table(vocabulary(), WordEncoder())
    embeddings = table.embeddings.copy()
    suitcase = [entry.name for entry in table.entries].index("suitcase")
    # Its text lies between its own direction and that of the approved class "person".
    embeddings[suitcase] = embeddings[suitcase] * 0.6 + embeddings[3] * 0.8
    table = replace(table, embeddings=embeddings)
    words = np.arange(table.approved_count, len(table.entries))
    assert says_the_same(words, table, 0.79).tolist() == [word == suitcase for word in words]
    assert not says_the_same(words, table, 0.81).any()
    rgb = scene()
    place(rgb, "suitcase", 192, 224, 96, 64)
    loose = replace(SETTINGS, name_margin=-1.0, name_min_probability=0.0)
    for similarity, name in ((1.0, "suitcase"), (0.81, "suitcase"), (0.79, "")):
        made = AnomalySegmenter(CountingEncoder(), table, replace(loose, synonym_similarity=similarity))
        (region,) = made.segment(rgb).regions
        assert (region.name == "suitcase") == (name == "suitcase")
        assert ("suitcase" in [item.name for item in region.candidates]) == (name == "suitcase")
