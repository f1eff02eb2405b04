"""What the tests of the nodes share."""

from collections.abc import Iterator

import pytest
from ros_harness import Observer


@pytest.fixture(scope="module")
def shared_observer() -> Iterator[Observer]:
    """Look at the graph for all tests of a module: discovery takes longer than most of them."""
    with Observer() as node:
        yield node
