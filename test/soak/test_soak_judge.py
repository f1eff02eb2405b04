"""The judge of a soak run: a clean run passes, and each thing that can be wrong fails its own row."""

import mmap
import os
from collections import Counter

import numpy as np
import pytest

from clipomaly_ros.soak.judge import FEWEST_SAMPLES, Limits, judge, quarters, table
from clipomaly_ros.soak.memory import own_memory, processor_time
from clipomaly_ros.soak.observations import Observations


def clean() -> Observations:
    """Return a run in which one broken frame was counted and nothing else went wrong."""
    return Observations(
        steps=100,
        simulated=10.0,
        wall=5.0,
        sent=Counter({"anomalies": 101, "points": 100, "camera_info": 100}),
        expected=Counter({"anomalies_truncated": 1}),
        counters={
            "frames_in": 100,
            "clouds_in": 100,
            "camera_infos_in": 100,
            "anomalies_truncated": 1,
            "points_non_finite": 12345,
            "pairs_matched": 100,
            "arrays_out": 97,
            "pairs_dropped": 2,
            "camera_info_missing": 2,
            "pairs_before_time_jump": 1,
        },
        good=97,
        latencies=[0.010] * 97,
        memory=[90_000_000] * 40,
        processor=[0.015] * 40,
    )


def violated(seen: Observations) -> list[str]:
    return [check.name.split(",")[0] for check in judge(seen) if not check.passed]


def test_a_clean_run_passes_and_its_table_has_every_check():
    seen = clean()
    checks = judge(seen)
    assert violated(seen) == []
    assert all(check.name in table(seen, checks) for check in checks)


def change_counter(name: str, amount: int):
    def change(seen: Observations) -> None:
        seen.counters[name] = seen.counters.get(name, 0) + amount

    return change


@pytest.mark.parametrize(
    ("change", "row"),
    [
        (lambda seen: setattr(seen, "ended", "signal SIGSEGV"), "node alive"),
        (lambda seen: seen.errors.append("[ERROR] ..."), "errors in the log"),
        (change_counter("fusion_failed", 1), "failures counted"),
        (lambda seen: seen.lost.append(1), "good pairs without zones"),
        (lambda seen: seen.misplaced.append(1), "zones not at the object"),
        (change_counter("frames_in", -1), "unexplained: anomalies"),
        (change_counter("clouds_in", -1), "unexplained: points"),
        (change_counter("camera_infos_in", -1), "unexplained: camera_info"),
        (change_counter("arrays_out", -1), "unexplained: pairs"),
        (lambda seen: seen.untold.append("frames stop"), "silences not told"),
        (lambda seen: seen.expected.update(points_size=1), "faults not counted"),
        (lambda seen: seen.memory.extend([95_000_000] * 40), "memory growth"),
        (lambda seen: seen.latencies.extend([0.050] * 97), "latency drift"),
        (lambda seen: seen.processor.extend([0.050] * 40), "processor time drift"),
    ],
)
def test_each_violation_has_its_row(change, row: str):
    seen = clean()
    change(seen)
    assert violated(seen) == [row]


def test_a_drop_under_the_name_of_another_input_does_not_explain_one():
    seen = clean()
    seen.counters["clouds_in"] -= 1
    seen.counters["anomalies_size"] = 1
    assert violated(seen) == ["unexplained: anomalies", "unexplained: points"]


def test_slow_moments_of_the_machine_are_no_drift_but_a_growing_queue_is():
    generator = np.random.default_rng(1)
    seen = clean()
    busy = np.where(generator.random(400) < 0.5, 0.3, 0.0) * (np.arange(400) > 250)
    seen.latencies = list(0.010 + busy)
    assert violated(seen) == []
    seen.latencies = list(np.linspace(0.010, 0.200, 400))
    assert violated(seen) == ["latency drift"]


def test_growth_is_judged_after_the_warm_up_and_within_the_slack():
    limits = Limits()
    seen = clean()
    seen.memory = [50_000_000] * 10 + [90_000_000] * 30
    assert violated(seen) == []
    seen.memory[-10:] = [90_000_000 + limits.memory_slack - 1] * 10
    assert violated(seen) == []
    seen.memory[-10:] = [90_000_000 + limits.memory_slack + 1] * 10
    assert violated(seen) == ["memory growth"]


def test_too_few_samples_say_so_instead_of_passing_in_silence():
    seen = clean()
    seen.memory = [1] * (FEWEST_SAMPLES - 1)
    assert quarters(seen.memory) is None
    assert "not judged" in table(seen, judge(seen))


def test_own_memory_sees_what_this_process_takes_and_gives_back():
    before, used = own_memory(os.getpid()), processor_time(os.getpid())
    size = 32_000_000
    # Of its own: an array may take what was freed before.
    with mmap.mmap(-1, size, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS) as block:
        block.write(b"1" * size)
        assert own_memory(os.getpid()) - before > 0.9 * size
    assert own_memory(os.getpid()) - before < 16_000_000
    assert processor_time(os.getpid()) >= used > 0
    with pytest.raises(OSError, match="smaps_rollup"):
        own_memory(2**22 + 1)
