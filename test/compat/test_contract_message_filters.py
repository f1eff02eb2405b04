"""What message_filters does, whichever implementation is importable: the real one or compat/."""

import itertools

import message_filters
import pytest
from builtin_interfaces.msg import Time as TimeMsg
from geometry_msgs.msg import PointStamped
from hypothesis import given
from hypothesis import strategies as st
from rclpy.duration import Duration
from rclpy.time import Time
from std_msgs.msg import String

MS = 1_000_000
STAND_IN = "compat" in message_filters.__file__


def message(stamp_ns):
    msg = PointStamped()
    msg.header.stamp = TimeMsg(sec=stamp_ns // 10**9, nanosec=stamp_ns % 10**9)
    return msg


class Approximate:
    """Inputs and emissions of an ApproximateTimeSynchronizer."""

    def __init__(self, inputs, queue_size, slop):
        self.inputs = [message_filters.SimpleFilter() for _ in range(inputs)]
        self.sync = message_filters.ApproximateTimeSynchronizer(self.inputs, queue_size, slop)
        self.sync.registerCallback(self.take)
        self.out = []

    def take(self, *msgs):
        self.out.append(tuple(Time.from_msg(msg.header.stamp).nanoseconds for msg in msgs))

    def feed(self, index, stamp_ns):
        self.inputs[index].signalMessage(message(stamp_ns))


def reference(events, inputs, queue_size, slop_ns):
    """Match by brute force: of all complete combinations, the one whose ranks come first."""
    queues = [{} for _ in range(inputs)]
    for index, stamp in events:
        queues[index][stamp] = None
        if len(queues[index]) > queue_size:
            del queues[index][min(queues[index])]
        if stamp not in queues[index]:
            continue
        ranked = [
            [stamp]
            if i == index
            else sorted((s for s in queue if abs(s - stamp) <= slop_ns), key=lambda s: abs(s - stamp))
            for i, queue in enumerate(queues)
        ]
        fits = [
            ranks
            for ranks in itertools.product(*(range(len(r)) for r in ranked))
            if max(c := [r[k] for r, k in zip(ranked, ranks, strict=True)]) - min(c) < slop_ns
        ]
        if fits:
            chosen = tuple(r[k] for r, k in zip(ranked, min(fits), strict=True))
            for queue, s in zip(queues, chosen, strict=True):
                del queue[s]
            yield chosen


@st.composite
def runs(draw):
    inputs = draw(st.integers(2, 3))
    events = draw(
        st.lists(st.tuples(st.integers(0, inputs - 1), st.integers(1, 40).map(lambda t: t * MS)), max_size=50)
    )
    return inputs, events, draw(st.integers(1, 5)), draw(st.integers(0, 15)) / 1000


@given(runs())
def test_approximate_matches_like_the_model_in_any_order_of_stamps(run):
    inputs, events, queue_size, slop = run
    sut = Approximate(inputs, queue_size, slop)
    for index, stamp in events:
        sut.feed(index, stamp)
    assert sut.out == list(reference(events, inputs, queue_size, Duration(seconds=slop).nanoseconds))
    assert all(len(queue) <= queue_size for queue in sut.sync.queues)


@pytest.mark.parametrize(
    ("apart", "matched"), [(0, True), (10 * MS - 1, True), (10 * MS, False), (10 * MS + 1, False)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_stamps_match_strictly_below_the_slop(apart, matched, sign):
    sut = Approximate(2, 5, 0.01)
    sut.feed(0, 1000 * MS)
    sut.feed(1, 1000 * MS + sign * apart)
    assert bool(sut.out) is matched


def test_a_slop_of_zero_never_matches():
    sut = Approximate(2, 5, 0.0)
    sut.feed(0, 5 * MS)
    sut.feed(1, 5 * MS)
    assert sut.out == []


def test_the_nearest_wins_and_of_two_as_near_the_first_to_come():
    sut = Approximate(2, 5, 0.01)
    for stamp in (104, 96, 103):
        sut.feed(0, stamp * MS)
    sut.feed(1, 100 * MS)
    sut.feed(1, 100 * MS + 1)
    assert sut.out == [(103 * MS, 100 * MS), (104 * MS, 100 * MS + 1)]


def test_the_oldest_stamp_is_evicted_not_the_first_to_come():
    sut = Approximate(2, 2, 0.005)
    for stamp in (30, 10, 20):
        sut.feed(0, stamp * MS)
    assert sorted(sut.sync.queues[0]) == [20 * MS, 30 * MS]
    sut.feed(1, 10 * MS)
    assert sut.out == []


def feed_pairs(sut, stamps):
    for stamp in stamps:
        sut.feed(0, stamp)
        sut.feed(1, stamp + MS)


def test_after_a_jump_back_unmatched_newer_messages_block_until_the_queues_are_cleared():
    stamps = [k * 100 * MS for k in range(1, 101)]
    sut = Approximate(2, 5, 0.02)
    feed_pairs(sut, stamps)
    assert len(sut.out) == 100
    for k in range(1, 6):  # one input stalls: five newer messages of the other stay behind
        sut.feed(0, stamps[-1] + k * 100 * MS)
    sut.out.clear()
    feed_pairs(sut, stamps)  # the bag starts again: each older message is evicted at once
    assert sut.out == []
    with sut.sync.lock:  # what our node does on a jump back
        for queue in sut.sync.queues:
            queue.clear()
    feed_pairs(sut, stamps)
    assert sut.out == [(stamp, stamp + MS) for stamp in stamps]


def test_three_inputs_need_the_whole_spread_below_the_slop():
    sut = Approximate(3, 5, 0.01)
    sut.feed(0, 100 * MS)
    sut.feed(1, 107 * MS)
    sut.feed(2, 94 * MS)  # each within the slop of 100 or so, but 13 ms in all
    assert sut.out == []
    sut.feed(2, 99 * MS)
    assert sut.out == [(100 * MS, 107 * MS, 99 * MS)]


def test_callbacks_run_in_the_order_of_registration_with_their_own_arguments():
    source, calls = message_filters.SimpleFilter(), []
    first = source.registerCallback(lambda *args: calls.append(("first", *args)), 1, 2)
    second = source.registerCallback(lambda *args: calls.append(("second", *args)))
    source.signalMessage("a", "b")
    assert calls == [("first", "a", "b", 1, 2), ("second", "a", "b")]
    assert (first, second) == (0, 1)
    assert list(source.callbacks) == [0, 1]


def test_the_lock_is_held_during_callbacks_and_the_pair_still_queued():
    sut, seen = Approximate(2, 5, 0.01), []
    sut.sync.registerCallback(
        lambda *_: seen.append((sut.sync.lock.locked(), [len(queue) for queue in sut.sync.queues]))
    )
    feed_pairs(sut, [50 * MS])
    assert seen == [(True, [1, 1])]
    assert not sut.sync.lock.locked()
    assert sut.sync.queues == [{}, {}]


@pytest.mark.skipif(not STAND_IN, reason="whether the lock is released is not promised by the real package")
def test_the_stand_in_keeps_the_trap_of_a_callback_that_raises():
    sut = Approximate(2, 5, 0.01)

    def fail(*_):
        raise RuntimeError("on purpose")

    sut.sync.registerCallback(fail)
    with pytest.raises(RuntimeError, match="on purpose"):
        feed_pairs(sut, [50 * MS])
    assert sut.sync.lock.locked()


def test_a_message_without_header_is_dropped_unless_allowed():
    inputs = [message_filters.SimpleFilter() for _ in range(2)]
    out = []
    for allowed in (False, True):
        sync = message_filters.ApproximateTimeSynchronizer(inputs, 5, 5.0, allow_headerless=allowed)
        sync.registerCallback(lambda a, b, allowed=allowed: out.append((allowed, a.data, b.data)))
    inputs[0].signalMessage(String(data="a"))
    inputs[1].signalMessage(String(data="b"))
    assert out == [(True, "a", "b")]


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(1, 12)), max_size=40), st.integers(1, 6))
def test_exact_emits_at_once_what_a_message_completes_and_never_exceeds_the_queue(events, queue_size):
    inputs = [message_filters.SimpleFilter() for _ in range(2)]
    sync = message_filters.TimeSynchronizer(inputs, queue_size)
    out = []
    sync.registerCallback(lambda a, b: out.append((a.header.stamp, b.header.stamp)))
    for index, tick in events:
        mine, other, stamp = sync.queues[index], sync.queues[1 - index], tick * MS
        full = len(mine) == queue_size and stamp not in mine
        completes = stamp in other and not (full and stamp < min(mine))
        before = len(out)
        inputs[index].signalMessage(message(stamp))
        assert out[before:] == ([(message(stamp).header.stamp,) * 2] if completes else [])
        assert all(len(queue) <= queue_size for queue in sync.queues)
        assert not set(sync.queues[0]) & set(sync.queues[1])


def test_exact_matches_all_in_order_whatever_the_interleaving():
    inputs = [message_filters.SimpleFilter() for _ in range(3)]
    sync, out = message_filters.TimeSynchronizer(inputs, 10), []
    sync.registerCallback(lambda *msgs: out.append(msgs))
    for index in range(3):
        for stamp in range(1, 11):
            inputs[index].signalMessage(message(stamp * MS))
    assert [Time.from_msg(a.header.stamp).nanoseconds // MS for a, _, _ in out] == list(range(1, 11))
    assert all(a.header.stamp == b.header.stamp == c.header.stamp for a, b, c in out)


def test_cache_keeps_the_last_and_answers_by_time():
    source, passed = message_filters.SimpleFilter(), []
    cache = message_filters.Cache(source, 3)
    cache.registerCallback(passed.append)
    assert cache.getLast() is None
    assert cache.getOldestTime() is None
    msgs = [message(k * MS) for k in range(1, 6)]
    for msg in msgs:
        source.signalMessage(msg)
    at = [Time.from_msg(msg.header.stamp) for msg in msgs]
    assert passed == msgs
    assert cache.getLast() is msgs[4]
    assert cache.getOldestTime() == at[2]
    assert cache.getInterval(at[0], at[3]) == msgs[2:4]
    assert cache.getElemAfterTime(at[3]) is msgs[3]
    assert cache.getElemBeforeTime(at[3]) is msgs[3]
    assert cache.getElemAfterTime(at[4] + Duration(nanoseconds=1)) is None
    assert cache.getElemBeforeTime(at[1]) is None
    with pytest.raises(AssertionError):
        cache.getInterval(at[3], at[0])


@pytest.mark.dds
def test_subscriber_feeds_a_synchronizer_over_dds(graph):
    node = graph.node("contract_message_filters")
    subs = [message_filters.Subscriber(node, PointStamped, f"in_{k}", qos_profile=10) for k in range(2)]
    assert subs[0].getTopic() == subs[0].topic == "in_0"
    assert subs[0].sub.topic_name == "/in_0"
    assert subs[0].topic_name == "/in_0"  # what the subscription has can be read from the filter
    sync, out = message_filters.ApproximateTimeSynchronizer(subs, queue_size=10, slop=0.01), []
    sync.registerCallback(lambda a, b: out.append((a.header.stamp.nanosec, b.header.stamp.nanosec)))
    pubs = [node.create_publisher(PointStamped, f"in_{k}", 10) for k in range(2)]
    graph.spin_until(lambda: all(pub.get_subscription_count() == 1 for pub in pubs))
    for k in range(1, 6):
        pubs[0].publish(message(k * 100 * MS))
        pubs[1].publish(message(k * 100 * MS + MS))
    graph.spin_until(lambda: len(out) == 5)
    assert out == [(k * 100 * MS, k * 100 * MS + MS) for k in range(1, 6)]
