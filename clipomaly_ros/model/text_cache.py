"""Text embeddings on disk, so that a vocabulary costs the text tower only once a bundle."""

from __future__ import annotations

import hashlib
import io
import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.types import TextEncoder

ENVIRONMENT_VARIABLE = "CLIPOMALY_CACHE"
_TABLES_BEFORE_MERGE = 32


def default_cache_folder() -> Path:
    """Return $CLIPOMALY_CACHE, else clipomaly_ros in $XDG_CACHE_HOME or ~/.cache."""
    if chosen := os.environ.get(ENVIRONMENT_VARIABLE):
        return Path(chosen).expanduser()
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "clipomaly_ros"


def prompt_key(prompt: str) -> bytes:
    """Return the 32-byte key of a prompt."""
    return hashlib.sha256(prompt.encode("utf-8")).digest()


class TextEmbeddingCache:
    """Tables of prompt keys and embeddings, in one folder a bundle hash.

    Each table is a .npy file named by the SHA-256 of its content: a damaged one is found by
    its name, and two processes that write at once never spoil each other's work.
    corrupt: damaged tables found (and removed). failed_writes: tables that could not be kept.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = default_cache_folder() if folder is None else Path(folder)
        self.corrupt = 0
        self.failed_writes = 0

    def read(self, bundle_hash: str) -> dict[bytes, NDArray[np.float32]]:
        """Return all embeddings kept for a bundle, float32 [D], by prompt key."""
        kept: dict[bytes, NDArray[np.float32]] = {}
        paths = sorted(self._folder(bundle_hash).glob("*.npy"))
        for path in paths:
            table = self._load(path)
            if table is not None:
                kept.update(zip((key.tobytes() for key in table["key"]), table["embedding"], strict=True))
        if len(paths) > _TABLES_BEFORE_MERGE and self.write(bundle_hash, kept):
            for path in paths:
                path.unlink(missing_ok=True)
        return kept

    def write(self, bundle_hash: str, embeddings: dict[bytes, NDArray[np.float32]]) -> bool:
        """Keep embeddings as one table; False (counted) if the folder cannot be written."""
        rows = np.stack(list(embeddings.values()))
        table = np.empty(len(rows), [("key", np.uint8, 32), ("embedding", np.float32, rows.shape[1])])
        table["key"] = np.frombuffer(b"".join(embeddings), np.uint8).reshape(-1, 32)
        table["embedding"] = rows
        stream = io.BytesIO()
        np.save(stream, table, allow_pickle=False)
        content = stream.getvalue()
        target = self._folder(bundle_hash) / f"{hashlib.sha256(content).hexdigest()}.npy"
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryDirectory(dir=target.parent) as scratch:
                part = Path(scratch) / target.name
                part.write_bytes(content)
                part.replace(target)
        except OSError:  # a full or read-only disk costs time at the next start, nothing else
            self.failed_writes += 1
            return False
        return True

    def _folder(self, bundle_hash: str) -> Path:
        return self.folder / "text" / bundle_hash

    def _load(self, path: Path) -> NDArray[np.void] | None:
        try:
            content = path.read_bytes()
        except OSError:  # merged away by another process, or unreadable: recompute
            return None
        if hashlib.sha256(content).hexdigest() == path.stem:
            table: NDArray[np.void] = np.load(io.BytesIO(content), allow_pickle=False)
            return table
        self.corrupt += 1
        path.unlink(missing_ok=True)
        return None


class CachedTextEncoder:
    """A TextEncoder that asks another one only for prompts it has never seen with this bundle.

    computed: prompts the inner encoder was asked for so far.
    """

    def __init__(self, encoder: TextEncoder, cache: TextEmbeddingCache, bundle_hash: str) -> None:
        self.computed = 0
        self._encoder = encoder
        self._cache = cache
        self._bundle_hash = bundle_hash
        self._kept: dict[bytes, NDArray[np.float32]] | None = None

    def encode(self, prompts: Sequence[str]) -> NDArray[np.float32]:
        """Return L2-normalised text embeddings, float32 [N, D]."""
        if self._kept is None:
            self._kept = self._cache.read(self._bundle_hash)
        keys = [prompt_key(prompt) for prompt in prompts]
        missing = {key: prompt for key, prompt in zip(keys, prompts, strict=True) if key not in self._kept}
        if missing or not keys:
            computed = self._encoder.encode(list(missing.values()))
            if not keys:
                return computed
            new = dict(zip(missing, computed, strict=True))
            self._cache.write(self._bundle_hash, new)
            self._kept.update(new)
            self.computed += len(new)
        return np.stack([self._kept[key] for key in keys])
