"""Tiles cover the image without a gap or a seam, one tile is the plain way, and small things are found."""

from dataclasses import replace

import numpy as np
import pytest
from colour_world import DIMENSION, ColourEncoder, WordEncoder, place, scene, vocabulary
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.vision.encoding import encode_image
from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.region_of_interest import roi_window
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.tiling import tile_layout, tile_places
from clipomaly_ros.vision.types import DenseFeatures, VisionError

SETTINGS = SegmenterSettings(threshold=0.7, logit_scale=20.0)
FITS = st.sampled_from(["letterbox", "stretch"])
SIZES = st.tuples(st.integers(1, 900), st.integers(1, 900))
TILES = st.tuples(st.integers(1, 4), st.integers(1, 4))
OVERLAPS = st.sampled_from([0.0, 0.1, 0.25, 0.5, 0.9])


def make(encoder=None, **changes):
    table = build_text_table(vocabulary(), WordEncoder())
    return AnomalySegmenter(encoder or ColourEncoder(), table, replace(SETTINGS, **changes))


@given(st.integers(1, 5000), st.integers(1, 8), OVERLAPS)
@settings(max_examples=80, deadline=None)
def test_tiles_cover_a_side_and_overlap_as_wanted(side, count, overlap):
    starts, length = tile_places(side, count, overlap)
    assert len(starts) == count
    assert starts[0] == 0
    assert starts[-1] + length == side
    covered = np.zeros(side, int)
    for start in starts:
        covered[start : start + length] += 1
    assert covered.min() >= 1
    if count > 1 and side > 20 * count:
        shared = starts[0] + length - starts[1]
        assert shared / length == pytest.approx(overlap, abs=0.06)


@given(SIZES, TILES, OVERLAPS, FITS)
@settings(max_examples=40, deadline=None)
def test_every_cell_is_a_mean_and_constant_input_has_no_seams(size, tiles, overlap, fit):
    layout = tile_layout(size, (64, 96), 16, fit, tiles, overlap)
    for axis in (0, 1):
        total = sum(part.sum(axis=1) for part in layout.weights[axis])
        np.testing.assert_allclose(total, 1.0, atol=1e-5)
        assert min(part.min() for part in layout.weights[axis]) >= 0.0
    same = np.array([0.6, 0.8], np.float32)
    rows, columns = layout.tile.valid
    tile = np.broadcast_to(same, (rows.stop - rows.start, columns.stop - columns.start, 2))
    blended = layout.blend([tile] * len(layout.windows))
    assert blended.shape[:2] == tuple(part.stop - part.start for part in layout.grid.valid)
    np.testing.assert_allclose(blended, np.broadcast_to(same, blended.shape), atol=1e-5)


@given(SIZES, FITS, st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_one_tile_is_the_single_pass(size, fit, seed):
    layout = tile_layout(size, (64, 96), 16, fit, (1, 1), 0.25)
    plain = Letterbox.fit(size, (64, 96), 16, fit)
    assert layout.windows == ((slice(0, size[0]), slice(0, size[1])),)
    assert layout.tile == plain
    shape = [part.stop - part.start for part in plain.valid]
    patches = np.random.default_rng(seed).standard_normal((*shape, 5)).astype(np.float32)
    patches /= np.linalg.norm(patches, axis=2, keepdims=True)
    np.testing.assert_allclose(layout.blend([patches]), patches, atol=1e-5)
    for axis in (0, 1):
        ends = np.array([0.0, size[axis] - 1])
        np.testing.assert_allclose(
            layout.grid.source_to_patch(ends, axis),
            plain.source_to_patch(ends, axis) - plain.valid[axis].start,
            atol=1e-6,
        )


class Ramp:
    """A DenseEncoder whose patches point to the mean grey of what they show."""

    input_size, patch_size = (64, 96), 16
    mean, std = (0.0, 0.0, 0.0), (1.0, 1.0, 1.0)

    def encode(self, batch):
        grey = batch[0, 0].reshape(4, 16, 6, 16).mean(axis=(1, 3))
        patches = np.stack([np.cos(grey), np.sin(grey)], axis=2).astype(np.float32)
        return DenseFeatures(patches, np.array([1.0, 0.0], np.float32))


@pytest.mark.parametrize("tiles", [(1, 1), (2, 1), (1, 2), (3, 2), (4, 4)])
@pytest.mark.parametrize("overlap", [0.0, 0.25, 0.5])
def test_what_lies_where_stays_where_it_is(tiles, overlap):
    # Grey rises along both sides: the blended map must rise in the same places, with finer steps.
    size = (512, 768)
    grey = np.add.outer(np.arange(size[0]) / 6, np.arange(size[1]) / 6)
    rgb = np.repeat(grey.astype(np.uint8)[:, :, None], 3, axis=2)
    encoded = encode_image(rgb, Ramp(), 2, "letterbox", tiles, overlap)
    patches, box = encoded.features.patches, encoded.letterbox
    shown = np.arctan2(patches[:, :, 1], patches[:, :, 0]) * 255
    v, u = (
        box.patch_to_source(np.arange(part.start, part.stop, dtype=np.float64), axis)
        for axis, part in enumerate(box.valid)
    )
    np.testing.assert_allclose(shown, np.add.outer(v / 6, u / 6), atol=12 / max(tiles) + 1.5)
    # Tiles of another shape than the encoder input gain less.
    assert patches.shape[0] * patches.shape[1] >= (40 if min(tiles) > 1 else 18)


def test_tiles_find_what_the_whole_image_is_too_coarse_for():
    rgb = scene((640, 960))
    place(rgb, "suitcase", 408, 408, 80, 80)
    assert make().segment(rgb).regions == ()
    result = make(tiles=[4, 4], tile_overlap=0.25).segment(rgb)
    (region,) = result.regions
    assert region.name == "suitcase"
    x, y, width, height = region.box
    assert (x + width / 2, y + height / 2) == pytest.approx((448, 448), abs=12)
    assert list(result.latencies) == ["preprocess", "encode", "score", "regions", "naming", "labels"]


@pytest.mark.parametrize("size", [(1, 1), (1, 40), (2, 3), (37, 61), (375, 1242)])
def test_any_size_can_be_tiled(size):
    rgb = np.random.default_rng(0).integers(0, 256, (*size, 3), dtype=np.uint8)
    for tiles in ((3, 1), (2, 3)):
        result = make(tiles=tiles).segment(rgb)
        assert result.labels.shape == size
        assert np.isfinite(result.score).all()


@given(SIZES, st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=80, deadline=None)
def test_a_region_of_interest_lies_inside_the_image(size, x, y, right, bottom):
    left, top, width, height = roi_window(size, (x, y, max(right - x, 1e-3), max(bottom - y, 1e-3)))
    assert width >= 1
    assert height >= 1
    assert 0 <= left < left + width <= size[1]
    assert 0 <= top < top + height <= size[0]
    assert roi_window(size, (0.0, 0.0, 1.0, 1.0)) == (0, 0, size[1], size[0])


@pytest.mark.parametrize("tiles", [(1, 1), (2, 2)])
def test_outside_the_region_of_interest_is_nothing(tiles):
    rgb = scene((480, 720))
    place(rgb, "suitcase", 60, 300, 90, 90)
    place(rgb, "suitcase", 500, 330, 90, 90)
    result = make(roi=[0.5, 0.25, 0.5, 0.75], tiles=tiles).segment(rgb)
    (region,) = result.regions
    x, y, width, height = region.box
    assert (x + width / 2, y + height / 2) == pytest.approx((545, 375), abs=20)
    assert result.labels.shape == result.region_image.shape == (480, 720)
    assert result.score.shape == (240, 360)
    outside = np.ones((480, 720), bool)
    outside[120:, 360:] = False
    assert (result.labels[outside] == 255).all()
    assert (result.labels[~outside] != 255).all()
    assert (result.region_image[outside] == 0).all()
    assert (result.score[outside[::2, ::2]] == 0).all()
    inside = result.region_image == region.id
    assert inside.sum() == region.area
    rows, columns = np.nonzero(inside)
    assert (columns.min(), rows.min(), np.ptp(columns) + 1, np.ptp(rows) + 1) == region.box
    assert result.score[y // 2 : (y + height) // 2, x // 2 : (x + width) // 2].mean() > 0.5


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("tiles", (0, 1)),
        ("tiles", (1, 9)),
        ("tiles", (1,)),
        ("tiles", (1.0, 2.0)),
        ("tiles", (True, 1)),
        ("tiles", "11"),
        ("tile_overlap", 1.0),
        ("roi", (0.0, 0.0, 1.0)),
        ("roi", (0.5, 0.0, 0.6, 1.0)),
        ("roi", (0.0, 0.0, 0.0, 1.0)),
        ("roi", (0.0, -0.1, 1.0, 1.0)),
        ("roi", (0.0, 0.0, 1.0, float("nan"))),
        ("roi", None),
    ],
)
def test_tiles_and_regions_that_make_no_sense_are_named(name, value):
    with pytest.raises(VisionError, match=name):
        SegmenterSettings(**{name: value})


def test_lists_do_for_tuples_and_broken_tiles_are_refused():
    made = SegmenterSettings(tiles=[2, 3], roi=[0, 0, 1, 0.5])
    assert (made.tiles, made.roi) == ((2, 3), (0, 0, 1, 0.5))

    class Broken(ColourEncoder):
        calls = 0

        def encode(self, batch):
            self.calls += 1
            features = super().encode(batch)
            bad = np.float32(np.nan if self.calls == 3 else 1.0)
            return DenseFeatures(features.patches * bad, features.global_embedding)

    with pytest.raises(VisionError, match="not finite"):
        make(Broken(), tiles=(2, 2)).segment(scene())
    with pytest.raises(VisionError, match="different models"):
        encode_image(scene(), ColourEncoder(), DIMENSION - 1, "letterbox", (2, 2))
