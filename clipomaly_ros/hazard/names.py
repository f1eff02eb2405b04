"""The name of a zone over all its observations."""

from __future__ import annotations

from typing import TypeVar

from clipomaly_ros.hazard.types import RegionObservation, ScoredName

MAX_CANDIDATES = 16  # bound of clipomaly_msgs/HazardZone.candidates
_MAX_REMEMBERED = 64
_OPERATOR = 4  # clipomaly_msgs/NameCandidate.SOURCE_OPERATOR
_UNNAMED_WEIGHT = 0.5
_Key = TypeVar("_Key", bound=tuple[str | int, ...])


class NameFusion:
    """Joins the names of a track's observations.

    A candidate's fused score is the mean of its scores over all observations that compared
    names, 0 where it was not compared. The published name is the one with the most votes;
    an observation votes with its name's score, or with 0.5 for "no name".
    """

    def __init__(self) -> None:
        self._sums: dict[tuple[str, int], float] = {}
        self._compared = 0
        self._votes: dict[tuple[str, int, str], float] = {}
        self._operator: tuple[str, str] | None = None
        self._best: tuple[str, int, str] | None = None  # what was last computed, until the next change
        self._candidates: tuple[ScoredName, ...] | None = None

    def add(self, region: RegionObservation) -> None:
        """Add one observation."""
        if region.candidates:
            self._compared += 1
        scores = {}
        for candidate in region.candidates:
            key = (candidate.name, candidate.source)
            self._sums[key] = self._sums.get(key, 0.0) + candidate.score
            scores[candidate.name] = candidate.score
        vote = scores.get(region.name, _UNNAMED_WEIGHT) if region.name else _UNNAMED_WEIGHT
        named = (region.name, region.source, region.group) if region.name else ("", 0, "")
        self._votes[named] = self._votes.get(named, 0.0) + vote
        self._changed()

    def join(self, other: NameFusion) -> None:
        """Add all observations of another zone that turned out to be the same thing."""
        self._compared += other._compared
        for pair, total in other._sums.items():
            self._sums[pair] = self._sums.get(pair, 0.0) + total
        for named, votes in other._votes.items():
            self._votes[named] = self._votes.get(named, 0.0) + votes
        self._operator = self._operator or other._operator
        self._changed()

    def _changed(self) -> None:
        # what lost clearly can be forgotten; the bound keeps a long life from growing without end
        if len(self._sums) > _MAX_REMEMBERED:
            self._sums = dict(_ranked(self._sums)[:_MAX_REMEMBERED])
        if len(self._votes) > _MAX_REMEMBERED:
            self._votes = dict(_ranked(self._votes)[:_MAX_REMEMBERED])
        self._best = self._candidates = None

    def set_by_operator(self, name: str, group: str) -> None:
        """Fix the name; observations no longer change it. An empty group keeps the present one."""
        self._operator = (name, group or self.best[2])
        self._best = self._candidates = None

    @property
    def best(self) -> tuple[str, int, str]:
        """Return name, source and group; "", 0, "" when the zone has no name."""
        if self._best is None:
            if self._operator is not None:
                self._best = self._operator[0], _OPERATOR, self._operator[1]
            else:
                self._best = _ranked(self._votes)[0][0] if self._votes else ("", 0, "")
        return self._best

    @property
    def candidates(self) -> tuple[ScoredName, ...]:
        """Return the fused candidates, best first, at most 16."""
        if self._candidates is None:
            fused = [
                ScoredName(name, min(total / max(self._compared, 1), 1.0), source)
                for (name, source), total in _ranked(self._sums)[: MAX_CANDIDATES + 1]
            ]
            if self._operator is not None:
                fused = [item for item in fused if item.name != self._operator[0]]
                fused.insert(0, ScoredName(self._operator[0], 1.0, _OPERATOR))
            self._candidates = tuple(fused[:MAX_CANDIDATES])
        return self._candidates


def _ranked(totals: dict[_Key, float]) -> list[tuple[_Key, float]]:
    """Return what has most first; equals by name."""
    return sorted(totals.items(), key=lambda item: (-item[1], item[0]))
