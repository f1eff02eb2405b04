"""Remove the Fast DDS shared-memory segments that killed processes left behind."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

FOLDER = Path("/dev/shm")  # noqa: S108  (where Linux keeps POSIX shared memory)


def remove_abandoned_segments(folder: Path = FOLDER) -> int:
    """Remove segments of this user whose owner is gone; return how many.

    A living participant holds an exclusive lock on the file NAME_el beside its segment
    NAME; a lock that can be had says that nobody lives there. Ports (named after their
    number) are shared by several processes and left alone.
    """
    removed = 0
    for lock in sorted(folder.glob("fastrtps_*_el")) + sorted(folder.glob("fastdds_*_el")):
        segment = lock.with_name(lock.name[: -len("_el")])
        if "_port" in lock.name:
            continue
        try:
            if lock.stat().st_uid != os.getuid():
                continue
            with lock.open("rb") as file:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                segment.unlink(missing_ok=True)
                lock.unlink(missing_ok=True)
                removed += 1
        except OSError:  # locked: its owner lives; or gone in the meantime
            continue
    return removed
