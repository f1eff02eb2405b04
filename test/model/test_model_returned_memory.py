import os
import sys

import numpy as np
import pytest

from clipomaly_ros.model.returned_memory import return_free_memory
from clipomaly_ros.soak.memory import own_memory


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc, and asks the C library of Linux")
def test_what_was_freed_between_things_that_stay_is_given_back():
    kept, freed = [], []
    for _ in range(1500):  # blocks too small to be mapped one by one, each before one that stays
        freed.append(np.ones(60_000, np.uint8))
        kept.append(np.ones(600, np.uint8))
    freed.clear()
    before = own_memory(os.getpid())
    given = return_free_memory()
    after = own_memory(os.getpid())
    assert given
    assert before - after > 40_000_000
    assert len(kept) == 1500
