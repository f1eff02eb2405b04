"""The label picture against brute force, legends and their colours."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from clipomaly_ros.vision import segmentation
from clipomaly_ros.vision.legend_colours import legend_colours
from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.segmentation import label_picture, label_type, legend_of, unlabelled
from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vision.upsampling import PatchInterpolation
from clipomaly_ros.vocabulary.entries import Entry, NameSource


def random_scene(source, classes, seed, fit="letterbox"):
    interpolation = PatchInterpolation(Letterbox.fit(source, (112, 160), 16, fit), source)
    rng = np.random.default_rng(seed)
    cosines = ndimage.gaussian_filter(rng.standard_normal((*interpolation.grid, classes)), (1, 1, 0))
    return cosines.astype(np.float32), interpolation


def brute_force(cosines, interpolation):
    return np.stack([interpolation.upsample(plane) for plane in np.moveaxis(cosines, 2, 0)]).argmax(0)


@settings(max_examples=60, deadline=None)
@given(
    st.tuples(st.integers(1, 200), st.integers(1, 200)),
    st.integers(2, 20),
    st.integers(0, 999),
    st.sampled_from(["letterbox", "stretch"]),
)
def test_labels_are_the_best_of_the_classes_that_win_nearby(source, classes, seed, fit):
    cosines, interpolation = random_scene(source, classes, seed, fit)
    labels = label_picture(cosines, interpolation, np.uint8)
    assert (labels.shape, labels.dtype) == (source, np.uint8)
    upsampled = np.stack([interpolation.upsample(plane) for plane in np.moveaxis(cosines, 2, 0)])
    chosen = np.take_along_axis(upsampled, labels[None].astype(int), axis=0)[0]
    # Never worse than any class that wins one of the four patches around the pixel; so where
    # one of those is the best of all, it is the label.
    around = np.zeros(upsampled.shape, bool)
    winners = cosines.argmax(2)
    for rows in (interpolation.lower[0], interpolation.upper[0]):
        for columns in (interpolation.lower[1], interpolation.upper[1]):
            np.put_along_axis(around, winners[rows[:, None], columns][None], True, axis=0)
    best_around = np.where(around, upsampled, -np.inf).max(axis=0)
    assert (chosen >= best_around - 1e-5).all()
    clear = best_around >= upsampled.max(axis=0) - 1e-7
    assert (chosen[clear] >= upsampled.max(axis=0)[clear] - 1e-5).all()


def test_labels_differ_from_brute_force_in_few_pixels_even_of_a_noisy_scene():
    agreement = []
    for seed in range(8):
        cosines, interpolation = random_scene((180, 250), 25, seed)
        agreement.append(
            (label_picture(cosines, interpolation, np.uint8) == brute_force(cosines, interpolation)).mean()
        )
    assert np.mean(agreement) > 0.97


@settings(max_examples=40, deadline=None)
@given(
    st.tuples(st.integers(1, 40), st.integers(1, 40)),
    st.integers(1, 9),
    st.integers(0, 999),
    st.sampled_from([1, 37, 500]),
)
def test_labels_are_the_first_best_of_the_classes_of_their_cell_however_the_work_is_cut(
    source, classes, seed, at_a_time
):
    cosines, interpolation = random_scene(source, classes, seed)
    cosines = np.round(cosines, 1)  # so that there are ties
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(segmentation, "_AT_A_TIME", at_a_time)
        labels = label_picture(cosines, interpolation, np.uint16, cosines.argmax(2))
    np.testing.assert_array_equal(labels, label_picture(cosines, interpolation, np.uint16))
    planes = [interpolation.along_rows(plane) for plane in np.moveaxis(cosines, 2, 0)]
    for row, down in enumerate(interpolation.fraction[0]):
        ends = [part[0][row] for part in (interpolation.lower, interpolation.upper)]
        for column in range(source[1]):
            sides = [part[1][column] for part in (interpolation.lower, interpolation.upper)]
            # In the order of the sum that says which class wins the middle.
            corners = [cosines[y, x] for y in ends for x in sides]
            middle = corners[0] + corners[1] + corners[2] + corners[3]
            competing = sorted({int(corner.argmax()) for corner in (*corners, middle)})
            values = [
                planes[c][ends[0], column] + down * (planes[c][ends[1], column] - planes[c][ends[0], column])
                for c in competing
            ]
            best = max(values)
            near = [c for c, value in zip(competing, values, strict=True) if value >= best - 1e-5]
            assert labels[row, column] in near
            if len({tuple(corner) for corner in corners}) == 1:
                assert labels[row, column] == near[0]


def test_labels_are_exact_at_patch_centres():
    source = (7 * 15, 10 * 15)
    letterbox = Letterbox.fit(source, (112, 160), 16)
    interpolation = PatchInterpolation(letterbox, source)
    cosines = np.random.default_rng(5).standard_normal((*interpolation.grid, 300)).astype(np.float32)
    labels = label_picture(cosines, interpolation, np.uint16)
    np.testing.assert_array_equal(labels[7::15, 7::15], cosines.argmax(2))


@pytest.mark.parametrize(
    ("count", "dtype", "nothing"), [(254, "u1", 255), (255, "u1", 255), (256, "u2", 65535)]
)
def test_the_label_type_leaves_room_for_unlabelled(count, dtype, nothing):
    chosen = label_type(count)
    assert np.dtype(chosen) == np.dtype(dtype)
    assert unlabelled(chosen) == nothing >= count
    with pytest.raises(VisionError):
        label_type(65536)


def test_the_legend_lists_approved_classes_then_names_by_first_use():
    entries = [Entry(name, "g") for name in "abcdef"]
    legend, labels = legend_of(entries, 3, [5, 4, 5])
    assert [entry.name for entry in legend] == ["a", "b", "c", "f", "e"]
    assert labels == {5: 3, 4: 4}


def test_colours_are_distinct_stable_and_muted_for_approved_classes():
    approved = [Entry(f"class {i}", "g", source=NameSource.APPROVED) for i in range(150)]
    found = [Entry(f"name {i}", "g") for i in range(150)]
    colours = legend_colours(approved + found)
    assert len({tuple(colour) for colour in colours.tolist()}) == 300
    np.testing.assert_array_equal(colours[150:160], legend_colours(found[:10]))
    np.testing.assert_array_equal(legend_colours([Entry("wrench", "tools")]), [[177, 13, 234]])
    spread = np.ptp(colours.astype(int), axis=1)
    assert spread[:150].max() < spread[150:].min()
