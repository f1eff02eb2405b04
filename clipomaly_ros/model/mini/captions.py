"""The texts that apron-mini learns from: names in many phrasings, and words without a meaning."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.model.export import TEMPLATES
from clipomaly_ros.model.tokenizer import ClipTokenizer
from clipomaly_ros.vocabulary.entries import Entry, Vocabulary
from clipomaly_ros.vocabulary.prompts import prompts_for

_STRANGE_WORDS = 16  # in one bank of texts
_SHORTEST_WORD = 4  # letters


@dataclass(frozen=True)
class Captions:
    """A bank of texts, one row a meaning.

    tokens: int64 [N, L]. The first `approved` rows are approved classes in the order of the
    vocabulary, then `candidates` rows of candidates, then words without a meaning.
    """

    tokens: NDArray[np.int64]
    approved: int
    candidates: int


class CaptionSource:
    """Draws captions of the approved classes and of the candidates that may be learnt.

    Words of the tokenizer that no vocabulary uses are captions of strange shapes: the text
    tower learns where a word it has never met belongs, which is what names outside the
    training set are at run time (open-set by construction, no anomaly is needed for it).
    """

    def __init__(
        self, vocabulary: Vocabulary, learnt: Sequence[str], tokenizer: ClipTokenizer, words: Sequence[str]
    ) -> None:
        self.approved = vocabulary.approved
        chosen = set(learnt)
        self.candidates = tuple(entry for entry in vocabulary.candidates if entry.name in chosen)
        self._templates = (*TEMPLATES, *vocabulary.templates)
        self._tokenizer = tokenizer
        # Also the words of the candidates that are held out stay out of the training.
        used = {part for entry in vocabulary.entries for text in _texts(entry) for part in text.split()}
        self.strange = [
            word
            for word in words
            if len(word) >= _SHORTEST_WORD and word.isascii() and word.isalpha() and word not in used
        ]

    def draw(self, generator: np.random.Generator) -> Captions:
        """Draw one caption of every meaning, and a set of strange words."""
        entries = (*self.approved, *self.candidates)
        texts = [self._phrase(entry, generator) for entry in entries]
        picked = generator.choice(len(self.strange), _STRANGE_WORDS, replace=False)
        for index in picked:
            words = [self.strange[index]]
            if generator.random() < 0.4:
                words.append(self.strange[generator.integers(len(self.strange))])
            texts.append(self._phrase(Entry(name=" ".join(words), group="strange"), generator))
        tokens = self._tokenizer.tokenise(texts)
        longest = int(np.count_nonzero(tokens, axis=1).max())
        return Captions(tokens[:, :longest], len(self.approved), len(self.candidates))

    def _phrase(self, entry: Entry, generator: np.random.Generator) -> str:
        template = self._templates[generator.integers(len(self._templates))]
        phrases = prompts_for(entry, [template])
        # The name itself as often as all its synonyms together.
        return phrases[0 if generator.random() < 0.5 else generator.integers(len(phrases))]


def _texts(entry: Entry) -> tuple[str, ...]:
    return (entry.name, *entry.synonyms)
