"""Vocabulary changes at run time: valid ones in use from the next frame on, others refused whole."""

import pytest
from ros_harness import Observer, wait_until
from segmenter_scene import APPROVED, CANDIDATES, NODE, image, running_segmenter, write_vocabulary
from sensor_msgs.msg import Image

from clipomaly_msgs.msg import AnomalyFrame
from clipomaly_msgs.srv import AddCandidates, SetVocabulary
from clipomaly_ros.nodes import qos
from clipomaly_ros.nodes.segmenter_services import printable

pytestmark = pytest.mark.dds


@pytest.fixture
def observer(tiny_bundle, tmp_path):
    parameters = {"bundle": str(tiny_bundle.folder), **write_vocabulary(tmp_path)}
    with Observer() as node, running_segmenter(parameters):
        node.wait_value(NODE, "state", "active")
        yield node


def add(observer, names, groups=()):
    return observer.call(
        AddCandidates, f"{NODE}/add_candidates", AddCandidates.Request(names=names, groups=list(groups))
    )


def replace(observer, approved="", candidates=""):
    request = SetVocabulary.Request(approved_yaml=approved, candidates_yaml=candidates)
    return observer.call(SetVocabulary, f"{NODE}/set_vocabulary", request)


def hash_in_use(observer, seconds):
    frames = observer.subscribe(AnomalyFrame, "/anomalies", qos.RESULTS)
    observer.wait_publishers("/anomalies")
    publisher = observer.publisher(Image, "/image_raw", qos.SENSOR_IN)
    message = image(seconds)
    publisher.publish(message)
    frame = wait_until(lambda: next((f for f in frames if f.header == message.header), None), "a frame")
    observer.node.destroy_publisher(publisher)
    return frame.vocabulary_hash


def test_names_are_added_and_used_from_the_next_frame_on(observer):
    before = hash_in_use(observer, 10.0)
    answer = add(observer, ["Fire Extinguisher", "pallet"], ["equipment", "equipment"])
    assert answer.success, answer.message
    assert not answer.rejected
    assert answer.vocabulary_hash != before
    assert hash_in_use(observer, 11.0) == answer.vocabulary_hash
    observer.wait_value(NODE, "vocabulary_hash", answer.vocabulary_hash)
    observer.wait_value(NODE, "candidates", "4")


@pytest.mark.parametrize(
    ("names", "groups", "rejected"),
    [
        (["pallet", "wrench"], [], ["wrench"]),
        (["pallet", "Spanner"], [], ["Spanner"]),
        (["person"], [], ["person"]),
        (["", "pallet"], [], [""]),
        (["bell\a"], [], ["bell "]),
        (["pallet", "pallet"], [], ["pallet"]),
        (["x" * 65], [], ["x" * 64]),
        (["é" * 60], [], ["é" * 32]),
        (["pallet"], ["a", "b"], []),
        ([], [], []),
    ],
)
def test_bad_names_are_refused_all_or_nothing(observer, names, groups, rejected):
    before = hash_in_use(observer, 10.0)
    answer = add(observer, names, groups)
    assert not answer.success
    assert answer.message
    assert [item.name for item in answer.rejected] == rejected
    assert all(item.reason for item in answer.rejected)
    assert answer.vocabulary_hash == before
    assert hash_in_use(observer, 11.0) == before
    observer.wait_count(NODE, "vocabulary_change_refused")


def test_a_part_of_the_vocabulary_is_replaced(observer):
    before = hash_in_use(observer, 10.0)
    answer = replace(observer, candidates="version: 1\ncandidates:\n  - {name: pallet, group: equipment}\n")
    assert answer.success, answer.message
    assert "3 approved" in answer.message
    assert "1 candidates" in answer.message
    assert hash_in_use(observer, 11.0) == answer.vocabulary_hash != before
    again = replace(observer, approved=APPROVED, candidates=CANDIDATES)
    assert again.success
    assert hash_in_use(observer, 12.0) == before


@pytest.mark.parametrize(
    ("approved", "candidates", "words"),
    [
        ("", "", "empty"),
        ("", "version: 1\ncandidates: {", "candidates_yaml"),
        ("", "version: 1\ncandidates:\n  - {name: person, group: people}\n", "person"),
        ("version: 9\n" + APPROVED.replace("version: 1\n", ""), "", "version"),
        ("!!python/object:os.system {}", "", "approved_yaml"),
    ],
)
def test_a_bad_vocabulary_is_refused_whole(observer, approved, candidates, words):
    before = hash_in_use(observer, 10.0)
    answer = replace(observer, approved, candidates)
    assert not answer.success
    assert words in answer.message
    assert answer.vocabulary_hash == before
    assert hash_in_use(observer, 11.0) == before


def test_text_for_bounded_strings_is_printable_and_fits():
    assert printable("a\nb\x00c", 10) == "a b c"
    assert printable("é" * 40, 64) == "é" * 32
    assert printable("€" * 30, 64) == "€" * 21
