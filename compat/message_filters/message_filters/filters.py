"""The base of all filters, and the one that listens to a topic."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rclpy.clock import ROSClock
from rclpy.logging import get_logger
from rclpy.time import Time


class SimpleFilter:
    """Hand each output on to the registered callbacks, in the order of their registration."""

    def __init__(self) -> None:
        self.callbacks: dict[int, tuple[Callable[..., Any], tuple[Any, ...]]] = {}

    def registerCallback(self, cb: Callable[..., Any], *args: Any) -> int:  # noqa: N802
        """Call `cb(*output, *args)` on each output; return the number of the connection."""
        connection = len(self.callbacks)
        self.callbacks[connection] = (cb, args)
        return connection

    def signalMessage(self, *msg: Any) -> None:  # noqa: N802
        """Hand one output on; an exception of a callback goes up to whoever fed the filter."""
        for callback, args in self.callbacks.values():
            callback(*msg, *args)


class Subscriber(SimpleFilter):
    """Feed the messages of one topic into filters.

    The first three arguments are positional, the others are keywords of
    `Node.create_subscription`, as every release of the real class takes them; `qos_profile`
    is a depth of 10 unless given. What the subscription has can be read from the filter too.
    """

    def __init__(self, node: Any, msg_type: type, topic: str, /, **kwargs: Any) -> None:
        super().__init__()
        self.node = node
        self.topic = topic
        kwargs.setdefault("qos_profile", 10)
        self.sub = node.create_subscription(msg_type, topic, self.callback, **kwargs)

    def callback(self, msg: Any) -> None:
        """Take one message from the subscription."""
        self.signalMessage(msg)

    def getTopic(self) -> str:  # noqa: N802
        """Return the topic's name as it was given."""
        return self.topic

    def __getattr__(self, name: str) -> Any:
        if name == "sub":  # not made yet: reading it again from here would never end
            raise AttributeError(name)
        return getattr(self.sub, name)


def stamp_of(msg: Any, allow_headerless: bool, logger: str) -> Time | None:
    """Return a message's stamp, or the ROS time now if it has none and that is allowed.

    None means: refused, with a warning from the named logger.
    """
    stamp = getattr(getattr(msg, "header", None), "stamp", None)
    if stamp is not None:
        return stamp if hasattr(stamp, "nanoseconds") else Time.from_msg(stamp)
    if allow_headerless:
        return ROSClock().now()
    get_logger(logger).warning(
        f"dropped a {type(msg).__name__}: expected a message with header.stamp; "
        "allow_headerless=True would use the time of arrival instead"
    )
    return None
