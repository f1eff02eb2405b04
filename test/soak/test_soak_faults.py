"""The plan of faults repeats itself by seed, leaves room to recover, and breaks what it says."""

from itertools import groupby, islice

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.nodes.anomaly_frame_input import read_anomaly_frame
from clipomaly_ros.nodes.camera_info_history import read_camera_info
from clipomaly_ros.nodes.cloud_input import read_cloud
from clipomaly_ros.nodes.message_checks import BadMessage
from clipomaly_ros.soak import scene
from clipomaly_ros.soak.broken_messages import BROKEN, broken_message, without_some_points
from clipomaly_ros.soak.faults import LASTING, REST, SINGLE, Fault, plan_faults
from clipomaly_ros.soak.feeder import INPUT_TIMEOUT, STEP
from clipomaly_ros.soak.session import WARM_UP_STEPS, SoakSettings

STAMP = 1_700_000_000_000_000_000
READERS = {"points": read_cloud, "anomalies": read_anomaly_frame, "camera_info": read_camera_info}


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_equal_seeds_give_equal_plans_that_leave_room_to_recover(seed: int):
    steps = list(islice(plan_faults(seed), 400))
    assert steps == list(islice(plan_faults(seed), 400))
    assert [step.number for step in steps] == list(range(400))
    runs = [(fault, len(list(group))) for fault, group in groupby(step.fault for step in steps)]
    for fault, length in runs[:-1]:
        if fault is None:
            assert length >= REST
        else:
            _, least, most = LASTING.get(fault, (0, 1, 1))
            assert least <= length <= most
    begun = sum(step.begins for step in steps if step.fault is not None)
    ended = sum(step.ends for step in steps if step.fault is not None)
    assert 0 <= begun - ended <= 1


def test_every_fault_can_come_and_most_plans_have_shown_all_within_the_warm_up():
    assert set(SINGLE) | set(LASTING) == set(Fault)
    complete = [
        {step.fault for step in islice(plan_faults(seed), WARM_UP_STEPS)} == {None, *Fault}
        for seed in range(30)
    ]
    assert np.mean(complete) > 0.9


@pytest.mark.parametrize("share", [-0.1, 1.1, float("nan")])
def test_a_share_that_is_none_is_refused(share: float):
    with pytest.raises(ValueError, match="share of faults: expected 0 to 1"):
        next(plan_faults(0, share))
    with pytest.raises(ValueError, match="share of faults: expected 0 to 1"):
        SoakSettings(share=share)


@pytest.mark.parametrize("seconds", [0.0, -1.0, float("inf"), float("nan")])
def test_a_duration_that_is_none_is_refused(seconds: float):
    with pytest.raises(ValueError, match="duration: expected"):
        SoakSettings(seconds=seconds)


def test_without_faults_nothing_goes_wrong_and_silences_outlast_the_timeout():
    assert {step.fault for step in islice(plan_faults(3, 0.0), 500)} == {None}
    for fault in (Fault.NO_FRAMES, Fault.NO_CLOUDS):
        assert LASTING[fault][1] * STEP * 1e-9 > INPUT_TIMEOUT


@pytest.mark.parametrize("topic", sorted(BROKEN))
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_a_broken_message_is_refused_under_the_counter_it_names(topic: str, seed: int):
    message, counter = broken_message(topic, STAMP, seed)
    with pytest.raises(BadMessage) as problem:
        READERS[topic](message)
    assert f"{topic}_{problem.value.reason}" == counter


def test_every_way_to_break_a_message_comes():
    for topic, rows in BROKEN.items():
        found = {broken_message(topic, STAMP, seed)[1] for seed in range(200)}
        assert found == {counter for _, counter in rows}


@settings(max_examples=30, deadline=None)
@given(offset=st.integers(0, 40 * 10**9), seed=st.integers(0, 2**32))
def test_the_scene_is_what_its_sensors_would_see(offset: int, seed: int):
    stamp = STAMP + offset
    frame, camera = read_anomaly_frame(scene.anomaly_frame(stamp)), read_camera_info(scene.camera_info(stamp))
    cloud = read_cloud(scene.cloud(stamp)).points.xyz
    # LiDAR to optical frame: both are mounted without a turn, the camera 0.3 m lower.
    optical = np.column_stack([-cloud[:, 1], -(cloud[:, 2] + 0.3), cloud[:, 0]])
    uv, visible = camera.project(optical)
    box = visible & (cloud[:, 2] > -1.7)
    pixels = np.round(uv[box]).astype(int)
    assert box.sum() > 100
    assert (frame.region_image[pixels[:, 1], pixels[:, 0]] == 1).mean() > 0.95
    broken = read_cloud(without_some_points(stamp, seed)).points
    assert broken.non_finite > 0
    assert len(broken.xyz) + broken.non_finite == len(cloud)
