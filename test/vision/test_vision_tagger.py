"""Tags of the whole image as candidate words, with the light tagger and one that says what it is told."""

from dataclasses import replace

import numpy as np
import pytest
from colour_world import TEXTS, ColourEncoder, WordEncoder, place, scene, vocabulary
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import softmax

from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.tagger import LightTagger, Tagging, embed_tags, tagged_table
from clipomaly_ros.vision.text_table import build_text_table, extend_text_table
from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vocabulary.entries import NameSource

# An approved class, a synonym of a candidate, that candidate, words nobody else has; one twice.
TAGS = ("person", "trolley", "suitcase", "kite", "zebra", "kite")
SETTINGS = SegmenterSettings(threshold=0.7, logit_scale=20.0, name_words="tagger")


class Told:
    """A tagger that finds the tags it is told to."""

    tags = TAGS

    def __init__(self, *present):
        self.present_tags, self.calls = present, 0

    def present(self, rgb, global_embedding):
        self.calls += 1
        return np.array([self.tags.index(tag) for tag in self.present_tags], np.intp)


def table():
    return build_text_table(vocabulary(), WordEncoder())


def tagging(tagger):
    return Tagging(tagger, embed_tags(TAGS, table().templates, WordEncoder()))


def make(tagger, words="tagger", **changes):
    chosen = replace(SETTINGS, name_words=words, **changes)
    return AnomalySegmenter(ColourEncoder(), table(), chosen, tagging=tagging(tagger))


def picture(thing):
    rgb = scene()
    place(rgb, thing, 192, 224, 96, 64)
    return rgb


@given(st.integers(1, 30), st.floats(1e-3, 1.0), st.floats(1, 100), st.integers(0, 999))
@settings(max_examples=60, deadline=None)
def test_a_share_of_the_largest_probability_makes_a_tag_present(count, share, logit_scale, seed):
    generator = np.random.default_rng(seed)
    texts, whole = generator.standard_normal((count, 6)), generator.standard_normal(6)
    texts, whole = texts / np.linalg.norm(texts, axis=1, keepdims=True), whole / np.linalg.norm(whole)
    probabilities = softmax(logit_scale * (texts @ whole))
    expected = probabilities >= share * probabilities.max()
    # Where rounding alone decides, either is right.
    close = np.isclose(probabilities, share * probabilities.max(), rtol=1e-3)
    tagger = LightTagger([f"tag {i}" for i in range(count)], texts.astype(np.float32), share, logit_scale)
    found = np.isin(np.arange(count), tagger.present(np.zeros((1, 1, 3), np.uint8), whole.astype(np.float32)))
    assert (found == expected)[~close].all()
    assert found[probabilities.argmax()]


def test_the_light_tagger_sees_what_is_in_the_picture():
    tags = [name for name in TEXTS if name not in ("suitcase", "kite")] + ["kite"]
    embeddings = embed_tags(tags, ("{}",), WordEncoder())
    tagger = LightTagger(tags, embeddings, 0.05, 20.0)
    whole = np.zeros(64, np.float32)
    whole[[TEXTS["sky"], TEXTS["kite"]]] = 1.0
    assert [tags[i] for i in tagger.present(scene(), whole)] == ["sky", "kite"]
    with pytest.raises(VisionError, match="global embedding"):
        tagger.present(scene(), whole[:10])


@pytest.mark.parametrize(
    ("tags", "rows", "share"), [(["a"], 2, 0.5), ([], 0, 0.5), (["a"], 1, 0.0), (["a"], 1, 1.5)]
)
def test_light_taggers_that_make_no_sense_are_refused(tags, rows, share):
    with pytest.raises(VisionError, match=r"tag"):
        LightTagger(tags, np.zeros((rows, 4), np.float32), share, 20.0)


def test_tags_become_candidates_but_never_an_approved_class():
    small = tagged_table(table(), tagging(Told()), "tagger")
    names = [entry.name for entry in small.table.entries]
    assert names == ["pavement", "grass", "sky", "person", "suitcase", "kite", "zebra"]
    assert small.places.tolist() == [-1, 4, 4, 5, 6, 5]
    assert small.table.approved_count == 4
    assert {entry.source for entry in small.table.entries[4:]} == {NameSource.TAGGER}
    assert [entry.group for entry in small.table.entries[4:]] == ["baggage", "unsorted", "unsorted"]
    np.testing.assert_array_equal(small.table.embeddings[4], table().embeddings[4])
    assert small.words(np.array([0, 1, 2, 5])).tolist() == [4, 5]
    assert small.words(np.array([], np.intp)).tolist() == []
    large = tagged_table(table(), tagging(Told()), "both")
    assert [entry.name for entry in large.table.entries[8:]] == ["kite", "zebra"]
    assert large.table.entries[:8] == table().entries
    assert large.places.tolist() == [-1, 4, 4, 8, 9, 8]
    assert large.words(np.array([3])).tolist() == [4, 5, 6, 7, 8]
    for found in (small, large):
        np.testing.assert_allclose(np.linalg.norm(found.table.embeddings, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    ("thing", "present", "words", "name", "source"),
    [
        ("kite", ["kite"], "tagger", "kite", NameSource.TAGGER),
        ("kite", ["zebra"], "tagger", "", NameSource.NONE),
        ("kite", [], "tagger", "", NameSource.NONE),
        ("suitcase", ["kite"], "tagger", "", NameSource.NONE),
        ("suitcase", ["trolley"], "tagger", "suitcase", NameSource.TAGGER),
        ("suitcase", ["kite"], "both", "suitcase", NameSource.DICTIONARY),
        ("kite", ["kite"], "both", "kite", NameSource.TAGGER),
    ],
)
def test_regions_are_named_by_the_words_of_the_image(thing, present, words, name, source):
    tagger = Told(*present)
    result = make(tagger, words).segment(picture(thing))
    (region,) = result.regions
    assert (region.name, region.source) == (name, source)
    assert tagger.calls == 1
    assert list(result.latencies).index("tags") == list(result.latencies).index("naming") - 1
    if name:
        assert result.legend[region.label].name == name
        assert result.legend[region.label].source is source


def test_images_without_unknown_regions_cost_no_tagger():
    tagger = Told("kite")
    result = make(tagger).segment(scene())
    assert result.regions == ()
    assert tagger.calls == 0


def test_a_new_vocabulary_takes_over_its_tags():
    segmenter = make(Told("kite"))
    words = vocabulary().with_candidates(["kite"], ["toys"])
    segmenter.set_table(extend_text_table(segmenter.table, words, WordEncoder()))
    (region,) = segmenter.segment(picture("kite")).regions
    # Added by hand: a candidate in every image, whether or not it has that tag.
    assert (region.name, region.source, region.group) == ("kite", NameSource.OPERATOR, "toys")
    silent = make(Told())
    silent.set_table(segmenter.table)
    assert silent.segment(picture("kite")).regions[0].name == "kite"
    with pytest.raises(VisionError, match="different models"):
        segmenter.set_table(replace(segmenter.table, embeddings=segmenter.table.embeddings[:, :9]))
    assert segmenter.segment(picture("kite")).regions[0].group == "toys"


def test_words_and_tagger_must_go_together():
    with pytest.raises(VisionError, match="name_words"):
        AnomalySegmenter(ColourEncoder(), table(), SETTINGS)
    with pytest.raises(VisionError, match="name_words"):
        make(Told(), words="dictionary")
    with pytest.raises(VisionError, match="name_words"):
        SegmenterSettings(name_words="ram")
