"""The whole vision path in a world where colours are meanings, and on odd images."""

import os
import threading
from pathlib import Path

import cv2
import numpy as np
import pytest
from colour_world import APPROVED, CANDIDATES, WordEncoder, make, place, scene, vocabulary

from clipomaly_ros.vision.segmenter import SegmenterSettings
from clipomaly_ros.vision.text_table import build_text_table, extend_text_table
from clipomaly_ros.vision.types import RegionState
from clipomaly_ros.vocabulary.entries import NameSource

STAGES = ["preprocess", "encode", "score", "regions", "naming", "labels"]


def check(result, rgb):
    """What holds for every result, whatever the image."""
    assert result.labels.shape == result.region_image.shape == rgb.shape[:2]
    assert result.labels.dtype in (np.uint8, np.uint16)
    assert result.score.dtype == np.float32
    assert np.isfinite(result.score).all()
    assert ((result.score >= 0) & (result.score <= 1)).all()
    assert list(result.latencies) == STAGES
    nothing = np.iinfo(result.labels.dtype).max
    assert np.isin(result.labels, [*range(len(result.legend)), nothing]).all()
    assert set(np.unique(result.region_image)) - {0} == {region.id for region in result.regions}
    assert [r.area for r in result.regions] == sorted((r.area for r in result.regions), reverse=True)
    for region in result.regions:
        inside = result.region_image == region.id
        rows, columns = np.nonzero(inside)
        x, y, width, height = region.box
        assert (columns.min(), rows.min()) == (x, y)
        assert (np.ptp(columns) + 1, np.ptp(rows) + 1) == (width, height)
        assert inside.sum() == region.area
        assert (result.labels[inside] == region.label).all()
        assert 1 <= len(region.candidates) <= 16
        assert all(0 <= item.score <= 1 for item in region.candidates)
        if region.name:
            assert result.legend[region.label].name == region.name
            assert result.legend[region.label].group == region.group
        else:
            assert (region.label, region.source) == (nothing, NameSource.NONE)
            assert region.state is RegionState.UNKNOWN_OBSTACLE
    return result


def overlap(box, other):
    x0, y0 = max(box[0], other[0]), max(box[1], other[1])
    x1, y1 = min(box[0] + box[2], other[0] + other[2]), min(box[1] + box[3], other[1] + other[3])
    common = max(0, x1 - x0) * max(0, y1 - y0)
    return common / (box[2] * box[3] + other[2] * other[3] - common)


@pytest.mark.parametrize("score", ["entropy", "candidate_mass"])
def test_a_magenta_box_is_found_outlined_and_named(score):
    rgb = scene()
    box = (192, 224, 96, 64)
    place(rgb, "suitcase", *box)
    settings = SegmenterSettings(threshold=0.7, logit_scale=20.0, unknown_score=score)
    result = check(make(settings).segment(rgb), rgb)
    (region,) = result.regions
    assert (region.name, region.source, region.group) == ("suitcase", NameSource.DICTIONARY, "baggage")
    assert region.state is RegionState.UNKNOWN_OBSTACLE
    assert region.candidates[0].name == "suitcase"
    assert region.candidates[0].score > 0.9
    assert overlap(region.box, box) > 0.6
    assert [entry.name for entry in result.legend] == ["pavement", "grass", "sky", "person", "suitcase"]
    names = [entry.name for entry in result.legend]
    for name, at in (
        ("sky", (40, 240)),
        ("grass", (120, 240)),
        ("pavement", (300, 40)),
        ("suitcase", (256, 240)),
    ):
        assert names[result.labels[at]] == name


def test_a_thing_nobody_has_a_word_for_stays_unknown_and_is_kept():
    rgb = scene()
    place(rgb, "nameless", 192, 224, 96, 64)
    (region,) = check(make().segment(rgb), rgb).regions
    assert (region.name, region.state) == ("", RegionState.UNKNOWN_OBSTACLE)
    assert region.candidates


def test_flat_things_are_no_obstacle():
    rgb = scene()
    place(rgb, "puddle", 192, 224, 96, 64)
    (region,) = check(make().segment(rgb), rgb).regions
    assert (region.name, region.state) == ("puddle", RegionState.UNKNOWN_NON_OBSTACLE)


def test_two_things_get_their_own_names_largest_first():
    rgb = scene()
    place(rgb, "puddle", 32, 224, 64, 48)
    place(rgb, "suitcase", 288, 208, 128, 80)
    result = check(make().segment(rgb), rgb)
    assert [region.name for region in result.regions] == ["suitcase", "puddle"]
    one = check(make(SegmenterSettings(threshold=0.7, logit_scale=20.0, max_regions=1)).segment(rgb), rgb)
    assert [region.name for region in one.regions] == ["suitcase"]
    assert one.dropped_regions == 1


def test_people_are_reported_although_they_are_known():
    rgb = scene()
    place(rgb, "person", 96, 176, 48, 112)
    place(rgb, "suitcase", 288, 208, 128, 80)
    result = check(make().segment(rgb), rgb)
    person = next(region for region in result.regions if region.name == "person")
    assert (person.state, person.source, person.group) == (RegionState.KNOWN, NameSource.APPROVED, "person")
    assert overlap(person.box, (96, 176, 48, 112)) > 0.6
    assert len(result.regions) == 2
    quiet = SegmenterSettings(threshold=0.7, logit_scale=20.0, report_known=False)
    assert [r.name for r in check(make(quiet).segment(rgb), rgb).regions] == ["suitcase"]
    strict = SegmenterSettings(threshold=0.7, logit_scale=20.0, report_min_probability=1.0)
    assert [r.name for r in check(make(strict).segment(rgb), rgb).regions] == ["suitcase"]


def test_a_name_added_at_run_time_is_used_from_the_next_image_on():
    rgb = scene()
    place(rgb, "kite", 192, 224, 96, 64)
    segmenter = make()
    assert segmenter.segment(rgb).regions[0].name == ""
    words = vocabulary().with_candidates(["kite"], ["toys"])
    segmenter.set_table(extend_text_table(segmenter.table, words, WordEncoder()))
    (region,) = check(segmenter.segment(rgb), rgb).regions
    assert (region.name, region.source, region.group) == ("kite", NameSource.OPERATOR, "toys")


def test_tables_swap_between_images_never_within_one():
    rgb = scene((64, 96))
    place(rgb, "suitcase", 32, 40, 32, 20)
    small = build_text_table(vocabulary(), WordEncoder())
    large = build_text_table(vocabulary().with_candidates([f"thing {i}" for i in range(300)]), WordEncoder())
    segmenter = make()
    stop = threading.Event()

    def swap():
        while not stop.is_set():
            segmenter.set_table(large)
            segmenter.set_table(small)

    thread = threading.Thread(target=swap)
    thread.start()
    try:
        results = [segmenter.segment(rgb) for _ in range(30)]
    finally:
        stop.set()
        thread.join()
    assert all([r.name for r in result.regions] == ["suitcase"] for result in results)


def test_more_than_255_classes_need_16_bits():
    lines = "".join(f"  - {{name: class {i}, group: many}}\n" for i in range(300))
    from clipomaly_ros.vocabulary.loading import parse_vocabulary

    words = parse_vocabulary(APPROVED + lines, CANDIDATES)
    rgb = scene()
    place(rgb, "nameless", 192, 224, 96, 64)
    settings = SegmenterSettings(threshold=0.9, logit_scale=20.0)
    result = check(make(settings, words).segment(rgb), rgb)
    assert result.labels.dtype == np.uint16
    assert (result.labels == 65535).any()


@pytest.mark.parametrize(
    "size", [(1, 1), (1, 700), (501, 1), (2, 3), (37, 61), (375, 1242), (1201, 97), (2160, 3840)]
)
@pytest.mark.parametrize("fit", ["letterbox", "stretch"])
def test_any_size_is_segmented(size, fit):
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    settings = SegmenterSettings(threshold=0.3, logit_scale=20.0, fit=fit, min_region_area=1)
    result = check(make(settings).segment(rgb), rgb)
    assert all(abs(got - 0.5 * side) <= 0.5 for got, side in zip(result.score.shape, size, strict=True))


def test_an_8k_image_is_segmented():
    rgb = scene((4320, 7680))
    place(rgb, "suitcase", 3072, 3024, 1536, 864)
    (region,) = check(make().segment(rgb), rgb).regions
    assert region.name == "suitcase"


@pytest.mark.parametrize("value", [0, 110, 255])
@pytest.mark.parametrize("mode", ["fixed", "frame_quantile"])
def test_plain_pictures(value, mode):
    rgb = np.full((90, 130, 3), value, np.uint8)
    settings = SegmenterSettings(threshold=0.7, logit_scale=20.0, threshold_mode=mode)
    result = check(make(settings).segment(rgb), rgb)
    if value == 110:
        assert result.regions == ()
        assert (result.labels == 0).all()


def test_memory_layout_does_not_matter_and_the_image_is_not_changed():
    rgb = scene()
    place(rgb, "suitcase", 192, 224, 96, 64)
    before = rgb.copy()
    plain = make().segment(rgb)
    np.testing.assert_array_equal(rgb, before)
    wide = np.zeros((*rgb.shape[:2], 6), np.uint8)
    wide[:, :, ::2] = rgb
    turned = np.ascontiguousarray(rgb[::-1])[::-1]
    turned.setflags(write=False)
    for other in (wide[:, :, ::2], np.asfortranarray(rgb), turned, rgb[:, :, ::-1].copy()[:, :, ::-1]):
        result = make().segment(other)
        np.testing.assert_array_equal(result.labels, plain.labels)
        assert result.regions == plain.regions


def test_a_real_photograph_goes_through_with_the_unknown_found_by_colour():
    root = Path(os.environ.get("CLIPOMALY_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    file = root / "anomaly_pair" / "image.png"
    if not file.is_file():
        pytest.skip(f"real data missing: {file}")
    rgb = cv2.cvtColor(cv2.imread(str(file)), cv2.COLOR_BGR2RGB)
    for scale in (1.0, 0.25):
        settings = SegmenterSettings(threshold=0.5, logit_scale=20.0, score_scale=scale)
        result = check(make(settings).segment(rgb), rgb)
        assert len(np.unique(result.labels)) > 1
