"""Choose the fixed frame and the reference frame for a bag from its TF tree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from clipomaly_ros.replay.schedule import Entry

FIXED_CANDIDATES = ("odom", "map")
REFERENCE_CANDIDATES = ("base_link", "base_footprint")


@dataclass(frozen=True)
class FrameChoice:
    """fixed: frame of the zones. reference: frame of the distances. notes: why, for people.

    problem: why no frame can be fused, else empty.
    """

    fixed: str
    reference: str
    notes: tuple[str, ...]
    problem: str = ""


def choose_frames(entries: Sequence[Entry], camera: str, cloud: str, fixed: str | None = None) -> FrameChoice:
    """Choose frames that TF connects with the cloud's.

    odom or map where the vehicle's motion is in the bag, else the cloud's own frame: zones
    then move with the sensor. fixed: the user's wish, taken as it is.
    """
    edges = {edge[:2] for entry in entries for edge in entry.edges}
    reachable = _component(cloud, edges)
    notes, problems = [], []
    if camera not in reachable:
        problems.append(f"the bag's TF does not connect the camera ({camera}) with the LiDAR ({cloud})")
    if fixed is None:
        found = [name for name in FIXED_CANDIDATES if name in reachable]
        fixed = found[0] if found else cloud
        if found:
            notes.append(f"fixed frame {fixed}, from the bag's TF")
        else:
            notes.append(f"no odometry in the bag's TF: fixed frame is the LiDAR's, {cloud}")
    elif fixed not in reachable:
        known = ", ".join(sorted(reachable)) or "none"
        problems.append(f"fixed frame {fixed} is not connected with {cloud} in the bag's TF, only {known}")
    notes += [f"{problem}: no frame can be fused" for problem in problems]
    reference = next((name for name in REFERENCE_CANDIDATES if name in reachable), cloud)
    return FrameChoice(fixed, reference, tuple(notes), "; ".join(problems))


def _component(start: str, edges: set[tuple[str, str]]) -> set[str]:
    """Return all frames connected with one."""
    found, todo = {start}, [start]
    while todo:
        name = todo.pop()
        for pair in edges:
            if name in pair:
                for other in pair:
                    if other not in found:
                        found.add(other)
                        todo.append(other)
    return found
