"""Memory and processor time of another process, as Linux tells them."""

from __future__ import annotations

import os
from pathlib import Path


def own_memory(pid: int) -> int:
    """Return the anonymous memory of a process [byte]: heap and stacks, without files and shared memory.

    From /proc/PID/smaps_rollup (proc(5)). OSError when there is no such process.
    """
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii").splitlines():
        if line.startswith("Anonymous:"):
            return int(line.split()[1]) * 1024
    raise OSError(f"/proc/{pid}/smaps_rollup has no line 'Anonymous:'")


def processor_time(pid: int) -> float:
    """Return the processor time that a process has used in all its threads [s], from /proc/PID/stat."""
    # The name in parentheses may hold spaces: fields are counted from behind it.
    fields = (
        Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
    )
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
