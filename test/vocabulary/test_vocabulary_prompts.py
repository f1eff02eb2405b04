"""Prompts: templates, synonyms and articles."""

import pytest

from clipomaly_ros.vocabulary.entries import Entry
from clipomaly_ros.vocabulary.prompts import prompts_for


def test_every_word_meets_every_template():
    entry = Entry("wrench", "tools", ("spanner", "{} odd"))
    assert prompts_for(entry, ("{}.", "the {} there")) == [
        "wrench.",
        "the wrench there",
        "spanner.",
        "the spanner there",
        "{} odd.",
        "the {} odd there",
    ]


@pytest.mark.parametrize(
    ("word", "text"),
    [
        ("bolt", "A bolt, a photo"),
        ("aircraft", "An aircraft, a photo"),
        ("uld", "A uld, a photo"),
        ("unit load device", "A unit load device, a photo"),
        ("unattended bag", "An unattended bag, a photo"),
        ("umbrella", "An umbrella, a photo"),
        ("hourglass", "An hourglass, a photo"),
        ("hose", "A hose, a photo"),
    ],
)
def test_the_article_fits_the_word(word, text):
    assert prompts_for(Entry(word, "g"), ["A {}, a photo"]) == [text]


def test_uncountable_words_take_no_article():
    assert prompts_for(Entry("grass", "g", countable=False), ["a photo of a {}.", "the {}"]) == [
        "a photo of grass.",
        "the grass",
    ]
