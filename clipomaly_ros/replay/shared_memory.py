"""Remove the Fast DDS shared memory that ended processes left behind."""

from __future__ import annotations

import fcntl
import os
import re
from collections.abc import Iterable
from pathlib import Path

FOLDER = Path("/dev/shm")  # noqa: S108  (where Linux keeps POSIX shared memory)
_SEGMENT = re.compile(r"(?:fastrtps|fastdds)_[0-9a-f]{16}")
_PORT = re.compile(r"(?:fastrtps|fastdds)_port(\d+)")


def remove_abandoned(domain: int, folder: Path = FOLDER) -> int:
    """Remove segments of dead owners, and the dead ports of one ROS domain; return how many.

    Whoever uses NAME holds a lock on NAME_el or NAME_sl beside it: when all locks can be had,
    nobody lives there. Ports of other domains are left alone, segments are unique to a process.
    A segment without a lock file may just be in the making and is left alone, too.
    """
    first = 7400 + 250 * domain  # ports of a domain, DDSI-RTPS 9.6.1
    removed = 0
    for path in sorted(folder.glob("fast*")):
        port = _PORT.fullmatch(path.name)
        if port is not None:
            if first <= int(port[1]) < first + 250:
                locks = [path.with_name(path.name + end) for end in ("_el", "_sl")]
                removed += _remove(path, locks, [folder / f"sem.{path.name}_mutex"])
        elif _SEGMENT.fullmatch(path.name) and path.with_name(path.name + "_el").exists():
            removed += _remove(path, [path.with_name(path.name + "_el")], [])
    return removed


def _remove(path: Path, locks: Iterable[Path], more: Iterable[Path]) -> bool:
    """Remove one object with its lock files, if it is this user's and nobody holds a lock."""
    held = []
    try:
        if path.stat().st_uid != os.getuid():
            return False
        for lock in locks:
            if lock.exists():
                held.append(os.open(lock, os.O_RDONLY))
                fcntl.flock(held[-1], fcntl.LOCK_EX | fcntl.LOCK_NB)
        for file in (path, *locks, *more):
            file.unlink(missing_ok=True)
        return True
    except OSError:  # in use, or gone in the meantime
        return False
    finally:
        for descriptor in held:
            os.close(descriptor)
