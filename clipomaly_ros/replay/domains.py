"""A ROS domain of one's own: found free and held, so that no two runs ever share one."""

from __future__ import annotations

import fcntl
import os
import random
import socket
import tempfile
from functools import lru_cache
from pathlib import Path

from clipomaly_ros.replay.bag_types import BagError

LARGEST_SAFE_DOMAIN = 101  # above it Linux gives the ports to outgoing connections
_PARTICIPANTS = 20  # whose ports are looked at


class HeldDomain:
    """A free ROS domain, this process's until `release` or its end, however it ends.

    number: the domain. BagError when none of 1 to 101 is free. Two processes of one user are
    kept apart by a locked file, before either has a participant; everybody else is noticed by
    the ports.
    """

    def __init__(self) -> None:
        domains = list(range(1, LARGEST_SAFE_DOMAIN + 1))
        random.SystemRandom().shuffle(domains)
        for domain in domains:
            lock = _locked(_lock_file(domain))
            if lock is None:
                continue
            if not in_use(domain):
                self.number, self._lock = domain, lock
                return
            os.close(lock)
        raise BagError(f"every ROS domain from 1 to {LARGEST_SAFE_DOMAIN} is in use: set ROS_DOMAIN_ID")

    def release(self) -> None:
        """Let others have the domain; nothing of this process may use it any more."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def in_use(domain: int) -> bool:
    """Tell whether a DDS participant of any process on this machine is in a domain.

    Participant p of domain d binds the UDP ports 7410 + 250 d + 2 p and the next one, and 7400 + 250 d
    when it uses multicast, which it does not with discovery on the local host (DDSI-RTPS 9.6.1).
    """
    first = 7400 + 250 * domain
    for port in (first, *range(first + 10, first + 10 + 2 * _PARTICIPANTS)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("", port))
            except OSError:
                return True
    return False


def own_domain() -> int:
    """Return the domain that $ROS_DOMAIN_ID names, else a free one, held until this process ends.

    BagError when the variable is no domain, or when none is free.
    """
    chosen = os.environ.get("ROS_DOMAIN_ID")
    if not chosen:
        return _held_by_this_process().number
    if not (chosen.isdecimal() and int(chosen) <= 232):
        raise BagError(f"ROS_DOMAIN_ID: expected a number from 0 to 232, got {chosen!r}")
    return int(chosen)


@lru_cache(maxsize=1)
def _held_by_this_process() -> HeldDomain:
    return HeldDomain()


def _lock_file(domain: int) -> Path:
    return Path(tempfile.gettempdir(), f"clipomaly_ros_{os.getuid()}_domain_{domain}.lock")


def _locked(path: Path) -> int | None:
    """Return the open, locked file, None when another process has it."""
    try:
        file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(file)
        return None
    return file
