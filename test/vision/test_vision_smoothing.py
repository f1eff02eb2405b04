"""The smoothed score against its closed form, and everything that makes it forget."""

from dataclasses import replace

import numpy as np
import pytest
from colour_world import ColourEncoder, WordEncoder, place, scene, vocabulary
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.vision.letterbox import Letterbox
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.smoothing import ScoreSmoother
from clipomaly_ros.vision.text_table import build_text_table

BOX = Letterbox.fit((32, 48), (32, 48), 16)
OTHER = Letterbox.fit((32, 40), (32, 48), 16)


def table():
    return build_text_table(vocabulary(), WordEncoder())


TABLE = table()


@given(
    st.lists(st.tuples(st.floats(0.001, 3.0), st.floats(0, 1)), min_size=1, max_size=12), st.floats(0.01, 9)
)
@settings(max_examples=60, deadline=None)
def test_each_cell_decays_exponentially(steps, time):
    smoother, stamp, expected = ScoreSmoother(time), 100.0, None
    for step, value in steps:
        stamp += step
        weight = 0.0 if expected is None else np.exp(-step / time)
        expected = value if expected is None else (1 - weight) * value + weight * expected
        score = np.array([[value, 1 - value, 0.0]], np.float32)
        kept = score.copy()
        found = smoother.smooth(score, stamp, BOX, TABLE)
        np.testing.assert_array_equal(score, kept)
        assert found.dtype == np.float32
        np.testing.assert_allclose(found, [[expected, 1 - expected, 0.0]], atol=2e-5)
        assert ((found >= 0) & (found <= 1)).all()


@pytest.mark.parametrize(
    ("stamp", "box", "words"),
    [
        (9.0, BOX, TABLE),
        (10.0, BOX, TABLE),
        (10.1, OTHER, TABLE),
        (10.1, BOX, replace(TABLE)),
        (None, BOX, TABLE),
    ],
)
def test_jumps_and_changes_forget(stamp, box, words):
    smoother = ScoreSmoother(1.0)
    smoother.smooth(np.ones((2, 3), np.float32), 10.0, BOX, TABLE)
    second = smoother.smooth(np.zeros((2, 3), np.float32), stamp, box, words)
    assert (second == 0).all()
    # A plain step in between would have been smoothed.
    smoother.smooth(np.ones((2, 3), np.float32), 20.0, BOX, TABLE)
    assert (smoother.smooth(np.zeros((2, 3), np.float32), 20.1, BOX, TABLE) > 0.8).all()


def test_off_is_off():
    smoother = ScoreSmoother(0.0)
    smoother.smooth(np.ones((2, 3), np.float32), 10.0, BOX, TABLE)
    assert (smoother.smooth(np.zeros((2, 3), np.float32), 10.1, BOX, TABLE) == 0).all()


def test_a_flash_is_damped_and_what_stays_is_found():
    empty, full = scene(), scene()
    place(full, "suitcase", 192, 224, 96, 64)
    chosen = SegmenterSettings(threshold=0.7, logit_scale=20.0, smoothing_time=0.3)
    segmenter = AnomalySegmenter(ColourEncoder(), TABLE, chosen)
    assert segmenter.segment(empty, 1.0).regions == ()
    assert segmenter.segment(full, 1.1).regions == ()
    counts = [len(segmenter.segment(full, 1.1 + 0.1 * step).regions) for step in range(1, 12)]
    assert counts == sorted(counts)
    assert counts[-1] == 1
    # Beside a sequence, nothing is smoothed.
    assert len(segmenter.segment(full).regions) == 1
    assert segmenter.segment(empty).regions == ()
