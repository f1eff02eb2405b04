"""Whatever comes from outside is refused by its documented error or read right."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis_draw import HypothesisDraw

from clipomaly_ros.fuzzing import clouds, frames, pictures
from clipomaly_ros.fuzzing.draw import ByteDraw
from clipomaly_ros.fuzzing.targets import TARGETS
from clipomaly_ros.nodes.anomaly_frame_input import read_anomaly_frame
from clipomaly_ros.nodes.camera_info_history import read_camera_info
from clipomaly_ros.nodes.cloud_input import read_cloud
from clipomaly_ros.nodes.image_input import check_image, decode
from clipomaly_ros.nodes.message_checks import BadMessage

CALM = {"deadline": None, "suppress_health_check": list(HealthCheck)}


@pytest.mark.parametrize("name", sorted(TARGETS))
@settings(max_examples=25, **CALM)
@given(data=st.data())
def test_any_input_is_refused_or_read_right(name: str, data: st.DataObject):
    TARGETS[name].run(HypothesisDraw(data))


@pytest.mark.parametrize("name", sorted(TARGETS))
def test_the_bytes_of_a_fuzzer_drive_a_target_as_well(name: str):
    generator = np.random.default_rng(7)
    for size in (0, 1, *generator.integers(2, 600, 30)):
        TARGETS[name].run(ByteDraw(generator.bytes(size)))


@pytest.mark.parametrize(
    ("draw", "read"),
    [
        (clouds.draw_cloud, lambda message: read_cloud(message).points.xyz.size > 0),
        (clouds.draw_cloud, lambda message: read_cloud(message, timed=True).times is not None),
        (frames.draw_frame, lambda message: len(read_anomaly_frame(message).regions) > 0),
        (frames.draw_camera_info, lambda message: read_camera_info(message).width > 0),
        (pictures.draw_image, lambda message: check_image(message) and decode(message).size > 0),
        (pictures.draw_compressed, lambda message: check_image(message) and decode(message).size > 0),
    ],
)
def test_drawn_messages_are_both_good_and_bad(draw, read):
    generator = np.random.default_rng(3)
    outcomes = set()
    for _ in range(4000):
        try:
            outcomes.add("good" if read(draw(ByteDraw(generator.bytes(900)))) else "empty")
        except BadMessage as problem:
            outcomes.add(problem.reason)
        if "good" in outcomes and len(outcomes - {"good", "empty"}) >= 3:
            return
    pytest.fail(f"only {sorted(outcomes)}")


def test_a_wrong_reader_of_clouds_would_be_found(monkeypatch: pytest.MonkeyPatch):
    def shifted(message, **options):
        found = read_cloud(message, **options)
        found.points.xyz[:, 0] += 1
        return found

    monkeypatch.setattr(clouds, "read_cloud", shifted)
    generator = np.random.default_rng(3)
    sources = [generator.bytes(900) for _ in range(4000)]

    def run_all() -> None:
        for source in sources:
            clouds.run_cloud(ByteDraw(source))

    with pytest.raises(AssertionError, match="read"):
        run_all()


@given(least=st.integers(-(2**31), 2**31), span=st.integers(0, 2**33), source=st.binary(max_size=32))
def test_choices_out_of_bytes_keep_their_bounds_and_repeat(least: int, span: int, source: bytes):
    draw, again = ByteDraw(source), ByteDraw(source)
    for _ in range(4):
        value = draw.integer(least, least + span)
        assert least <= value <= least + span
        assert value == again.integer(least, least + span)
    assert len(draw.data(8)) <= 8
    assert draw.choice("abc") in "abc"


def test_a_number_is_what_its_bytes_say():
    assert ByteDraw(struct.pack("<d", -1.5)).number() == -1.5
    assert np.isnan(ByteDraw(struct.pack("<d", float("nan"))).number())
