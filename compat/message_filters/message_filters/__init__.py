"""Stand-in for the Python part of ROS 2's message_filters, for machines without a ROS install.

Own implementation of the behaviour that the real package shows, checked against it by
test/compat/test_contract_message_filters.py; see compat/README.md for what is covered.
"""

from message_filters.cache import Cache
from message_filters.filters import SimpleFilter, Subscriber
from message_filters.synchronizers import ApproximateTimeSynchronizer, TimeSynchronizer

__all__ = ["ApproximateTimeSynchronizer", "Cache", "SimpleFilter", "Subscriber", "TimeSynchronizer"]
