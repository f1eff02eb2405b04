import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from rclpy.serialization import deserialize_message, serialize_message
from std_msgs.msg import Header

from clipomaly_msgs.msg import AnomalyFrame, LabelLegend
from clipomaly_ros.nodes.anomaly_frame_input import read_anomaly_frame
from clipomaly_ros.nodes.anomaly_frame_message import (
    MAXIMUM_REGIONS,
    Origin,
    anomaly_frame,
    label_legend,
    legend_id,
    score_pixels,
)
from clipomaly_ros.vision.types import AnomalyRegion, AnomalyResult, NameScore, RegionState
from clipomaly_ros.vocabulary.entries import Entry, NameSource

ORIGIN = Origin("a" * 64, "tiny@1", "b" * 64, True)
ENTRIES = (
    Entry("pavement", "ground", source=NameSource.APPROVED, obstacle=False),
    Entry("person", "people", source=NameSource.APPROVED),
    Entry("wrench", "tools"),
)


def header():
    made = Header(frame_id="camera_optical")
    made.stamp.sec, made.stamp.nanosec = 12, 345
    return made


def result(count, kind, height=40, width=60, candidates=3):
    ids = np.zeros((height, width), kind)
    regions = []
    for index in range(count):
        y, x = divmod(index, width)
        ids[y, x] = index + 1
        names = tuple(
            NameScore("wrench", 1.0000001 / (k + 1), NameSource.DICTIONARY) for k in range(candidates)
        )
        regions.append(
            AnomalyRegion(
                index + 1,
                2,
                "wrench",
                NameSource.DICTIONARY,
                names,
                0.5,
                (x, y, 1, 1),
                1,
                RegionState.UNKNOWN_OBSTACLE,
                "tools",
            )
        )
    score = np.linspace(0, 1, 12, dtype=np.float32).reshape(3, 4)
    return AnomalyResult(np.zeros((height, width), np.uint8), ids, score, tuple(regions), ENTRIES, {})


@pytest.mark.parametrize(("count", "kind"), [(0, np.uint8), (3, np.uint8), (200, np.uint16)])
def test_fusion_reads_what_the_segmenter_writes(count, kind):
    made = anomaly_frame(result(count, kind, candidates=20), header(), ORIGIN, {"encode": 0.2, "total": 0.3})
    received = deserialize_message(serialize_message(made), AnomalyFrame)
    read = read_anomaly_frame(received)
    assert read.stamp == 12_000_000_345
    assert read.frame_id == "camera_optical"
    assert np.array_equal(read.region_image, result(count, kind).region_image)
    assert [item.id for item in read.regions] == list(range(1, count + 1))
    assert all(item.name == "wrench" and item.candidates[0].score == 1.0 for item in read.regions)
    assert read.provenance.untrained
    assert [(item.stage, round(item.duration, 3)) for item in received.latencies] == [
        ("encode", 0.2),
        ("total", 0.3),
    ]


def test_more_regions_than_the_message_holds_keep_list_and_image_in_step():
    many = result(MAXIMUM_REGIONS + 50, np.uint16)
    made = anomaly_frame(many, header(), ORIGIN, {})
    assert len(made.regions) == MAXIMUM_REGIONS
    assert len(read_anomaly_frame(made).regions) == MAXIMUM_REGIONS


def test_legend_names_the_labels_of_its_frame():
    frame = anomaly_frame(result(1, np.uint8), header(), ORIGIN, {})
    legend = deserialize_message(
        serialize_message(label_legend(ENTRIES, header(), ORIGIN.vocabulary_hash)), LabelLegend
    )
    assert legend.legend_id == frame.legend_id
    assert len(legend.legend_id) == 64
    assert [(item.label, item.name, item.group) for item in legend.entries] == [
        (0, "pavement", "ground"),
        (1, "person", "people"),
        (2, "wrench", "tools"),
    ]
    assert legend.entries[frame.regions[0].label].name == frame.regions[0].name


def test_legend_id_changes_with_names_and_vocabulary():
    ids = {
        legend_id("a" * 64, ENTRIES),
        legend_id("c" * 64, ENTRIES),
        legend_id("a" * 64, ENTRIES[:2]),
        legend_id("a" * 64, ENTRIES[::-1]),
    }
    assert len(ids) == 4


@settings(max_examples=50)
@given(
    arrays.arrays(
        np.float32, (4, 5), elements=st.floats(-2, 2, width=32) | st.sampled_from([np.nan, np.inf, -np.inf])
    )
)
def test_scores_fill_the_range_and_nan_is_unexplained(score):
    pixels = score_pixels(score)
    assert pixels.dtype == np.uint16
    finite = np.isfinite(score)
    expected = np.clip(score[finite], 0, 1)
    assert np.abs(pixels[finite] / 65535 - expected).max(initial=0) <= 0.51 / 65535 + 1e-6
    assert (pixels[np.isnan(score)] == 65535).all()
