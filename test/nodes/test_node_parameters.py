"""Rows of the parameter tables."""

import pytest
from probe_node import TABLE

from clipomaly_ros.nodes.parameters import ParameterError


@pytest.mark.parametrize(
    ("row", "value", "fine"),
    [
        (TABLE[0], 3.0, True),
        (TABLE[0], 3.1, False),
        (TABLE[0], float("nan"), False),
        (TABLE[0], 3, False),
        (TABLE[1], True, False),
        (TABLE[1], 10**9, True),
        (TABLE[2], ["a"], True),
        (TABLE[2], "a", False),
        (TABLE[3], "fast", True),
        (TABLE[3], "Fast", False),
    ],
)
def test_parameter_rows_check_values(row, value, fine):
    assert (row.problem(value) is None) == fine


def test_parameter_error_is_a_value_error():
    assert issubclass(ParameterError, ValueError)
