"""What tf2_ros does in a node, whichever implementation is importable: the real one or compat/."""

import pytest
import tf2_ros
from geometry_msgs.msg import TransformStamped
from rclpy.clock import ClockType
from rclpy.parameter import Parameter
from rclpy.time import Time

S = 1_000_000_000
pytestmark = pytest.mark.dds


def transform(parent, child, ns=0, x=0.0):
    msg = TransformStamped()
    msg.header.frame_id, msg.child_frame_id = parent, child
    msg.header.stamp = Time(nanoseconds=ns).to_msg()
    msg.transform.translation.x = x
    msg.transform.rotation.w = 1.0
    return msg


def test_listener_fills_the_buffer_from_both_broadcasters(graph):
    sender, receiver = graph.node("contract_tf_sender"), graph.node("contract_tf_receiver")
    buffer = tf2_ros.Buffer(node=receiver)
    listener = tf2_ros.TransformListener(buffer, receiver, spin_thread=False)
    moving, static = tf2_ros.TransformBroadcaster(sender), tf2_ros.StaticTransformBroadcaster(sender)
    graph.spin_until(lambda: moving.pub_tf.get_subscription_count() == 1)
    static.sendTransform(transform("b", "c", x=1.0))
    static.sendTransform([transform("c", "d", x=1.0)])
    moving.sendTransform(transform("a", "b", 1 * S, 1.0))
    moving.sendTransform((transform("a", "b", 2 * S, 2.0), transform("a", "b", 3 * S, 3.0)))
    graph.spin_until(lambda: buffer.can_transform("a", "d", Time(nanoseconds=3 * S)))
    found = buffer.lookup_transform("a", "d", Time(nanoseconds=2 * S + S // 2))
    assert found.transform.translation.x == pytest.approx(4.5)
    assert listener.tf_sub.topic_name == "/tf"
    assert listener.tf_static_sub.topic_name == "/tf_static"
    listener.unregister()
    graph.spin_until(lambda: moving.pub_tf.get_subscription_count() == 0)


def test_a_late_listener_gets_all_static_transforms_sent_before(graph):
    sender = graph.node("contract_tf_static_sender")
    static = tf2_ros.StaticTransformBroadcaster(sender)
    static.sendTransform(transform("a", "b"))
    static.sendTransform([transform("b", "c"), transform("b", "d")])
    receiver = graph.node("contract_tf_late_receiver")
    buffer = tf2_ros.Buffer()
    listener = tf2_ros.TransformListener(buffer, receiver)
    graph.spin_until(
        lambda: all(buffer.can_transform("a", child, Time(nanoseconds=S)) for child in ("b", "c", "d"))
    )
    listener.unregister()


def test_the_buffer_clears_itself_when_its_nodes_clock_jumps_back(graph):
    node = graph.node("contract_tf_clock", parameter_overrides=[Parameter("use_sim_time", value=True)])
    clock = node.get_clock()

    def set_clock(second):
        clock.set_ros_time_override(Time(seconds=second, clock_type=ClockType.ROS_TIME))

    set_clock(100)
    buffer = tf2_ros.Buffer(node=node)
    buffer.set_transform_static(transform("b", "c"), "test")
    buffer.set_transform(transform("a", "b", 99 * S), "test")
    buffer.set_transform(transform("a", "b", 100 * S), "test")
    set_clock(200)
    set_clock(199.5)
    assert buffer.can_transform("a", "c", Time(nanoseconds=100 * S))  # forward, or back by less than 1 s
    set_clock(50)
    assert not buffer.can_transform("a", "b", Time(nanoseconds=100 * S))
    assert buffer.can_transform("b", "c", Time(nanoseconds=100 * S))
