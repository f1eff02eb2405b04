"""From an entry to the texts that the text tower reads."""

from __future__ import annotations

import re
from collections.abc import Sequence

from clipomaly_ros.vocabulary.entries import Entry

_ARTICLE_SLOT = re.compile(r"\b(a|an) \{\}", re.IGNORECASE)

# Vowel letters that sound like a consonant, and the other way round.
_SAYS_A = re.compile(r"(?:uni(?![mn])|us[eu]|ut[ei]|ur[ai]|uld\b|eu|one\b|once\b)")
_SAYS_AN = re.compile(r"(?:hour|honest|heir)")


def prompts_for(entry: Entry, templates: Sequence[str]) -> list[str]:
    """Return name and synonyms in every template.

    A template that writes "a {}" gets the article that fits the word ("an aircraft"),
    or none when the entry is not countable ("grass"); "{}" alone stays without.
    """
    return [
        _fill(template, word, entry.countable)
        for word in (entry.name, *entry.synonyms)
        for template in templates
    ]


def _fill(template: str, word: str, countable: bool) -> str:
    slot = _ARTICLE_SLOT.search(template)
    if slot is None:
        return template.replace("{}", word)
    article = ""
    if countable:
        article = "an " if _starts_with_vowel_sound(word) else "a "
        if slot.group(1)[0].isupper():
            article = article.capitalize()
    return template[: slot.start()] + article + word + template[slot.end() :]


def _starts_with_vowel_sound(word: str) -> bool:
    if _SAYS_AN.match(word):
        return True
    return word[0] in "aeiou" and not _SAYS_A.match(word)
