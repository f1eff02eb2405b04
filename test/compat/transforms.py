"""Transforms for the contract of tf2_ros, and what to read from them."""

import numpy as np
from geometry_msgs.msg import TransformStamped
from rclpy.time import Time
from scipy.spatial.transform import Rotation

S = 1_000_000_000
NOW = Time()  # zero: the latest


def transform(parent, child, ns=0, xyz=(0.0, 0.0, 0.0), quat=(0.0, 0.0, 0.0, 1.0)):
    msg = TransformStamped()
    msg.header.frame_id, msg.child_frame_id = parent, child
    msg.header.stamp = Time(nanoseconds=ns).to_msg()
    t, r = msg.transform.translation, msg.transform.rotation
    t.x, t.y, t.z = map(float, xyz)
    r.x, r.y, r.z, r.w = map(float, quat)
    return msg


def pose(xyz, quat):
    matrix = np.eye(4)
    matrix[:3, :3], matrix[:3, 3] = Rotation.from_quat(quat).as_matrix(), xyz
    return matrix


def matrix_of(msg):
    t, r = msg.transform.translation, msg.transform.rotation
    return pose((t.x, t.y, t.z), (r.x, r.y, r.z, r.w))


def at(ns):
    return Time(nanoseconds=ns)


def stamp_of(msg):
    return Time.from_msg(msg.header.stamp).nanoseconds


def x_of(buffer, ns, target="a", source="b"):
    return buffer.lookup_transform(target, source, at(ns)).transform.translation.x


def moving(buffer, parent="a", child="b", seconds=(1, 2, 3)):
    """Move the child along x, by one metre each second."""
    for second in seconds:
        buffer.set_transform(transform(parent, child, second * S, (float(second), 0, 0)), "test")
