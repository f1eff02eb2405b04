"""The verdict on a soak run: each check with its limit, what was seen, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from clipomaly_ros.soak.observations import Observations

WARM_UP = 0.25  # share of the samples that do not count: caches fill, pools grow
FEWEST_SAMPLES = 8  # for a trend
FEWEST_LATENCIES = 90  # likewise: one in ten of a quarter
QUICK = 0.1  # quantile of the latencies that is followed
# Input -> counter of what was taken from it; what was refused is counted under the input's name.
INPUTS = {"anomalies": "frames_in", "points": "clouds_in", "camera_info": "camera_infos_in"}
# Counters that begin like an input but speak of single points or of pairs.
_NO_REFUSALS = ("points_non_finite", "camera_info_missing", "camera_info_size")


@dataclass(frozen=True)
class Limits:
    """What a run may show at most.

    memory_growth: of the node's own memory from the second quarter to the last, as a share;
    memory_slack [byte] is allowed in any case, since allocators take memory in pieces.
    latency_drift, latency_slack [s]: likewise, of the time from sending to zones that one in ten
    keeps: what piles up in a queue slows all of them, another program's load only some.
    processor_drift, processor_slack [s]: of the node's processor time a step.
    """

    memory_growth: float = 0.01
    memory_slack: int = 2_000_000
    latency_drift: float = 1.5
    latency_slack: float = 0.020
    processor_drift: float = 1.5
    processor_slack: float = 0.010


@dataclass(frozen=True)
class Check:
    """One row of the table."""

    name: str
    limit: str
    value: str
    passed: bool


def judge(seen: Observations, limits: Limits | None = None) -> tuple[Check, ...]:
    """Return all checks of a run."""
    limits = Limits() if limits is None else limits
    counters = seen.counters
    failures = {key: count for key, count in counters.items() if key.endswith("_failed") and count}
    rows = [
        _none("node alive", [seen.ended] if seen.ended else []),
        _none("errors in the log", seen.errors),
        _none("failures counted", [f"{key} {count}" for key, count in failures.items()]),
        _none(f"good pairs without zones, of {seen.good}", [f"{stamp * 1e-9:.2f} s" for stamp in seen.lost]),
        _none("zones not at the object", [f"{stamp * 1e-9:.2f} s" for stamp in seen.misplaced]),
    ]
    for topic, taken in INPUTS.items():
        missing = seen.sent[topic] - counters.get(taken, 0) - _refused(topic, counters)
        rows.append(Check(f"unexplained: {topic}, of {seen.sent[topic]}", "0", str(missing), missing == 0))
    pairs = counters.get("pairs_matched", 0)
    missing = pairs - sum(
        counters.get(key, 0) for key in ("arrays_out", "pairs_dropped", "pairs_before_time_jump")
    )
    rows.append(Check(f"unexplained: pairs, of {pairs}", "0", str(missing), missing == 0))
    untold = [
        f"{key}: {counters.get(key, 0)} of {count}"
        for key, count in seen.expected.items()
        if counters.get(key, 0) < count
    ]
    rows += [
        _none(f"faults not counted, of {sum(seen.expected.values())}", untold),
        _none("silences not told", seen.untold),
        _memory(seen.memory, limits),
        _drift("latency drift", seen.latencies, QUICK, limits.latency_drift, limits.latency_slack),
        _drift("processor time drift", seen.processor, 0.5, limits.processor_drift, limits.processor_slack),
    ]
    return tuple(rows)


def quarters(values: Sequence[float], quantile: float = 0.5) -> tuple[float, float] | None:
    """Return a quantile of the second and of the last quarter, None with too few values."""
    if len(values) < FEWEST_SAMPLES:
        return None
    kept = np.asarray(values, np.float64)[round(len(values) * WARM_UP) :]
    third = max(1, len(kept) // 3)
    return float(np.quantile(kept[:third], quantile)), float(np.quantile(kept[-third:], quantile))


def table(seen: Observations, checks: Sequence[Check]) -> str:
    """Return the run and its checks as text."""
    widths = [max(len(getattr(check, field)) for check in checks) for field in ("name", "limit", "value")]
    lines = [
        f"{check.name:<{widths[0]}}  {check.limit:>{widths[1]}}  {check.value:<{widths[2]}}  "
        f"{'ok' if check.passed else 'VIOLATED'}"
        for check in checks
    ]
    faults = ", ".join(f"{name} {count}" for name, count in sorted(seen.faults.items())) or "none"
    rate = seen.steps / seen.wall if seen.wall else 0.0
    head = (
        f"{seen.steps} steps, {seen.simulated:.0f} s of simulated time in {seen.wall:.0f} s ({rate:.0f} Hz)"
    )
    latency = np.asarray(seen.latencies or [np.nan]) * 1e3
    figures = f"sent -> zones: median {np.median(latency):.1f} ms, p99 {np.percentile(latency, 99):.1f} ms"
    if seen.processor:
        figures += f"; node: {np.median(seen.processor) * 1e3:.1f} ms of processor time a step"
    return "\n".join([head, f"faults: {faults}", figures, *lines])


def _none(name: str, found: Sequence[str]) -> Check:
    shown = "0" if not found else f"{len(found)}: {'; '.join(found[:3])}"[:160]
    return Check(name, "0", shown, not found)


def _refused(topic: str, counters: Mapping[str, int]) -> int:
    return sum(
        count for key, count in counters.items() if key.startswith(f"{topic}_") and key not in _NO_REFUSALS
    )


def _memory(samples: Sequence[int], limits: Limits) -> Check:
    limit = f"{limits.memory_growth:.0%} or {limits.memory_slack / 1e6:g} MB"
    found = quarters(samples)
    if found is None:
        return Check("memory growth", limit, f"not judged: {len(samples)} samples", True)
    before, after = found
    allowed = max(limits.memory_growth * before, limits.memory_slack)
    value = f"{(after - before) / before:+.2%} of {before / 1e6:.0f} MB"
    return Check("memory growth", limit, value, after - before <= allowed)


def _drift(name: str, samples: Sequence[float], quantile: float, factor: float, slack: float) -> Check:
    limit = f"x {factor:g} or {slack * 1e3:g} ms"
    found = quarters(samples, quantile)
    if found is None or (quantile == QUICK and len(samples) < FEWEST_LATENCIES):
        return Check(name, limit, f"not judged: {len(samples)} samples", True)
    before, after = found
    value = f"{before * 1e3:.1f} -> {after * 1e3:.1f} ms"
    return Check(name, limit, value, after <= max(factor * before, before + slack))
