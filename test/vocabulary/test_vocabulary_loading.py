"""Vocabulary files: the shipped ones, round trips, and everything that must be refused."""

import os
from pathlib import Path

import pytest

from clipomaly_ros.vocabulary.entries import NameSource, VocabularyError
from clipomaly_ros.vocabulary.loading import dump_vocabulary, load_vocabulary, parse_vocabulary, replace_parts

CONFIG = Path(__file__).resolve().parents[2] / "config" / "vocabulary"
APPROVED_FILE = CONFIG / "airside_approved.yaml"
CANDIDATES_FILE = CONFIG / "airside_candidates.yaml"

APPROVED = """
version: 1
templates: ["a photo of a {}."]
approved:
  - {name: Pavement, group: surface, obstacle: false}
  - {name: person, group: person, synonyms: [marshaller], report: true}
"""
CANDIDATES = """
version: 1
candidates:
  - {name: bolt, group: hardware, hazard: fod}
  - {name: smoke, group: fire, countable: false}
"""


def test_the_shipped_vocabulary_is_complete():
    vocabulary = load_vocabulary(APPROVED_FILE, CANDIDATES_FILE)
    assert {e.name for e in vocabulary.approved if e.report} == {"person", "cone", "chock", "barrier"}
    assert {e.group for e in vocabulary.approved if not e.obstacle} == {"surface", "marking", "sky"}
    assert all(e.source is NameSource.APPROVED for e in vocabulary.approved)
    assert all(e.source is NameSource.DICTIONARY and e.group and e.hazard for e in vocabulary.candidates)
    assert {"hardware", "tools", "soft", "baggage", "pavement", "loose_equipment", "animals", "fluids"} <= {
        e.group for e in vocabulary.candidates
    }


def test_fields_and_defaults():
    vocabulary = parse_vocabulary(APPROVED, CANDIDATES)
    pavement, person = vocabulary.approved
    assert (pavement.name, pavement.obstacle, pavement.report) == ("pavement", False, False)
    assert (person.synonyms, person.report, person.obstacle) == (("marshaller",), True, True)
    bolt, smoke = vocabulary.candidates
    assert (bolt.hazard, bolt.countable, smoke.countable) == ("fod", True, False)


@pytest.mark.parametrize("texts", [(APPROVED, CANDIDATES), None])
def test_writing_and_reading_gives_the_same_vocabulary(texts):
    vocabulary = parse_vocabulary(*texts) if texts else load_vocabulary(APPROVED_FILE, CANDIDATES_FILE)
    again = parse_vocabulary(*dump_vocabulary(vocabulary))
    assert again == vocabulary
    assert again.hash == vocabulary.hash


def test_an_empty_text_keeps_the_part_in_use():
    current = parse_vocabulary(APPROVED, CANDIDATES).with_candidates(["kite"])
    assert replace_parts(current, "", " \n") == current
    other = replace_parts(current, "", CANDIDATES.replace("bolt", "nut"))
    assert (other.approved, other.candidates[0].name) == (current.approved, "nut")
    other = replace_parts(current, APPROVED.replace("person, group", "human, group"), "")
    assert (other.approved[1].name, other.candidates) == ("human", current.candidates)
    with pytest.raises(VocabularyError, match=r"'kite' already belongs to 'person' in approved_yaml"):
        replace_parts(current, APPROVED.replace("marshaller", "kite"), "")


ENTRY = "{name: bolt, group: hardware, hazard: fod}"


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("version: 1", "version: 2", "version must be 1"),
        ("version: 1", "version: true", "version must be 1"),
        ("version: 1", "", "'version' is missing"),
        ("candidates:", "approved:", "unknown key 'approved'"),
        (ENTRY, "{name: '', group: hardware}", "entry 1.*name is empty"),
        (ENTRY, "{name: ' ', group: hardware}", "entry 1.*name is empty"),
        (ENTRY, "{name: smoke, group: hardware}", "entry 'smoke': 'smoke' already belongs"),
        (ENTRY, "{name: Marshaller, group: hardware}", "'marshaller' already belongs to 'person' in"),
        (ENTRY, "{name: bolt, group: hardware, synonyms: [bolt]}", "'bolt' already belongs"),
        (ENTRY, "{name: no, group: hardware}", "name must be a text, got bool"),
        (ENTRY, "{name: 7, group: hardware}", "name must be a text, got int"),
        (ENTRY, "{name: bolt}", "key 'group' is missing"),
        (ENTRY, "{name: bolt, group: ''}", "group is empty"),
        (ENTRY, "{name: bolt, group: a, colour: red}", "'bolt': unknown key 'colour'"),
        (ENTRY, "{name: bolt, group: a, obstacle: 1}", "obstacle must be true or false"),
        (ENTRY, "{name: bolt, group: a, report: true}", "'report' belongs to approved"),
        (ENTRY, "{name: bolt, group: a, synonyms: nut}", "synonyms must be a list"),
        (ENTRY, "{name: bolt, group: a, synonyms: [3]}", "synonym 1 must be a text"),
        (ENTRY, "{name: bolt, name: nut, group: a}", "line 4: key 'name' is there twice"),
        (ENTRY, '{name: "bo\\u0007lt", group: a}', "U\\+0007"),
        (ENTRY, "{name: " + "b" * 65 + ", group: a}", "65 bytes"),
        (ENTRY, "bolt", "entry 1: expected the keys"),
        (ENTRY, "&x {name: bolt, group: a}\n  - *x", "aliases"),
        (ENTRY, "!!python/object/apply:os.getcwd []", "not valid YAML"),
        (ENTRY, "{name: bolt, group: a", "not valid YAML"),
    ],
)
def test_bad_candidate_files_are_refused_by_name(old, new, message):
    assert old in CANDIDATES
    with pytest.raises(VocabularyError, match=message) as caught:
        parse_vocabulary(APPROVED, CANDIDATES.replace(old, new), files=("approved.yaml", "candidates.yaml"))
    assert "candidates.yaml" in str(caught.value)


@pytest.mark.parametrize(
    "templates", ["[]", "a photo", "['{} and {}']", "['none']", "[3]", "['{}', '{}']", '["{}\\n"]', "{a: b}"]
)
def test_bad_templates_are_refused(templates):
    with pytest.raises(VocabularyError, match="approved: template"):
        parse_vocabulary(APPROVED.replace('["a photo of a {}."]', templates), CANDIDATES)


@pytest.mark.parametrize(
    "text", ["", "[]", "3", "version: 1", "\x00", "- " * 3000, "[" * 3000, "# " + "x" * (1 << 20)]
)
def test_texts_that_are_no_vocabulary_are_refused(text):
    with pytest.raises(VocabularyError, match="candidates: "):
        parse_vocabulary(APPROVED, text)


def test_one_approved_class_is_not_enough():
    text = "version: 1\ntemplates: ['{}']\napproved: [{name: a, group: b}]"
    with pytest.raises(VocabularyError, match="at least 2"):
        parse_vocabulary(text, CANDIDATES)


def test_unreadable_files_are_named(tmp_path):
    with pytest.raises(VocabularyError, match=r"nowhere\.yaml"):
        load_vocabulary(tmp_path / "nowhere.yaml", CANDIDATES_FILE)
    (tmp_path / "latin.yaml").write_bytes("é".encode("latin-1"))
    with pytest.raises(VocabularyError, match=r"latin\.yaml: cannot be read as UTF-8"):
        load_vocabulary(APPROVED_FILE, tmp_path / "latin.yaml")
    with pytest.raises(VocabularyError, match=os.fspath(tmp_path)):
        load_vocabulary(tmp_path, CANDIDATES_FILE)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"version: " + b"9" * 10_000, "not valid YAML"),
        (b"version: 1\ncandidates: [{name: 2020-99-99, group: a}]", "not valid YAML"),
        (b"version: !!float abc", "not valid YAML"),
        (b"[" * 5000, "nested too deeply"),
        (b"a: &a [x]\nb: [*a, *a]", "aliases"),
        (b"#" * (2 << 20), "more than"),
        (b"\xff\xfe\x00", "UTF-8"),
        (b"\x00", "not valid YAML"),
    ],
)
def test_files_that_are_no_vocabulary_are_named_with_the_reason(tmp_path, content, reason):
    path = tmp_path / "candidates.yaml"
    path.write_bytes(content)
    with pytest.raises(VocabularyError, match=reason) as refused:
        load_vocabulary(APPROVED_FILE, path)
    assert str(refused.value).startswith(f"{path}: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("place", ["/dev/zero", "."])
def test_only_files_are_read(place):
    with pytest.raises(VocabularyError, match="expected a file"):
        load_vocabulary(APPROVED_FILE, Path(place))
