"""Message types and QoS for reading and writing bags without a running ROS."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from rosbags.interfaces import (
    Connection,
    MessageDefinitionFormat,
    Qos,
    QosDurability,
    QosHistory,
    QosLiveliness,
    QosReliability,
    QosTime,
)
from rosbags.rosbag2 import CompressionFormat, CompressionMode, StoragePlugin, Writer
from rosbags.typesys import Stores, get_types_from_msg, get_typestore

OUR_PACKAGE = "clipomaly_msgs"
LEGEND_TYPE = "clipomaly_msgs/msg/LabelLegend"
_UNLIMITED = QosTime(2147483647, 4294967295)


class BagError(ValueError):
    """A bag cannot be used; the text says what was expected, what came, what to do."""


def make_typestore(connections: tuple[Connection, ...] = ()) -> Any:
    """Return the message types known to ROS 2 Jazzy, our own, and those a bag defines itself.

    Raises BagError when our messages are not on AMENT_PREFIX_PATH or a definition is broken.
    """
    store = get_typestore(Stores.ROS2_JAZZY)
    register_package(store, OUR_PACKAGE)
    for connection in connections:
        if connection.msgtype in store.fielddefs:
            continue
        if connection.msgdef.format != MessageDefinitionFormat.MSG:
            register_package(store, connection.msgtype.split("/")[0], required=False)
            continue
        try:
            found = get_types_from_msg(connection.msgdef.data, connection.msgtype)
        except Exception as error:  # the parser raises its own kinds for text from outside
            raise BagError(f"the bag's definition of {connection.msgtype} is broken: {error}") from error
        store.register({name: fields for name, fields in found.items() if name not in store.fielddefs})
    return store


def register_package(store: Any, package: str, required: bool = True) -> None:
    """Add all messages of an installed package, found through AMENT_PREFIX_PATH, to a typestore."""
    for prefix in filter(None, os.environ.get("AMENT_PREFIX_PATH", "").split(":")):
        files = sorted(Path(prefix, "share", package, "msg").glob("*.msg"))
        if files:
            found: dict[str, Any] = {}
            for file in files:  # all at once: they refer to each other
                found |= get_types_from_msg(file.read_text(encoding="utf-8"), f"{package}/msg/{file.stem}")
            store.register({name: fields for name, fields in found.items() if name not in store.fielddefs})
            return
    if required:
        raise BagError(
            f"the messages of {package} are not on AMENT_PREFIX_PATH: build the workspace and source it"
        )


def offered_qos(*, latched: bool = False, depth: int = 10) -> Qos:
    """Return reliable QoS for a bag's topic; latched: transient local, for static data."""
    return Qos(
        history=QosHistory.KEEP_LAST,
        depth=depth,
        reliability=QosReliability.RELIABLE,
        durability=QosDurability.TRANSIENT_LOCAL if latched else QosDurability.VOLATILE,
        deadline=_UNLIMITED,
        lifespan=_UNLIMITED,
        liveliness=QosLiveliness.AUTOMATIC,
        liveliness_lease_duration=_UNLIMITED,
        avoid_ros_namespace_conventions=False,
    )


def is_latched(connection: Connection) -> bool:
    """Tell whether a topic's data must reach late subscribers.

    Bags from converters often carry no QoS; then only /tf_static and legends are known to be latched.
    """
    profiles = getattr(connection.ext, "offered_qos_profiles", [])
    if not profiles:
        return connection.topic.split("/")[-1] == "tf_static" or connection.msgtype == LEGEND_TYPE
    return any(profile.durability == QosDurability.TRANSIENT_LOCAL for profile in profiles)


def new_bag(path: Path) -> Writer:
    """Prepare a new mcap bag folder; chunks are compressed, which mcap readers undo by themselves."""
    writer = Writer(path, version=9, storage_plugin=StoragePlugin.MCAP)
    writer.set_compression(CompressionMode.STORAGE, CompressionFormat.ZSTD)
    return writer
