"""Whatever an encoder gives, the parts of an AnomalyFrame and its legend say the same."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage
from segmenter_scene import APPROVED, stamped

from clipomaly_msgs.msg import AnomalyRegion
from clipomaly_ros.nodes.anomaly_frame_message import Origin, anomaly_frame, label_legend
from clipomaly_ros.nodes.message_checks import mono_pixels
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import DenseFeatures
from clipomaly_ros.vision.unknown_score import UNKNOWN_SCORES
from clipomaly_ros.vocabulary.loading import parse_vocabulary

DIMENSION = 8
ORIGIN = Origin("a" * 64, "random@1", "b" * 64, True)


def unit(rows):
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


class RandomTower:
    """Image and text tower without any meaning: embeddings drawn from a seed."""

    input_size, patch_size = (64, 96), 16
    mean, std = (0.5, 0.5, 0.5), (0.25, 0.25, 0.25)

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def encode(self, given):
        if isinstance(given, list):
            return unit(self.random.normal(size=(len(given), DIMENSION)))
        patches = unit(self.random.normal(size=(4, 6, DIMENSION)))
        return DenseFeatures(patches, unit(patches.mean(axis=(0, 1))))


def vocabulary(candidates):
    entries = "\n".join(
        f"  - {{name: thing {i}, group: g, obstacle: {i % 2 == 0}}}" for i in range(candidates)
    )
    return parse_vocabulary(APPROVED, f"version: 1\ncandidates:\n{entries}" if candidates else NOTHING)


NOTHING = "version: 1\ncandidates: []"


def settings_of(draw):
    return SegmenterSettings(
        fit=draw(st.sampled_from(["letterbox", "stretch"])),
        unknown_score=draw(st.sampled_from(sorted(UNKNOWN_SCORES))),
        logit_scale=draw(st.sampled_from([1.0, 10.0, 40.0])),
        threshold_mode=draw(st.sampled_from(["fixed", "frame_quantile"])),
        threshold=draw(st.floats(0, 1)),
        threshold_low=draw(st.sampled_from([0.0, 0.7, 1.0])),
        quantile=draw(st.floats(0, 1)),
        score_scale=draw(st.sampled_from([0.05, 0.3, 0.5, 1.0])),
        min_region_area=draw(st.integers(1, 200)),
        max_region_area_fraction=draw(st.sampled_from([0.0, 0.1, 0.5, 1.0])),
        max_regions=draw(st.integers(1, 8)),
        top_words=draw(st.integers(0, 20)),
        name_margin=draw(st.sampled_from([-1.0, 0.0])),
        name_min_probability=draw(st.sampled_from([0.0, 0.2])),
        report_min_probability=draw(st.sampled_from([0.0, 0.3])),
    )


@st.composite
def cases(draw):
    size = draw(st.integers(1, 90)), draw(st.integers(1, 130))
    return draw(st.integers(0, 2**32 - 1)), size, draw(st.sampled_from([0, 3, 300])), settings_of(draw)


@settings(max_examples=150, deadline=None)
@given(cases())
def test_lists_images_and_legend_agree(case):
    seed, (height, width), candidates, chosen = case
    tower = RandomTower(seed)
    table = build_text_table(vocabulary(candidates), tower)
    rgb = np.zeros((height, width, 3), np.uint8)
    result = AnomalySegmenter(tower, table, chosen).segment(rgb)
    frame = anomaly_frame(result, stamped(1.0), ORIGIN, result.latencies)
    legend = label_legend(result.legend, stamped(1.0), ORIGIN.vocabulary_hash)

    assert frame.legend_id == legend.legend_id
    assert [entry.label for entry in legend.entries] == list(range(len(legend.entries)))
    labels = mono_pixels(frame.label_image, "label_image")
    regions = mono_pixels(frame.region_image, "region_image")
    scores = mono_pixels(frame.score_image, "score_image") / 65535
    assert labels.shape == regions.shape == (height, width)
    # Each cell of the score covers the source pixels that AnomalyFrame.msg says.
    rows = (2 * np.arange(height) + 1) * scores.shape[0] // (2 * height)
    columns = (2 * np.arange(width) + 1) * scores.shape[1] // (2 * width)
    pixel_scores = scores[rows[:, None], columns]

    nothing = frame.UNLABELLED_MONO8 if frame.label_image.encoding == "mono8" else frame.UNLABELLED_MONO16
    assert set(np.unique(labels)) <= {*range(len(legend.entries)), nothing}
    assert set(np.unique(regions)) - {frame.NO_REGION} == {region.id for region in frame.regions}
    areas = [region.pixel_area for region in frame.regions]
    assert areas == sorted(areas, reverse=True)
    assert all(
        chosen.min_region_area <= a <= chosen.max_region_area_fraction * rgb[..., 0].size for a in areas
    )
    approved = table.approved_count
    assert (labels[regions == frame.NO_REGION] < approved).all()
    unknown = [region for region in frame.regions if region.state != AnomalyRegion.STATE_KNOWN]
    assert len(unknown) <= chosen.max_regions
    for region in frame.regions:
        inside = regions == region.id
        assert inside.sum() == region.pixel_area
        assert ndimage.label(inside, np.ones((3, 3)))[1] == 1
        (box,) = ndimage.find_objects(inside.astype(np.uint8))
        found = region.bounding_box
        assert (box[0].start, box[1].start) == (found.y_offset, found.x_offset)
        assert (box[0].stop, box[1].stop) == (found.y_offset + found.height, found.x_offset + found.width)
        assert (labels[inside] == region.label).all()
        assert abs(pixel_scores[inside].mean() - region.score) < 2e-5
        if region.state == AnomalyRegion.STATE_KNOWN:
            assert region.label < approved
        else:
            assert region.label == nothing or region.label >= approved
        if region.name:
            entry = legend.entries[region.label]
            assert (entry.name, entry.source) == (region.name, region.name_source)
            assert region.name in [candidate.name for candidate in region.candidates]
        else:
            assert (region.label, region.name_source) == (nothing, 0)
        ranked = [candidate.score for candidate in region.candidates]
        assert ranked == sorted(ranked, reverse=True)
    if unknown and chosen.threshold_mode == "fixed":
        outlined = np.isin(regions, [region.id for region in unknown])
        assert (pixel_scores[outlined] > chosen.threshold_low * chosen.threshold - 2e-5).all()
