"""Freed memory stays with the process."""

import platform
import subprocess
import sys

import pytest

_PROBE = """
import resource
import numpy as np
from clipomaly_ros.model.mini.freed_memory import keep_freed_memory
assert keep_freed_memory()
def touch():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(20):
        np.ones(8_000_000, np.uint8)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
touch()
print(touch())
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc has mallopt")
def test_a_block_that_is_freed_costs_no_page_fault_when_it_comes_again():
    output = subprocess.run([sys.executable, "-c", _PROBE], capture_output=True, text=True, check=True)
    assert int(output.stdout) < 1000  # 20 blocks of 2,000 pages each
