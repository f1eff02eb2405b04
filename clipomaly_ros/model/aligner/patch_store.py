"""Patches of known classes on disk, encoded once: what takes long is not lost when a training stops."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from clipomaly_ros.model.aligner.storage import read_json, read_tensors, write_json, write_tensors
from clipomaly_ros.model.manifest import BundleError

SHARD = 16  # pictures a file
_RECORD = "patches.json"

# Embeddings float32 [n, D] and classes int64 [n] of one picture, by its name.
Encode = Callable[[str], tuple[NDArray[np.float32], NDArray[np.int64]]]


def collect_patches(
    folder: Path,
    names: Sequence[str],
    key: Mapping[str, Any],
    encode: Encode,
    progress: Callable[[Sequence[str], str], Iterator[str]] = lambda items, text: iter(items),
) -> tuple[NDArray[np.float16], NDArray[np.int64]]:
    """Return the patches of all pictures, float16 [n, D] and int64 [n]; those on disk are not made again.

    key: everything that they depend on besides the pictures' names. BundleError for a folder with patches
    of another key.
    """
    folder.mkdir(parents=True, exist_ok=True)
    content = json.loads(json.dumps({**key, "names": hashlib.sha256("\n".join(names).encode()).hexdigest()}))
    if (folder / _RECORD).exists():
        if read_json(folder / _RECORD) != content:
            raise BundleError(
                f"{folder}: expected patches of this model and data, found others; choose a new folder"
            )
    else:
        write_json(folder / _RECORD, content)
    waiting = []
    for start in range(0, len(names), SHARD):
        path = folder / f"{start // SHARD:06d}.safetensors"
        if not path.exists():
            waiting.append((path, names[start : start + SHARD]))
    parts: list[tuple[NDArray[np.float32], NDArray[np.int64]]] = []
    queue = iter(waiting)
    path, shard = next(queue, (folder, []))
    for name in progress([name for _, some in waiting for name in some], "encoding"):
        parts.append(encode(name))
        if len(parts) == len(shard):
            write_tensors(
                path,
                {
                    "embeddings": torch.from_numpy(np.concatenate([part for part, _ in parts])).half(),
                    "classes": torch.from_numpy(np.concatenate([part for _, part in parts])),
                },
            )
            parts = []
            path, shard = next(queue, (folder, []))
    shards = [read_tensors(folder / f"{index:06d}.safetensors") for index in range(-(-len(names) // SHARD))]
    if any(part.keys() != {"embeddings", "classes"} for part in shards):
        raise BundleError(f"{folder}: expected embeddings and classes in every file; choose a new folder")
    embeddings, classes = (
        torch.cat([part[name] for part in shards]).numpy() for name in ("embeddings", "classes")
    )
    return embeddings, classes
