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


class Scene:
    """A running segmenter, images for it and the services of it."""

    def __init__(self, observer):
        self.observer, self.seconds = observer, 10.0
        observer.wait_value(NODE, "state", "active")
        self.frames = observer.subscribe(AnomalyFrame, "/anomalies", qos.RESULTS)
        observer.wait_publishers("/anomalies")
        self.publisher = observer.publisher(Image, "/image_raw", qos.SENSOR_IN)

    def add(self, names, groups=()):
        request = AddCandidates.Request(names=names, groups=list(groups))
        return self.observer.call(AddCandidates, f"{NODE}/add_candidates", request)

    def replace(self, approved="", candidates=""):
        request = SetVocabulary.Request(approved_yaml=approved, candidates_yaml=candidates)
        return self.observer.call(SetVocabulary, f"{NODE}/set_vocabulary", request)

    def hash_in_use(self):
        """Return the vocabulary of a frame whose image was sent after this call."""
        sent = []

        def answered():  # sent best effort: the first ones may be lost
            self.seconds += 0.1
            message = image(self.seconds)
            sent.append(message.header)
            self.publisher.publish(message)
            return next((frame for frame in self.frames if frame.header in sent), None)

        return wait_until(answered, "a frame").vocabulary_hash

    def refusals(self):
        return int(self.observer.values(NODE).get("vocabulary_change_refused", "0"))


@pytest.fixture(scope="module")
def running(tiny_bundle, tmp_path_factory):
    parameters = {
        "bundle": str(tiny_bundle.folder),
        **write_vocabulary(tmp_path_factory.mktemp("vocabulary")),
    }
    with Observer() as node, running_segmenter(parameters):
        yield Scene(node)


@pytest.fixture
def scene(running):
    """Begin each test with the same vocabulary."""
    answer = running.replace(APPROVED, CANDIDATES)
    assert answer.success, answer.message
    return running


def test_names_are_added_and_used_from_the_next_frame_on(scene):
    before = scene.hash_in_use()
    answer = scene.add(["Fire Extinguisher", "pallet"], ["equipment", "equipment"])
    assert answer.success, answer.message
    assert not answer.rejected
    assert answer.vocabulary_hash != before
    assert scene.hash_in_use() == answer.vocabulary_hash
    scene.observer.wait_value(NODE, "vocabulary_hash", answer.vocabulary_hash)
    scene.observer.wait_value(NODE, "candidates", "4")


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
def test_bad_names_are_refused_all_or_nothing(scene, names, groups, rejected):
    before, refusals = scene.hash_in_use(), scene.refusals()
    answer = scene.add(names, groups)
    assert not answer.success
    assert answer.message
    assert [item.name for item in answer.rejected] == rejected
    assert all(item.reason for item in answer.rejected)
    assert answer.vocabulary_hash == before
    assert scene.hash_in_use() == before
    scene.observer.wait_count(NODE, "vocabulary_change_refused", refusals + 1)


def test_a_part_of_the_vocabulary_is_replaced(scene):
    before = scene.hash_in_use()
    answer = scene.replace(candidates="version: 1\ncandidates:\n  - {name: pallet, group: equipment}\n")
    assert answer.success, answer.message
    assert "3 approved" in answer.message
    assert "1 candidates" in answer.message
    assert scene.hash_in_use() == answer.vocabulary_hash != before
    again = scene.replace(approved=APPROVED, candidates=CANDIDATES)
    assert again.success
    assert scene.hash_in_use() == before


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
def test_a_bad_vocabulary_is_refused_whole(scene, approved, candidates, words):
    before, refusals = scene.hash_in_use(), scene.refusals()
    answer = scene.replace(approved, candidates)
    assert not answer.success
    assert words in answer.message
    assert answer.vocabulary_hash == before
    assert scene.hash_in_use() == before
    scene.observer.wait_count(NODE, "vocabulary_change_refused", refusals + 1)


def test_text_for_bounded_strings_is_printable_and_fits():
    assert printable("a\nb\x00c", 10) == "a b c"
    assert printable("é" * 40, 64) == "é" * 32
    assert printable("€" * 30, 64) == "€" * 21
