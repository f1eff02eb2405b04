"""Which simulator made a data set: the hash of its sources."""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path


@cache
def simulator_hash() -> str:
    """Return the SHA-256 over all sources of the simulator, by path and content.

    Any change counts, since nobody can tell from a source which pictures it leaves as they were.
    """
    return sources_hash(Path(__file__).parent)


def sources_hash(folder: Path) -> str:
    """Return the SHA-256 over all Python sources below a folder, whatever order they are listed in."""
    whole = hashlib.sha256()
    for path in sorted(folder.rglob("*.py"), key=lambda file: file.relative_to(folder).as_posix()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        whole.update(f"{content}  {path.relative_to(folder).as_posix()}\n".encode())
    return whole.hexdigest()
