"""Entries, names, hash and names added at run time."""

import hashlib
import json
import unicodedata
from dataclasses import asdict, replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipomaly_ros.vocabulary.entries import Entry, NameSource, Vocabulary, VocabularyError
from clipomaly_ros.vocabulary.names import InvalidNameError, normalise_name

APPROVED = (
    Entry("pavement", "surface", source=NameSource.APPROVED, obstacle=False),
    Entry("aircraft", "aircraft", ("airplane",), source=NameSource.APPROVED),
)
VOCABULARY = Vocabulary(APPROVED, (Entry("wrench", "tools", ("spanner",)),), ("a photo of a {}.",))


@given(st.text(max_size=80))
def test_a_normalised_name_meets_every_rule_and_stays_the_same(text):
    try:
        name = normalise_name(text)
    except InvalidNameError:
        return
    assert name == normalise_name(name)
    assert 1 <= len(name.encode()) <= 64
    assert name.isprintable()
    assert name == name.strip() == unicodedata.normalize("NFC", name)


def test_spelling_variants_are_one_name():
    assert normalise_name("  Cafe\u0301  Table ") == normalise_name("CAF\u00c9 table") == "café table"


@pytest.mark.parametrize(
    "text", ["", "   ", "a\nb", "a\x00", "a\u202eb", "zero\u200bwidth", "x" * 65, "é" * 33, "x" * 10_000]
)
def test_names_that_break_a_rule_are_refused(text):
    with pytest.raises(InvalidNameError):
        normalise_name(text)


def test_candidates_are_added_to_a_new_vocabulary_with_group_and_source():
    extended = VOCABULARY.with_candidates(["Drone", "Kite "], ["Loose_Equipment", "toys"])
    assert [(e.name, e.group, e.source) for e in extended.candidates[1:]] == [
        ("drone", "loose_equipment", NameSource.OPERATOR),
        ("kite", "toys", NameSource.OPERATOR),
    ]
    assert extended.approved == VOCABULARY.approved
    assert len(VOCABULARY.candidates) == 1
    assert extended.hash != VOCABULARY.hash
    assert VOCABULARY.with_candidates(["drone"]).candidates[-1].group == "unsorted"


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Aircraft", "approved entry 'aircraft'"),
        ("airplane", "synonym of the approved entry 'aircraft'"),
        ("wrench", "candidate entry 'wrench'"),
        ("SPANNER", "synonym of the candidate entry 'wrench'"),
        ("", "empty"),
        ("a" * 65, "65 bytes"),
        ("ä" * 10_000, "20000 bytes"),
        ("line\nbreak", "U+000A"),
    ],
)
def test_one_bad_name_refuses_all_and_says_why(name, reason):
    with pytest.raises(VocabularyError) as caught:
        VOCABULARY.with_candidates(["drone", name, "kite"])
    assert [refused for refused, _ in caught.value.rejected] == [name]
    assert reason in caught.value.rejected[0][1]


def test_all_bad_names_are_listed():
    with pytest.raises(VocabularyError) as caught:
        VOCABULARY.with_candidates(["drone", " Drone", "wrench", "\x07", "kite"], ["a"] * 4 + [""])
    assert [name for name, _ in caught.value.rejected] == [" Drone", "wrench", "\x07", "kite"]
    assert "group" in caught.value.rejected[-1][1]


def test_no_names_and_uneven_groups_are_refused():
    with pytest.raises(VocabularyError, match="no names"):
        VOCABULARY.with_candidates([])
    with pytest.raises(VocabularyError, match="1 groups came with 2 names"):
        VOCABULARY.with_candidates(["a", "b"], ["x"])


@given(st.lists(st.text(max_size=12), max_size=8))
def test_adding_names_never_breaks_uniqueness(names):
    try:
        extended = VOCABULARY.with_candidates(names)
    except VocabularyError:
        return
    words = [word for entry in extended.entries for word in (entry.name, *entry.synonyms)]
    assert len(words) == len(set(words)) == len(VOCABULARY.words) + len(names)


def test_the_hash_sees_every_field():
    entry = VOCABULARY.candidates[0]
    changed = [
        replace(entry, name="pliers"),
        replace(entry, group="metal"),
        replace(entry, synonyms=()),
        replace(entry, source=NameSource.OPERATOR),
        replace(entry, obstacle=False),
        replace(entry, hazard="fod"),
        replace(entry, countable=False),
    ]
    hashes = {replace(VOCABULARY, candidates=(other,)).hash for other in changed}
    hashes |= {replace(VOCABULARY, templates=("{}",)).hash, VOCABULARY.hash}
    assert len(hashes) == len(changed) + 2
    assert all(len(value) == 64 and int(value, 16) >= 0 for value in hashes)


def test_the_hash_is_that_of_all_fields_in_canonical_json():
    vocabulary = Vocabulary(
        (Entry("dog", "animals", ("hound",), NameSource.APPROVED, report=True),),
        (Entry("größe", "é", hazard="fod", countable=False),),
        ("a {}.",),
    )
    text = json.dumps(asdict(vocabulary), sort_keys=True, separators=(",", ":"))
    assert vocabulary.hash == hashlib.sha256(text.encode()).hexdigest()
