"""Backward jumps of message stamps, told apart from late messages and from single wrong stamps."""

from __future__ import annotations

import enum
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

AGREEMENT = 3  # messages of one source that together prove a jump back
PATIENCE = 5_000_000_000  # ns of an input's stamps; later it goes on in a time of its own
HOLDING = 2_000_000_000  # ns that the others may go on while a message is held


class Verdict(enum.Enum):
    """What to do with a message."""

    ACCEPT = "accept"
    JUMP = "jump"  # a new era is proven: forget everything older, deliver what was held, then accept
    OLD = "old"  # still of the era before the jump: drop
    HOLD = "hold"  # it alone steps back so far: kept until others agree or the input goes on as before


@dataclass(frozen=True)
class Stray:
    """A message whose stamp no other agreed with. offset: to the others of its input [ns]."""

    name: str
    offset: int

    def __str__(self) -> str:
        """Say it for people."""
        seconds = self.offset * 1e-9
        if self.offset > 0:
            return f"{self.name}: a single message is stamped {seconds:.3f} s ahead of the ones around it"
        return f"{self.name}: dropped, stamped {-seconds:.3f} s behind the ones around it"


@dataclass(frozen=True)
class Judgement:
    """A verdict, with the held items of the new era (JUMP only) and the strays recognised by it."""

    verdict: Verdict
    held: tuple[Any, ...] = ()
    strays: tuple[Stray, ...] = ()


@dataclass
class _Input:
    """One input. newest: stamp that others agree with; ahead: one far above it, not yet followed."""

    era: int
    newest: int
    ahead: int | None = None
    old_since: int | None = None


@dataclass(frozen=True)
class _Held:
    name: str
    source: Hashable
    stamp: int
    offset: int
    others: int  # newest stamp of all when it came
    item: Any


class StampEras:
    """Follows the stamps of several inputs that replay the same timeline.

    A bag that starts over sends all stamps back, but not all inputs arrive at once: a slow
    input still brings its last messages of before the jump. So each input belongs to an era.
    A new one begins when inputs of two sources, or three messages of one source, step back
    by more than the threshold: a single wrong stamp, ahead or behind, is no jump. The other
    inputs join with their own step back, or as soon as their stamps are not ahead of it; what
    they bring until then is old, but not for ever: one that goes on so for 5 s has a time of
    its own. Stamps and threshold in nanoseconds. shared_messages: several inputs may come in one
    message; equal stamps are then one witness, not two. now: returns the clock's time [ns]; once
    the clock has jumped as well, it tells how far the era has come while no input sent anything.
    """

    def __init__(
        self, threshold: int, shared_messages: bool = False, now: Callable[[], int] = lambda: 0
    ) -> None:
        self.threshold, self._shared, self._now = threshold, shared_messages, now
        self._clocked = False  # whether the clock is known to be of this era
        self.era = 0
        self._newest: int | None = None  # stamp in this era, over all inputs
        self._inputs: dict[str, _Input] = {}
        self._held: list[_Held] = []  # in the order of arrival

    @property
    def newest(self) -> int | None:
        """Return the newest stamp of this era, None before the first."""
        return self._newest

    def newest_of(self, name: str) -> int | None:
        """Return the newest stamp of an input that was agreed upon, None before the first."""
        entry = self._inputs.get(name)
        return entry.newest if entry is not None else None

    def judge(self, name: str, stamp: int, item: Any = None, source: Hashable = None) -> Judgement:
        """Take the stamp of the next message of an input.

        item: what is handed back when it was held and its era begins. source: the device behind
        the input; inputs of one device do not prove anything to each other. Default: the input.
        """
        entry = self._inputs.get(name)
        if entry is None:
            # As far as the others are: a first stamp ahead of them must be followed by a second one.
            start = stamp if self._newest is None else min(stamp, self._newest)
            entry = self._inputs[name] = _Input(self.era, start)
        behind, back = entry.era < self.era, stamp < entry.newest - self.threshold
        if behind and not back and self._is_old(entry, stamp):
            return Judgement(Verdict.OLD)
        if back and not behind:
            return self._step_back(entry, _Held(name, source or name, stamp, 0, self._newest or stamp, item))
        if behind:
            self._inputs[name] = entry = _Input(self.era, stamp)
        strays = (*self._advance(name, entry, stamp), *self._let_go(name))
        return Judgement(Verdict.ACCEPT, strays=strays)

    def clock_jumped(self, now: int) -> tuple[Any, ...] | None:
        """Begin a new era after a backward jump of the clock to now; return what was held for it.

        None when a message has begun it already.
        """
        self._clocked = True
        if self._newest is not None and self._newest <= now + self.threshold:
            return None
        self._begin(now)
        return self._release(None)

    def _is_old(self, entry: _Input, stamp: int) -> bool:
        if self._newest is None or stamp <= self._newest + self.threshold:
            return False
        if self._clocked and stamp <= self._now() + self.threshold:
            return False
        entry.newest = max(entry.newest, stamp)
        if entry.old_since is None:
            entry.old_since = stamp
        return stamp - entry.old_since <= PATIENCE

    def _step_back(self, entry: _Input, step: _Held) -> Judgement:
        """Hold a message that steps back, or begin a new era when enough agree."""
        strays = self._let_go(step.name, keep_to=step.stamp + self.threshold)
        known = {held.stamp for held in self._held if held.source == step.source}
        agree = len(known | {step.stamp}) >= AGREEMENT
        if agree or any(
            held.source != step.source and not (self._shared and held.stamp == step.stamp)
            for held in self._held
        ):
            self._begin(None)
            self._clocked = False  # it may still be of before, or have nothing to do with stamps
            items = self._release(step)
            return Judgement(Verdict.JUMP, items, strays)
        if step.stamp not in {held.stamp for held in self._held if held.name == step.name}:
            offset = step.stamp - entry.newest
            self._held.append(_Held(step.name, step.source, step.stamp, offset, step.others, step.item))
        return Judgement(Verdict.HOLD, strays=strays)

    def _advance(self, name: str, entry: _Input, stamp: int) -> tuple[Stray, ...]:
        """Follow an input; a stamp far ahead counts only when the next one is there, too."""
        strays: tuple[Stray, ...] = ()
        if entry.ahead is not None:
            if stamp >= entry.ahead - self.threshold:
                entry.newest = max(entry.newest, entry.ahead)
            else:
                strays = (Stray(name, entry.ahead - entry.newest),)
            entry.ahead = None
        if stamp > entry.newest + self.threshold:
            entry.ahead = stamp
        else:
            entry.newest = max(entry.newest, stamp)
        self._newest = entry.newest if self._newest is None else max(self._newest, entry.newest)
        return strays

    def _let_go(self, name: str, keep_to: int | None = None) -> tuple[Stray, ...]:
        """Drop held messages of an input that goes on otherwise, and those that wait for too long.

        keep_to: held stamps of the input up to here are no strays.
        """
        if not self._held:
            return ()
        newest = self._newest or 0
        kept = [
            held
            for held in self._held
            if newest - held.others <= HOLDING
            and (held.name != name or (keep_to is not None and held.stamp <= keep_to))
        ]
        gone = [held for held in self._held if held not in kept]
        self._held = kept
        return tuple(Stray(held.name, held.offset) for held in gone)

    def _release(self, step: _Held | None) -> tuple[Any, ...]:
        """Take all that was held, and the message that proved the jump, into the new era."""
        held, self._held = self._held, []
        for one in [*held, *([step] if step is not None else [])]:
            self._inputs[one.name] = _Input(self.era, one.stamp)
            self._newest = one.stamp if self._newest is None else max(self._newest, one.stamp)
        return tuple(one.item for one in held)

    def _begin(self, newest: int | None) -> None:
        self.era += 1
        self._newest = newest
