"""The order of a lockstep replay: what a frame needs comes before it, nothing is lost or doubled."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from replay_bags import PERIOD, START, small_drive

from clipomaly_ros.replay.bag_reader import Bag
from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.replay.frames import choose_frames
from clipomaly_ros.replay.schedule import (
    Entry,
    header_frame,
    header_stamp,
    index_bag,
    match_clouds,
    on_stamp_time,
    plan_lockstep,
    record_offset,
)

SLOP = 50


def recordings():
    """Recorded orders of images, clouds and odometry with late messages of each kind."""

    def build(images, lag, cloud_lag, tf_lag, dropped):
        entries = [Entry("tf_static", 0, 0, (("lidar", "camera", 0),))]
        for number in range(images):
            stamp = 1000 + 100 * number
            entries.append(Entry("camera_info", stamp + lag, stamp))
            entries.append(Entry("image", stamp + lag, stamp))
            if number not in dropped:
                entries.append(Entry("points", stamp + 10 + cloud_lag, stamp + 10))
        for stamp in range(900, 1000 + 100 * images + 100, 20):
            entries.append(Entry("tf", stamp + tf_lag, 0, (("odom", "base_link", stamp),)))
        return sorted(entries, key=lambda entry: entry.time)

    return st.builds(
        build,
        st.integers(1, 8),
        st.integers(0, 250),
        st.integers(0, 250),
        st.integers(0, 250),
        st.sets(st.integers(0, 7), max_size=4),
    )


@given(recordings())
def test_each_message_is_played_once_and_images_keep_their_order(entries):
    steps = plan_lockstep(entries, SLOP)
    places = [place for step in steps for place in step.places]
    assert sorted(places) == list(range(len(entries)))
    stamps = [entries[place].stamp for place in places if entries[place].role == "image"]
    assert stamps == [entry.stamp for entry in entries if entry.role == "image"]
    assert [step.stamp for step in steps if step.stamp] == stamps


@given(recordings())
def test_a_frame_comes_with_its_cloud_its_calibration_and_brackets_of_its_stamps(entries):
    played, before = [], set()
    for step in plan_lockstep(entries, SLOP):
        before |= set(step.places)
        played += step.places
        if not step.stamp:
            continue
        known = [entries[place] for place in before]
        has_cloud = any(e.role == "points" and e.stamp == step.stamp + 10 for e in known)
        assert has_cloud == step.matched
        latest = step.stamp + 10 * step.matched
        assert any(e.role == "tf" and e.edges[0][2] >= latest for e in known)
        assert any(e.role == "camera_info" and e.stamp == step.stamp for e in known)
        own = [place for place in step.places if entries[place].stamp == step.stamp]
        roles = [entries[place].role for place in own]
        assert roles.index("camera_info") < roles.index("image") if "camera_info" in roles else True


@given(st.lists(st.integers(0, 2000), max_size=12), st.lists(st.integers(0, 2000), max_size=12))
def test_matching_uses_each_cloud_once_and_keeps_the_slop(images, clouds):
    entries = [Entry("image", 0, stamp) for stamp in images] + [Entry("points", 0, stamp) for stamp in clouds]
    pairs = match_clouds(entries, SLOP)
    assert len(set(pairs.values())) == len(pairs)
    for image, cloud in pairs.items():
        assert abs(entries[image].stamp - entries[cloud].stamp) <= SLOP
    for image in range(len(images)):  # what stays alone has no free cloud in reach
        if image not in pairs:
            free = [c for c in range(len(images), len(entries)) if c not in pairs.values()]
            assert all(abs(entries[c].stamp - entries[image].stamp) > SLOP for c in free)


def test_a_bag_is_indexed_with_stamps_and_links(tmp_path):
    with Bag(small_drive(tmp_path / "bag", frames=3, odometry=True, skip_clouds=(1,))) as bag:
        entries = index_bag(bag, bag.select())
    images = [entry.stamp for entry in entries if entry.role == "image"]
    assert images == [START + k * PERIOD for k in (1, 2, 3)]
    steps = [step for step in plan_lockstep(entries, 50_000_000) if step.stamp]
    assert [step.matched for step in steps] == [True, False, True]
    choice = choose_frames(entries, "camera", "lidar")
    assert (choice.fixed, choice.reference) == ("odom", "base_link")


def test_late_record_times_are_moved_to_the_stamps():
    entries = [Entry("image", 10_000, 1000), Entry("points", 10_110, 1100), Entry("tf", 10_050)]
    offset = record_offset(entries)
    moved = on_stamp_time(entries, offset)
    assert [entry.time for entry in moved] == [entry.time - offset for entry in entries]
    assert 9000 <= offset <= 9010


@pytest.mark.parametrize("little", [True, False])
def test_headers_are_read_from_both_byte_orders(little):
    order = "<" if little else ">"
    raw = bytes([0, 1 if little else 0, 0, 0]) + struct.pack(f"{order}iII", 12, 34, 7) + b"camera\0"
    assert header_stamp(raw) == 12_000_000_034
    assert header_frame(raw) == "camera"
    with pytest.raises(BagError, match="12 bytes"):
        header_stamp(raw[:8])
    with pytest.raises(BagError, match="header"):
        header_frame(raw[:18])


STATIC = Entry("tf_static", 0, 0, (("base_link", "lidar", 0), ("base_link", "camera", 0)))


@pytest.mark.parametrize(
    ("edges", "fixed", "reference"),
    [
        ((("odom", "base_link", 0),), "odom", "base_link"),
        ((("map", "base_link", 0),), "map", "base_link"),
        ((("map", "odom", 0), ("odom", "base_link", 0)), "odom", "base_link"),
        ((("odom", "other_robot", 0),), "lidar", "base_link"),
    ],
)
def test_the_fixed_frame_is_one_that_tf_connects(edges, fixed, reference):
    choice = choose_frames([STATIC, Entry("tf", 0, 0, edges)], "camera", "lidar")
    assert (choice.fixed, choice.reference) == (fixed, reference)


def test_a_wished_frame_is_taken_and_a_missing_link_is_said():
    choice = choose_frames([Entry("tf_static", 0, 0, (("a", "b", 0),))], "camera", "lidar", "world")
    assert choice.fixed == "world"
    assert "does not connect the camera (camera) with the LiDAR (lidar)" in choice.problem
    assert "world is not connected with lidar" in choice.problem
    assert len(choice.notes) == 2
    choice = choose_frames([STATIC], "camera", "lidar", "world")
    assert choice.problem.startswith("fixed frame world is not connected with lidar")
    assert "base_link, camera, lidar" in choice.problem


def test_recorded_masks_go_with_their_images_after_their_legend():
    entries = [
        Entry("anomalies", 90, 100),  # recorded before its image
        Entry("image", 100, 100),
        Entry("points", 101, 100),
        Entry("image", 200, 200),  # has no mask
        Entry("points", 201, 200),
        Entry("image", 300, 300),
        Entry("points", 301, 300),
        Entry("anomalies", 400, 999),  # fits no image
        Entry("legend", 410, 300),  # recorded after the image it holds for
        Entry("anomalies", 420, 300),
    ]
    steps = plan_lockstep(entries, 10)
    assert [step.places for step in steps] == [(1, 0, 2), (3, 4), (8, 5, 9, 6)]
    assert [step.stamp for step in steps] == [100, 200, 300]
    assert [step.awaited for step in steps] == [True, False, True]
    assert [step.matched for step in steps] == [True, False, True]
