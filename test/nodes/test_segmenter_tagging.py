"""Which tagger the parameters choose, and what is said of choices that cannot be used."""

import numpy as np
import pytest

from clipomaly_ros.nodes.tagger_loading import load_tagging
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vocabulary.entries import Entry, Vocabulary, VocabularyError


class Letters:
    """A TextEncoder: how often each letter occurs."""

    def encode(self, prompts):
        counts = np.array([[text.count(chr(97 + i)) for i in range(26)] for text in prompts], np.float32)
        return counts / np.linalg.norm(counts, axis=1, keepdims=True)


def tagging(bundle="", tags="", share=0.5):
    words = Vocabulary((Entry("a", "x"), Entry("b", "x")), (), ("this is {}",))
    table = build_text_table(words, Letters())
    said = []
    return load_tagging(str(bundle), str(tags), share, table, Letters(), 20.0, 1, said.append), said


def test_nothing_chosen_is_nothing_loaded():
    assert tagging() == (None, [])


def test_a_list_makes_the_light_tagger(tmp_path):
    (tmp_path / "tags.txt").write_bytes("Quill\r\nzebra\r\n".encode("utf-8-sig"))
    found, said = tagging(tags=tmp_path / "tags.txt")
    assert found.tagger.tags == ("quill", "zebra")
    assert found.embeddings.shape == (2, 26)
    np.testing.assert_allclose(found.embeddings[1], Letters().encode(["this is zebra"])[0], atol=1e-6)
    assert found.tagger.present(np.zeros((1, 1, 3), np.uint8), found.embeddings[0]).tolist() == [0]
    assert said == ["embedding 2 tags"]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "expected 1 to 20000 tags"),
        (b"quill\n\nzebra", "line 2: the tag is empty"),
        (b"a\n" * 20_001, "got 20001"),
        (b"\xff\xfe", "one tag a line"),
        (b"zebra\x1b[0m", "control character"),
    ],
)
def test_unusable_lists_are_named(tmp_path, content, words):
    (tmp_path / "tags.txt").write_bytes(content)
    with pytest.raises(VocabularyError, match=words):
        tagging(tags=tmp_path / "tags.txt")


def test_missing_files_and_two_choices_are_named(tmp_path):
    with pytest.raises(VocabularyError, match="one tag a line"):
        tagging(tags=tmp_path / "none.txt")
    with pytest.raises(VocabularyError, match="expected one of them"):
        tagging(tmp_path, tmp_path / "tags.txt")
    with pytest.raises(ValueError, match=r"manifest\.yaml: cannot be read"):
        tagging(tmp_path)
