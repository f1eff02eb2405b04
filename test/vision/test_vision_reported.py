"""Regions of classes that are always reported, against means taken region by region."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.regions import PictureScale, find_components
from clipomaly_ros.vision.reported import find_reported
from clipomaly_ros.vision.segmentation import label_picture
from clipomaly_ros.vision.types import TextTable
from clipomaly_ros.vision.unknown_score import class_probabilities
from clipomaly_ros.vision.upsampling import PatchInterpolation
from clipomaly_ros.vocabulary.entries import Entry, NameSource

CLASSES, REPORTED = 6, (1, 2, 4)
SCALE = 3.0


def table_of():
    entries = [
        Entry(f"class {i}", "g", source=NameSource.APPROVED, report=i in REPORTED) for i in range(CLASSES)
    ]
    return TextTable(tuple(entries), np.eye(CLASSES, dtype=np.float32), CLASSES, "")


def scene(source, factor, seed):
    """Return cosines, labels, the interpolation to the working picture and its scale."""
    size = tuple(max(1, round(side * factor)) for side in source)
    letterbox = Letterbox.fit(source, (96, 128), 16)
    to_working = PatchInterpolation(letterbox, size)
    noise = np.random.default_rng(seed).standard_normal((*to_working.grid, CLASSES))
    cosines = ndimage.gaussian_filter(noise, (0.7, 0.7, 0)).astype(np.float32)
    labels = label_picture(cosines, PatchInterpolation(letterbox, source), np.uint8)
    return cosines, labels, to_working, PictureScale(size, source)


@settings(max_examples=80, deadline=None)
@given(
    st.tuples(st.integers(1, 150), st.integers(1, 150)),
    st.floats(0.2, 1),
    st.integers(0, 999),
    st.floats(0, 0.6),
    st.integers(1, 8),
)
def test_reported_regions_are_those_of_each_class_likely_enough(source, factor, seed, least, limit):
    cosines, labels, to_working, scale = scene(source, factor, seed)
    known = np.where(np.isin(labels, REPORTED), labels, 0)
    shown = scale.to_working(known)
    areas = (2.0, 0.4 * source[0] * source[1])
    unknown = find_components((shown == REPORTED[0]).astype(np.uint8), scale, 1, 1e9, 1)[0]
    found, cut = find_reported(
        labels, cosines, table_of(), unknown, to_working, scale, SCALE, least, areas, limit
    )
    for part in unknown:
        part.paint(shown, 0)
    parts, expected_cut = find_components(shown, scale, *areas, 10_000)
    probabilities = class_probabilities(cosines, SCALE)
    means = [part.mean(to_working.upsample(probabilities[:, :, part.value]), scale) for part in parts]
    if any(abs(mean - least) < 1e-5 for mean in means):
        return  # rounding decides
    expected = [(part, mean) for part, mean in zip(parts, means, strict=True) if mean >= least]
    if not np.isin(cosines.argmax(2), REPORTED).any():
        expected, expected_cut = [], 0
    assert cut == expected_cut + max(0, len(expected) - limit)
    assert [(item.entry, item.component.box, item.component.area) for item in found] == [
        (part.value, part.box, part.area) for part, _ in expected[:limit]
    ]
    assert [item.probability for item in found] == pytest.approx(
        [mean for _, mean in expected[:limit]], abs=1e-5
    )


def test_the_largest_of_the_likely_ones_stay():
    cosines, labels, to_working, scale = scene((120, 160), 0.5, 4)
    every, none = find_reported(
        labels, cosines, table_of(), [], to_working, scale, SCALE, 0.0, (1.0, 1e9), 10_000
    )
    assert len(every) > 3
    assert none == 0
    two, cut = find_reported(labels, cosines, table_of(), [], to_working, scale, SCALE, 0.0, (1.0, 1e9), 2)
    assert [item.component.area for item in two] == [item.component.area for item in every[:2]]
    assert cut == len(every) - 2
