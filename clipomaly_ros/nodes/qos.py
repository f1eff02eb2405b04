"""The named QoS profiles, and publishers and subscriptions whose QoS can be overridden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.event_handler import PublisherEventCallbacks, SubscriptionEventCallbacks
from rclpy.lifecycle import LifecycleNode
from rclpy.publisher import Publisher
from rclpy.qos import (
    QoSDurabilityPolicy,
    QoSHistoryPolicy,
    QoSPolicyKind,
    QoSProfile,
    QoSReliabilityPolicy,
)
from rclpy.qos_overriding_options import QoSOverridingOptions
from rclpy.subscription import Subscription

from clipomaly_ros.nodes.diagnostics import HealthMonitor


def _profile(reliability: QoSReliabilityPolicy, depth: int, durability: QoSDurabilityPolicy) -> QoSProfile:
    return QoSProfile(
        history=QoSHistoryPolicy.KEEP_LAST, depth=depth, reliability=reliability, durability=durability
    )


# Sensor data: an old sample is worth nothing, so never wait for a resend.
SENSOR_IN = _profile(QoSReliabilityPolicy.BEST_EFFORT, 5, QoSDurabilityPolicy.VOLATILE)
RESULTS = _profile(QoSReliabilityPolicy.RELIABLE, 5, QoSDurabilityPolicy.VOLATILE)
LATCHED = _profile(QoSReliabilityPolicy.RELIABLE, 1, QoSDurabilityPolicy.TRANSIENT_LOCAL)

PROFILES = {"SENSOR_IN": SENSOR_IN, "RESULTS": RESULTS, "LATCHED": LATCHED}

OVERRIDABLE = (
    QoSPolicyKind.HISTORY,
    QoSPolicyKind.DEPTH,
    QoSPolicyKind.RELIABILITY,
    QoSPolicyKind.DURABILITY,
)


def overriding_options() -> QoSOverridingOptions:
    """Return the options that make parameters qos_overrides.<topic>.<entity>.<policy> work."""
    return QoSOverridingOptions(OVERRIDABLE)


def _policy_name(info: Any) -> str:
    try:
        return QoSPolicyKind(int(info.last_policy_kind)).name.lower()
    except (TypeError, ValueError):
        return str(info.last_policy_kind)


def _counted(health: HealthMonitor, topic: str, other: str) -> Callable[[Any], None]:
    def on_incompatible(info: Any) -> None:
        health.count(
            "incompatible_qos",
            f"a {other} of {topic} has an incompatible {_policy_name(info)}: nothing is exchanged with it; "
            f"override with the parameters qos_overrides.{topic}.*",
        )

    return on_incompatible


def subscription_events(health: HealthMonitor, topic: str) -> SubscriptionEventCallbacks:
    """Count publishers that a subscription cannot hear because of their QoS."""
    return SubscriptionEventCallbacks(incompatible_qos=_counted(health, topic, "publisher"))


def publisher_events(health: HealthMonitor, topic: str) -> PublisherEventCallbacks:
    """Count subscriptions that a publisher cannot serve because of their QoS."""
    return PublisherEventCallbacks(incompatible_qos=_counted(health, topic, "subscription"))


def create_publisher(
    node: LifecycleNode, health: HealthMonitor, message_type: Any, topic: str, profile: QoSProfile
) -> Publisher:
    """Create a lifecycle publisher with overridable QoS and counted mismatches."""
    return node.create_lifecycle_publisher(
        message_type,
        topic,
        profile,
        event_callbacks=publisher_events(health, node.resolve_topic_name(topic)),
        qos_overriding_options=overriding_options(),
    )


def create_subscription(
    node: LifecycleNode,
    health: HealthMonitor,
    message_type: Any,
    topic: str,
    callback: Callable[[Any], None],
    profile: QoSProfile,
) -> Subscription:
    """Create a subscription with overridable QoS and counted mismatches."""
    return node.create_subscription(
        message_type,
        topic,
        callback,
        profile,
        event_callbacks=subscription_events(health, node.resolve_topic_name(topic)),
        qos_overriding_options=overriding_options(),
    )
