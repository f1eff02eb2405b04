import hashlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.model.text_cache import CachedTextEncoder, TextEmbeddingCache, default_cache_folder

HASH = "ab" * 32


class WordCounter:
    """A TextEncoder with an embedding that only the prompt decides; it notes what it was asked."""

    def __init__(self):
        self.asked = []

    def encode(self, prompts):
        self.asked.append(list(prompts))
        rows = np.zeros((len(prompts), 8), np.float32)
        for row, prompt in zip(rows, prompts, strict=True):
            row[:] = np.frombuffer(hashlib.sha256(prompt.encode()).digest()[:8], np.uint8)
        return rows


@settings(max_examples=40, deadline=None)
@given(lists=st.lists(st.lists(st.text("abc", max_size=2), max_size=6), max_size=6))
def test_cached_encoder_equals_the_inner_one_and_asks_once(lists, tmp_path_factory):
    folder = tmp_path_factory.mktemp("cache")
    plain = WordCounter()
    inner = WordCounter()
    for prompts in lists:
        # A new one each time, as after a restart: only the folder remembers.
        encoder = CachedTextEncoder(inner, TextEmbeddingCache(folder), HASH)
        np.testing.assert_array_equal(encoder.encode(prompts), plain.encode(prompts))
    asked = [prompt for prompts in inner.asked for prompt in prompts]
    assert len(asked) == len(set(asked))


def test_adding_one_name_computes_one_prompt(tiny_bundle, tmp_path):
    prompts = [f"a photo of a {name}." for name in ("truck", "cone", "bird", "bag")]
    first = CachedTextEncoder(tiny_bundle.text_encoder(), TextEmbeddingCache(tmp_path), tiny_bundle.hash)
    before = first.encode(prompts)
    assert first.computed == 4
    second = CachedTextEncoder(tiny_bundle.text_encoder(), TextEmbeddingCache(tmp_path), tiny_bundle.hash)
    after = second.encode(["a photo of a drone.", *prompts])
    assert second.computed == 1
    np.testing.assert_array_equal(after[1:], before)
    np.testing.assert_allclose(
        after, tiny_bundle.text_encoder().encode(["a photo of a drone.", *prompts]), atol=1e-6
    )


def test_bundles_do_not_share_embeddings(tmp_path):
    cache, inner = TextEmbeddingCache(tmp_path), WordCounter()
    CachedTextEncoder(inner, cache, HASH).encode(["cone"])
    CachedTextEncoder(inner, cache, "cd" * 32).encode(["cone"])
    assert len(inner.asked) == 2


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "pickle"])
def test_damaged_tables_are_counted_removed_and_recomputed(damage, tmp_path):
    CachedTextEncoder(WordCounter(), TextEmbeddingCache(tmp_path), HASH).encode(["cone", "bird"])
    (path,) = (tmp_path / "text" / HASH).iterdir()
    content = bytearray(path.read_bytes())
    if damage == "flip":
        content[-3] ^= 1
    elif damage == "pickle":
        np.save(path, np.array([{"a": 1}], object), allow_pickle=True)
        content = path.read_bytes()
    path.write_bytes({"cut": content[:-5], "empty": b""}.get(damage, content))

    cache, inner = TextEmbeddingCache(tmp_path), WordCounter()
    found = CachedTextEncoder(inner, cache, HASH).encode(["cone", "bird"])
    np.testing.assert_array_equal(found, WordCounter().encode(["cone", "bird"]))
    assert cache.corrupt == 1
    assert inner.asked == [["cone", "bird"]]
    fresh = TextEmbeddingCache(tmp_path)
    assert len(fresh.read(HASH)) == 2
    assert fresh.corrupt == 0


def test_many_small_tables_become_one(tmp_path):
    for index in range(40):
        TextEmbeddingCache(tmp_path).write(HASH, {bytes([index] * 32): np.full(4, index, np.float32)})
    folder = tmp_path / "text" / HASH
    assert len(list(folder.iterdir())) == 40
    kept = TextEmbeddingCache(tmp_path).read(HASH)
    assert len(list(folder.iterdir())) == 1
    again = TextEmbeddingCache(tmp_path).read(HASH)
    assert kept.keys() == again.keys()
    assert all(again[bytes([index] * 32)].tolist() == [index] * 4 for index in range(40))


def test_a_folder_that_cannot_be_written_costs_nothing_but_time(tmp_path):
    (tmp_path / "text").write_text("a file where the folder should be")
    cache, inner = TextEmbeddingCache(tmp_path), WordCounter()
    encoder = CachedTextEncoder(inner, cache, HASH)
    np.testing.assert_array_equal(encoder.encode(["cone"]), WordCounter().encode(["cone"]))
    encoder.encode(["cone"])
    assert cache.failed_writes == 1
    assert len(inner.asked) == 1


def test_default_folder_follows_the_environment(monkeypatch, tmp_path):
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("CLIPOMALY_CACHE", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    assert default_cache_folder() == tmp_path / "home" / ".cache" / "clipomaly_ros"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "xdg"))
    assert TextEmbeddingCache().folder == tmp_path / "xdg" / "clipomaly_ros"
    monkeypatch.setenv("CLIPOMALY_CACHE", str(tmp_path / "own"))
    assert TextEmbeddingCache(None).folder == tmp_path / "own"
