"""`clipomaly bench latency`: what it sends, its sums, and zones of every image; never how fast."""

import json

import numpy as np
import pytest

from clipomaly_ros.cli.bench_latency import report, table, verdict
from clipomaly_ros.cli.main import main
from clipomaly_ros.evaluation.bench_fusion_scene import make_input
from clipomaly_ros.evaluation.bench_latency import LatencySeen, LatencySettings
from clipomaly_ros.evaluation.bench_latency_messages import make_messages
from clipomaly_ros.nodes.anomaly_frame_input import read_anomaly_frame
from clipomaly_ros.nodes.cloud_input import read_cloud
from clipomaly_ros.nodes.stamps import to_nanoseconds


def seen():
    """Of four images the second got no zones; the encoder took 0.02 s."""
    stamps = [10, 20, 30, 40]
    return LatencySeen(
        sent=stamps,
        joined=dict.fromkeys(stamps, 0.03),
        zones={10: 0.05, 30: 0.06, 40: 0.07, 5: 9.0},
        encode=dict.fromkeys(stamps, 0.02),
        stages={
            "anomaly_segmenter": {stamp: {"encode": 0.02} for stamp in stamps},
            "hazard_fusion": {stamp: {"ground": 0.003} for stamp in (5, 10, 30, 40)},
        },
        regions=dict.fromkeys(stamps, 7),
    )


def test_what_no_zones_came_of_is_dropped_and_what_was_sent_before_does_not_count():
    assert seen().dropped == 1
    assert seen().whole().values == pytest.approx([50, 60, 70])
    assert seen().without_encoder(seen().zones).values == pytest.approx([30, 40, 50])
    assert seen().without_encoder(seen().joined).values == pytest.approx([10] * 4)
    assert seen().stage_timings("hazard_fusion")["ground"].values == pytest.approx([3] * 3)


def test_the_table_and_the_report_tell_the_same():
    figures = report(seen(), LatencySettings())
    assert (figures["images"], figures["dropped"]) == (4, 1)
    assert figures["without_encoder"] == {"count": 3, "median": pytest.approx(40)} | {
        name: pytest.approx(np.percentile([30, 40, 50], share)) for name, share in (("p95", 95), ("p99", 99))
    }
    assert "without the encoder" in table(seen())
    assert "1 without zones" in verdict(seen(), LatencySettings())
    assert "the encoder alone" in verdict(seen(), LatencySettings(rate=60))
    nothing = report(LatencySeen(), LatencySettings())
    assert nothing["whole"] == {"count": 0}


def test_the_messages_are_the_scene_and_bear_the_stamp():
    made, messages = make_input(3000, 6), make_messages(3000, 6)
    image, info, cloud = messages.stamped(1_700_000_000_000_000_123)
    frame = messages.stamped_masks(1_700_000_000_000_000_123)
    for message in (image, info, cloud, frame):
        assert to_nanoseconds(message.header.stamp) == 1_700_000_000_000_000_123
    assert (image.width, image.height, image.encoding) == (info.width, info.height, "rgb8")
    assert bytes(cloud.data) == made.data
    assert len(read_cloud(cloud, True, "auto").points.xyz) == 3000
    read = read_anomaly_frame(frame)
    assert [region.id for region in read.regions] == [region.id for region in made.regions]


@pytest.mark.parametrize(
    "arguments", [["--rate", "0"], ["--seconds", "nan"], ["--points", "9000000"], ["--bundle", "no/such"]]
)
def test_settings_that_make_no_sense_are_refused(arguments, capsys):
    assert main(["bench", "latency", *arguments]) == 2
    assert "expected" in capsys.readouterr().err or arguments[0] == "--bundle"


@pytest.mark.dds
def test_zones_come_of_every_frame_over_dds(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path))  # the run changes it: set back afterwards
    file = tmp_path / "latency.json"
    sizes = ["--points", "3000", "--things", "4", "--seconds", "2", "--rate", "2"]
    main(["bench", "latency", "--masks", *sizes, "--json", str(file)])
    figures = json.loads(file.read_text())
    assert figures["images"] == 4
    assert figures["whole"]["count"] == 4 - figures["dropped"] > 0
    assert figures["without_encoder"]["median"] == figures["whole"]["median"] > 0
    assert figures["message_filters"]["count"] > 0
    assert {"ground", "project", "place", "total"} <= set(figures["stages"]["hazard_fusion"])
    assert "camera stamp to zones" in capsys.readouterr().out
