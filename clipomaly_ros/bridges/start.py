"""Start a bridge, or say which ROS package it needs."""

from __future__ import annotations

import importlib
import sys


def keep_out() -> int:
    """Run hazard_keep_out_bridge."""
    return _start("keep_out")


def nav2_filter_info() -> int:
    """Run hazard_nav2_filter_info."""
    return _start("nav2_filter_info")


def detection3d() -> int:
    """Run hazard_detection3d_bridge."""
    return _start("detection3d")


def autoware() -> int:
    """Run hazard_autoware_bridge."""
    return _start("autoware")


def _start(module: str) -> int:
    try:
        bridge = importlib.import_module(f"clipomaly_ros.bridges.{module}")
    except ModuleNotFoundError as error:
        missing = (error.name or "").split(".")[0]
        if missing == "clipomaly_ros":
            raise
        print(
            f"this bridge needs the ROS package {missing}, which cannot be imported: install it "
            f"(ros-$ROS_DISTRO-{missing.replace('_', '-')}) or build it, and source the workspace",
            file=sys.stderr,
        )
        return 2
    try:
        return int(bridge.main())
    except ValueError as error:  # a parameter that cannot be used: one line, no traceback
        print(error, file=sys.stderr)
        return 2
