"""A few seconds of soak: the real node as a process, fed over DDS, loses nothing unexplained."""

from pathlib import Path

import pytest

from clipomaly_ros.soak.judge import Limits, judge, table
from clipomaly_ros.soak.session import SoakSettings, run_soak

pytestmark = pytest.mark.dds

# So short a run shows no trend; the rest of the verdict does not depend on how fast the machine is.
NO_TRENDS = Limits(memory_growth=1e6, latency_drift=1e6, processor_drift=1e6)


def test_a_short_run_with_many_faults_holds_every_check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("ROS_LOG_DIR", str(tmp_path))  # the run changes it: set back afterwards
    seen = run_soak(SoakSettings(seconds=3.0, seed=2, share=0.5), tmp_path)
    checks = judge(seen, NO_TRENDS)
    assert all(check.passed for check in checks), table(seen, checks)
    assert seen.steps > 0
    assert seen.good == len(seen.latencies) > 0
    assert seen.sent["camera_info"] >= seen.steps
