import re
from dataclasses import replace

import numpy as np
import pytest
from colour_world import COLOURS, ColourEncoder, WordEncoder, place, scene, vocabulary
from fusion_recipes import recipe, source
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.vision.encoding import encode_picture
from clipomaly_ros.vision.image_view import ImageView
from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.score_fusion import (
    FusedSource,
    FusionRecipe,
    ScoreFusion,
    candidates_hash,
    known_classes_hash,
)
from clipomaly_ros.vision.score_sources import (
    Evidence,
    area_weights,
    closed_set_score,
    image_text_score,
    linear_weights,
    over_patches,
    patch_centres,
    windows,
)
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vision.unknown_score import score_patches
from clipomaly_ros.vocabulary.entries import Entry

TABLE = build_text_table(vocabulary(), WordEncoder())
SETTINGS = SegmenterSettings(threshold=0.5, logit_scale=20.0)


class ColourSegmenter:
    """A closed-set segmenter that knows two colours by heart, at a quarter of the size."""

    names = ("grass", "pavement")

    def probabilities(self, rgb):
        palette = np.array([COLOURS[name] for name in self.names])
        distance = np.abs(rgb[::4, ::4, None].astype(int) - palette).sum(axis=-1)
        return np.where(distance < 30, 0.9, 0.04).astype(np.float32)


def picture():
    rgb = scene()
    place(rgb, "nameless", 96, 192, 64, 64)
    return rgb


def segment(fusion, rgb=None, **changed):
    chosen = replace(SETTINGS, score_scale=1.0, **changed)
    return AnomalySegmenter(ColourEncoder(), TABLE, chosen, fusion).segment(picture() if rgb is None else rgb)


@pytest.mark.parametrize("name", ["entropy", "max_logit", "energy", "margin", "candidate_mass"])
def test_one_text_source_with_a_straight_calibration_is_the_score_itself(name):
    fused = segment(ScoreFusion(recipe(name)))
    plain = segment(None, unknown_score=name)
    np.testing.assert_allclose(fused.score, plain.score, atol=1e-6)
    assert np.array_equal(fused.labels, plain.labels)
    assert [region.box for region in fused.regions] == [region.box for region in plain.regions]


def test_sources_add_up_with_their_weights_and_calibrations():
    bent = FusedSource("entropy", 0.25, (0.2, 0.6), (0.1, 0.9))
    fused = segment(ScoreFusion(FusionRecipe((bent, source("margin", 0.75)), 20.0, 0.5))).score
    letterbox = Letterbox.fit((320, 480), (160, 240), 16)
    patches = encode_picture(picture(), ColourEncoder(), TABLE).patches
    expected = 0.25 * np.interp(score_patches(patches, TABLE, "entropy", 20.0)[0], (0.2, 0.6), (0.1, 0.9))
    expected += 0.75 * score_patches(patches, TABLE, "margin", 20.0)[0]
    centres = [np.rint(patch_centres(letterbox, axis)).astype(int) for axis in (0, 1)]
    np.testing.assert_allclose(fused[np.ix_(*centres)], expected, atol=0.06)


def test_a_closed_set_segmenter_that_knows_nothing_of_a_thing_makes_it_stand_out():
    fused = ScoreFusion(recipe("closed_set"), ColourSegmenter())
    score = segment(fused).score
    assert score[210:236, 114:140].min() > 0.9
    assert score[270:, 200:].max() < 0.2  # pavement
    assert score[:48].min() > 0.9  # sky: the segmenter has no such class


def test_the_mirrored_image_gives_the_mirrored_score():
    fusion = ScoreFusion(recipe("entropy", "closed_set", flip=True), ColourSegmenter())
    rgb = picture()
    straight, mirrored = segment(fusion, rgb).score, segment(fusion, rgb[:, ::-1]).score
    np.testing.assert_allclose(mirrored[:, ::-1], straight, atol=1e-5)
    once = segment(ScoreFusion(recipe("entropy", "closed_set"), ColourSegmenter()), rgb).score
    np.testing.assert_allclose(straight, once, atol=0.05)  # this encoder sees both alike


def test_what_the_picture_around_does_not_show_is_less_explained():
    fusion = ScoreFusion(recipe("image_text"))
    grass = np.empty((320, 480, 3), np.uint8)
    grass[:] = COLOURS["grass"]
    alone = segment(fusion, grass).score.max()
    place(grass, "person", 200, 100, 64, 64)
    assert segment(fusion, grass).score[132, 232] > alone + 0.2


def test_windows_look_around_each_place():
    calls = []

    class Counting(ColourEncoder):
        def encode(self, batch):
            calls.append(batch)
            return super().encode(batch)

    fusion = ScoreFusion(recipe("image_text", windows=(2, 3)))
    AnomalySegmenter(Counting(), TABLE, SETTINGS, fusion).segment(picture())
    assert len(calls) == 1 + 6
    AnomalySegmenter(Counting(), TABLE, SETTINGS, ScoreFusion(recipe("entropy"))).segment(picture())
    assert len(calls) == 1 + 6 + 1


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(1, 8), st.integers(1, 8))
def test_windows_cover_every_pixel(height, width, rows, columns):
    seen = np.zeros((height, width), int)
    for place_ in windows((height, width), rows, columns):
        assert seen[place_].size
        seen[place_] += 1
    assert seen.min() >= 1


@settings(deadline=None)
@given(st.integers(1, 90), st.integers(1, 90), st.integers(1, 40))
def test_area_weights_are_means(height, width, cells):
    letterbox = Letterbox.fit((height, width), (64, 96), 16)
    for axis in (0, 1):
        weights = area_weights(letterbox, axis, cells)
        np.testing.assert_allclose(weights.sum(axis=1), 1.0, atol=1e-5)
        assert weights.min() >= 0
    flat = np.full((cells, cells, 2), 0.3, np.float32)
    spread = over_patches(flat, area_weights(letterbox, 0, cells), area_weights(letterbox, 1, cells))
    np.testing.assert_allclose(spread, 0.3, atol=1e-5)


def test_area_weights_average_whole_patches():
    letterbox = Letterbox.fit((64, 96), (64, 96), 16)
    expected = np.repeat(np.eye(4, dtype=np.float32), 16, axis=1) / 16
    np.testing.assert_allclose(area_weights(letterbox, 0, 64), expected, atol=1e-6)


def test_linear_weights_interpolate():
    knots, positions = np.array([1.0, 2.0, 4.0]), np.array([0.0, 1.5, 3.0, 9.0])
    values = np.array([10.0, 20.0, 40.0], np.float32)
    np.testing.assert_allclose(linear_weights(positions, knots) @ values, [10, 15, 30, 40])


def test_a_withheld_class_leaves_the_softmax():
    maps = np.array([[[0.8, 0.15], [0.1, 0.1]]], np.float32)
    evidence = Evidence(maps, maps, maps, ("grass", "pavement"))
    np.testing.assert_allclose(closed_set_score(evidence, TABLE), [[0.2, 0.9]], atol=1e-6)
    np.testing.assert_allclose(
        closed_set_score(evidence, TABLE, ("grass",)), [[1 - 0.15 / 0.2, 1 - 0.1 / 0.9]], atol=1e-5
    )


def test_image_text_is_the_product_of_both_experts():
    generator = np.random.default_rng(0)
    patches, around = generator.normal(size=(2, 3, 4, TABLE.embeddings.shape[1])).astype(np.float32)
    evidence = Evidence(patches, around[:1, :1])
    texts = TABLE.embeddings[: TABLE.approved_count].T
    product = np.sqrt(np.exp(20 * patches @ texts)) * np.sqrt(np.exp(20 * around[:1, :1] @ texts))
    expected = 1 - (product / product.sum(axis=-1, keepdims=True)).max(axis=-1)
    np.testing.assert_allclose(image_text_score(evidence, TABLE, 20.0), expected, atol=1e-4)


VIEWS = {
    "fit": "stretch",
    "tiles": (2, 1),
    "tile_overlap": 0.5,
    "roi": (0.0, 0.5, 1.0, 0.5),
}


@pytest.mark.parametrize("name", VIEWS)
def test_a_fusion_holds_for_how_its_images_came_before_the_encoder(name):
    tiled = replace(SETTINGS, tiles=(1, 2))
    fusion = ScoreFusion(recipe("entropy"), view=ImageView.of(tiled))
    other = replace(tiled, **{name: VIEWS[name]})
    (found,) = ImageView.of(tiled).differences(ImageView.of(other))
    assert found == name
    expected, got = (view.text(name) for view in (ImageView.of(tiled), ImageView.of(other)))
    words = re.escape(f"calibrated with {expected}, found {got}; set {expected}, or calibrate again")
    with pytest.raises(VisionError, match=words):
        AnomalySegmenter(ColourEncoder(), TABLE, other, fusion)
    AnomalySegmenter(ColourEncoder(), TABLE, other, ScoreFusion(recipe("entropy")))  # it says nothing
    AnomalySegmenter(ColourEncoder(), TABLE, other)
    # What comes after the features shifts nothing.
    later = replace(tiled, threshold=0.9, score_scale=0.25, min_region_area=7, top_words=3, logit_scale=9.0)
    AnomalySegmenter(ColourEncoder(), TABLE, later, fusion)


def test_one_tile_has_no_overlap():
    views = [ImageView.of(replace(SETTINGS, tile_overlap=overlap)) for overlap in (0.0, 0.5)]
    assert views[0] == views[1]
    assert views[0].differences(views[1]) == []
    several = [ImageView.of(replace(SETTINGS, tiles=(1, 2), tile_overlap=o)) for o in (0.1, 0.1 + 1e-12, 0.2)]
    assert [several[0].differences(view) for view in several] == [[], [], ["tile_overlap"]]


def test_a_fusion_holds_for_its_approved_classes_alone():
    fusion = ScoreFusion(recipe("entropy"), known_sha256=known_classes_hash(TABLE))
    count = TABLE.approved_count
    order = [*range(count)[::-1], *range(count, len(TABLE.entries))]
    turned = replace(TABLE, entries=tuple(TABLE.entries[i] for i in order))
    longer = replace(TABLE, entries=(*TABLE.entries, Entry("one more", "g")))
    for same in (TABLE, turned, longer):
        fusion.check(same)
    assert candidates_hash(longer) != candidates_hash(TABLE) == candidates_hash(turned)
    others = (
        replace(TABLE, entries=(replace(TABLE.entries[0], synonyms=("another",)), *TABLE.entries[1:])),
        replace(TABLE, entries=(replace(TABLE.entries[0], name="another"), *TABLE.entries[1:])),
        replace(TABLE, approved_count=count - 1),
        replace(TABLE, templates=("one {}", *TABLE.templates)),
    )
    for other in others:
        with pytest.raises(VisionError, match="other approved classes"):
            fusion.check(other)
        ScoreFusion(recipe("entropy")).check(other)
    segmenter = AnomalySegmenter(ColourEncoder(), TABLE, SETTINGS, fusion)
    with pytest.raises(VisionError, match="other approved classes"):
        segmenter.set_table(others[1])
    assert segmenter.table is TABLE


def test_a_source_without_its_segmenter_is_refused():
    with pytest.raises(VisionError, match="closed-set segmenter"):
        ScoreFusion(recipe("entropy", "closed_set"))
    with pytest.raises(VisionError, match="different ones"):
        FusionRecipe((), 20.0, 0.5)
