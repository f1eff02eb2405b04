"""CLIP's byte-pair tokenizer on the standard library, ftfy and regex; no torch."""

from __future__ import annotations

import gzip
import html
import io
import itertools
import zlib
from collections.abc import Sequence
from functools import lru_cache

import ftfy
import numpy as np
import regex
from numpy.typing import NDArray

from clipomaly_ros.model.manifest import BundleError

START, END = "<start_of_text>", "<end_of_text>"
# Of the 49408 tokens, 256 are bytes, 256 bytes that end a word, and two the special ones.
_MERGES = 49408 - 2 * 256 - 2
_MAXIMUM_BYTES = 16 * 1024 * 1024
_WORD_END = "</w>"
_WORDS = regex.compile(
    START + "|" + END + r"|'s|'t|'re|'ve|'m|'ll|'d|\p{L}+|\p{N}|[^\s\p{L}\p{N}]+", regex.IGNORECASE
)


class ClipTokenizer:
    """Byte-pair encoding of CLIP (Radford et al. 2021), token for token equal to open_clip's.

    vocabulary: content of the gzip-compressed merge list (one header line, then one pair a line).
    context_length: tokens a prompt, start and end included.
    """

    def __init__(self, vocabulary: bytes, context_length: int = 77) -> None:
        merges = _read_merges(vocabulary)
        self.context_length = context_length
        self._symbols = _byte_symbols()
        letters = [self._symbols[byte] for byte in _byte_order()]
        tokens = letters + [letter + _WORD_END for letter in letters]
        tokens += [first + second for first, second in merges]
        self._ids = {token: index for index, token in enumerate([*tokens, START, END])}
        self._ranks = {pair: rank for rank, pair in enumerate(merges)}
        self._word_ids = lru_cache(maxsize=65536)(self._encode_word)

    @property
    def size(self) -> int:
        """Return the number of tokens, special ones included."""
        return len(self._ids)

    @property
    def whole_words(self) -> list[str]:
        """Return what is one token and a whole word, in the order of the tokens."""
        return [token[: -len(_WORD_END)] for token in self._ids if token.endswith(_WORD_END)]

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, without start and end, of any length."""
        clean = html.unescape(html.unescape(ftfy.fix_text(text)))
        clean = " ".join(clean.split()).lower()
        return [token for word in _WORDS.findall(clean) for token in self._word_ids(word)]

    def tokenise(self, prompts: Sequence[str]) -> NDArray[np.int64]:
        """Return tokens, int64 [N, context_length], zero after the end; long prompts are cut."""
        if isinstance(prompts, str) or not all(isinstance(prompt, str) for prompt in prompts):
            raise BundleError("prompts: expected a sequence of texts; wrap a single prompt in a list")
        table = np.zeros((len(prompts), self.context_length), np.int64)
        for row, prompt in zip(table, prompts, strict=True):
            tokens = [self._ids[START], *self.encode(prompt)[: self.context_length - 2], self._ids[END]]
            row[: len(tokens)] = tokens
        return table

    def _encode_word(self, word: str) -> tuple[int, ...]:
        if word in (START, END):
            return (self._ids[word],)
        parts = [self._symbols[byte] for byte in word.encode("utf-8")]
        parts[-1] += _WORD_END
        while len(parts) > 1:
            pairs = list(itertools.pairwise(parts))
            best = min(pairs, key=lambda pair: self._ranks.get(pair, _MERGES))
            if best not in self._ranks:
                break
            merged, index = [], 0
            while index < len(parts):
                if index < len(pairs) and pairs[index] == best:
                    merged.append(best[0] + best[1])
                    index += 2
                else:
                    merged.append(parts[index])
                    index += 1
            parts = merged
        return tuple(self._ids[part] for part in parts)


def _byte_order() -> list[int]:
    """List the bytes in the order of their tokens: printable ones first, then the rest."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return printable + sorted(set(range(256)) - set(printable))


def _byte_symbols() -> dict[int, str]:
    """Map each byte to one visible character, as the merge list writes it."""
    order = _byte_order()
    printable = 188
    return {
        byte: chr(byte) if rank < printable else chr(256 + rank - printable)
        for rank, byte in enumerate(order)
    }


def _read_merges(vocabulary: bytes) -> list[tuple[str, str]]:
    try:
        with gzip.open(io.BytesIO(vocabulary)) as stream:
            text = stream.read(_MAXIMUM_BYTES).decode("utf-8")
    except (OSError, EOFError, UnicodeDecodeError, zlib.error) as error:
        raise BundleError(
            f"tokenizer vocabulary: expected gzip-compressed UTF-8: {error}; export the bundle again"
        ) from error
    merges = [tuple(line.split()) for line in text.split("\n")[1 : _MERGES + 1]]
    if len(merges) != _MERGES or any(len(pair) != 2 for pair in merges):
        raise BundleError(
            f"tokenizer vocabulary: expected {_MERGES} pairs after one header line, found other content; "
            "export the bundle again"
        )
    return [(first, second) for first, second in merges]
