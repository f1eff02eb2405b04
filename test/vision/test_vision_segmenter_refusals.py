"""What the vision path refuses: images, encoders, tables and settings that do not fit."""

from dataclasses import replace

import numpy as np
import pytest
from colour_world import ColourEncoder, WordEncoder, make, scene, vocabulary

from clipomaly_ros.vision.segmenter import SegmenterSettings
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import DenseFeatures, VisionError


@pytest.mark.parametrize(
    "image",
    [
        np.zeros((0, 5, 3), np.uint8),
        np.zeros((5, 5), np.uint8),
        np.zeros((5, 5, 4), np.uint8),
        np.zeros((5, 5, 3), np.float32),
        [[0]],
        None,
    ],
)
def test_other_things_than_images_are_refused(image):
    with pytest.raises(VisionError):
        make().segment(image)


def test_encoders_and_tables_that_do_not_fit_are_refused():
    table = build_text_table(vocabulary(), WordEncoder())
    segmenter = make()
    for bad in (
        replace(table, embeddings=table.embeddings[:-1]),
        replace(table, approved_count=1),
        replace(table, approved_count=99),
        replace(table, embeddings=np.full_like(table.embeddings, np.nan)),
    ):
        with pytest.raises(VisionError, match="text table"):
            segmenter.set_table(bad)
    assert segmenter.table.entries == table.entries
    segmenter.set_table(replace(table, embeddings=table.embeddings[:, :32]))
    with pytest.raises(VisionError, match="different models"):
        segmenter.segment(scene())

    class Broken(ColourEncoder):
        def encode(self, batch):
            features = super().encode(batch)
            return DenseFeatures(features.patches * np.float32(np.nan), features.global_embedding)

    with pytest.raises(VisionError, match="not finite"):
        make(encoder=Broken()).segment(scene())


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fit", "crop"),
        ("threshold_mode", "oracle"),
        ("unknown_score", ""),
        ("threshold", 1.5),
        ("threshold", float("nan")),
        ("quantile", -0.1),
        ("logit_scale", 0.0),
        ("logit_scale", "40"),
        ("score_scale", 0.0),
        ("score_scale", 2.0),
        ("max_regions", 0),
        ("max_regions", 2.5),
        ("max_regions", True),
        ("min_region_area", 0),
        ("top_words", -1),
        ("name_min_probability", 2),
        ("report_known", 1),
    ],
)
def test_settings_out_of_range_are_named(name, value):
    with pytest.raises(VisionError, match=name):
        SegmenterSettings(**{name: value})
