"""The order of stamps."""

from hypothesis import given
from hypothesis import strategies as st
from std_msgs.msg import Header

from clipomaly_ros.nodes.stamps import Order, StampSequence


@given(st.lists(st.integers(0, 2**31 - 1), min_size=1, max_size=20))
def test_stamp_sequence_names_every_order(seconds):
    sequence, before = StampSequence(), None
    for second in seconds:
        header = Header()
        header.stamp.sec = second
        order = sequence.follow(header.stamp)
        if before is None:
            assert order is Order.FIRST
        else:
            assert order is (
                Order.LATER if second > before else Order.SAME if second == before else Order.EARLIER
            )
        before = second
