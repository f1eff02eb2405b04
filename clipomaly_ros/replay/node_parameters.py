"""The nodes' parameters for one bag: what the player needs, and what can be found from the bag."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from clipomaly_ros.hazard.ground import GroundSettings, estimate_ground
from clipomaly_ros.hazard.types import HazardError
from clipomaly_ros.replay.bag_reader import Bag, Selection
from clipomaly_ros.replay.frames import FrameChoice
from clipomaly_ros.replay.parameter_file import read_parameters
from clipomaly_ros.replay.processes import share_file
from clipomaly_ros.replay.results import cloud_points
from clipomaly_ros.replay.schedule import header_frame

SEGMENTER, FUSION = "anomaly_segmenter", "hazard_fusion"
DIAGNOSTICS_PERIOD = 0.25  # the last reports are waited for at the end [s]
_GROUND_HEIGHT = "fusion.ground.height"


def needed_parameters(selection: Selection, bundle: Path | None, realtime: bool) -> dict[str, dict[str, Any]]:
    """Return what each node must be told, whatever a user's file says: time, transport, model, reports."""
    inputs = {SEGMENTER: (selection.image,), FUSION: (selection.camera_info, selection.points)}
    parameters: dict[str, dict[str, Any]] = {
        name: {"use_sim_time": True, "diagnostics_period": DIAGNOSTICS_PERIOD} for name in inputs
    }
    if not realtime:  # in lockstep nothing may be lost
        for name, connections in inputs.items():
            for connection in connections:
                key = f"qos_overrides.{connection.topic}.subscription.reliability"
                parameters[name][key] = "reliable"
    parameters[SEGMENTER]["image_transport"] = selection.image_transport
    parameters[FUSION]["cameras"] = [""]
    if bundle is not None:
        parameters[SEGMENTER]["bundle"] = str(bundle.resolve())
    return parameters


def found_parameters(
    bag: Bag, selection: Selection, frames: FrameChoice, say: Callable[[str], None]
) -> dict[str, dict[str, Any]]:
    """Return what the bag says about frames and ground; a user's file goes before it."""
    found: dict[str, Any] = {"fixed_frame": frames.fixed, "reference_frame": frames.reference}
    connection, _, raw = next(bag.messages([selection.points]))
    if header_frame(raw) == frames.fixed:
        height = _ground_height(bag.read(raw, connection))
        if height is not None:
            say(f"ground {-height:.2f} m below {frames.fixed}, from the first cloud")
            found[_GROUND_HEIGHT] = round(height, 3)
    return {SEGMENTER: {}, FUSION: found}


def wished_parameters(file: Path | None, node: str) -> dict[str, Any]:
    """Return what a user's file changes for a node against config/apron.yaml.

    Only changes are wishes: such a file often is a copy with one line changed.
    """
    if file is None:
        return {}
    usual = read_parameters(share_file("config", "apron.yaml"), node)
    absent = object()
    return {
        name: value for name, value in read_parameters(file, node).items() if usual.get(name, absent) != value
    }


def parameters_on_top(
    found: Mapping[str, Any],
    wished: Mapping[str, Any],
    needed: Mapping[str, Any],
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Return a node's parameters that go on top of the user's file, which sets what is wished."""
    for name in sorted(wished.keys() & needed.keys()):
        if wished[name] != needed[name]:
            say(f"{name} from the parameter file is not used: this replay needs {needed[name]!r}")
    return {name: value for name, value in found.items() if name not in wished} | dict(needed)


def _ground_height(cloud: Any) -> float | None:
    """Return the height of the ground under the sensor in the cloud's frame [m], None when unclear."""
    try:
        points = cloud_points(cloud)
    except HazardError:  # the node names it in its diagnostics
        return None
    plane = estimate_ground(points.xyz, np.zeros(3), GroundSettings())
    return float(plane.height_at(np.zeros((1, 2)))[0]) if plane.estimated else None
