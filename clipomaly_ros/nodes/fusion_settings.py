"""The settings of the hazard path as node parameters, by the names of their dataclass fields."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any, TypeVar

from ament_index_python.packages import get_package_share_directory

from clipomaly_ros.hazard.fuser import FusionSettings
from clipomaly_ros.hazard.tracker import TrackerSettings
from clipomaly_ros.nodes.parameters import Parameter

Settings = TypeVar("Settings")

# name below "fusion." (fields of FusionSettings), unit, least, most, text
_FUSION = (
    ("clearance", "m", 0.001, 0.999, "Height above the ground from which a point is an obstacle's."),
    ("max_range", "m", 1.0, 500.0, "Points farther from the camera are not used."),
    (
        "base_slack",
        "",
        0.0,
        1.0,
        "Share of a mask's height by which its lower border may be too low.",
    ),
    (
        "time_sigma",
        "s",
        0.0,
        1.0,
        "Standard deviation of the sensors' stamps against the transforms': what the vehicle moves in that "
        "time is added to the covariance of each zone; 0 for exact clocks.",
    ),
    ("ground.height", "m", -1000.0, 1000.0, "Height of the ground where too few points show it."),
    ("ground.max_slope", "rad", 0.001, 0.999, "Steepest ground accepted."),
    ("ground.search_above", "m", 0.0, 100.0, "How far above the LiDAR the ground may lie."),
    ("ground.search_below", "m", 0.01, 100.0, "How far below the LiDAR the ground may lie."),
    ("ground.reach", "m", 1.0, 500.0, "Points farther from the LiDAR do not vote for the ground."),
    ("ground.cell", "m", 0.01, 10.0, "Side of the grid cells whose lowest point votes."),
    ("ground.tolerance", "m", 0.001, 1.0, "Distance from the ground plane within which a point is on it."),
    ("ground.trials", "", 1, 10000, "Ground planes tried."),
    ("ground.min_cells", "", 1, 100000, "Fewest cells a ground estimate may rest on."),
    ("ground.seed", "", 0, 2**31 - 1, "Seed of the sampling, so that equal inputs give equal planes."),
    (
        "association.visibility_cell",
        "pixel",
        0,
        100,
        "Side of the depth buffer's cells; 0 is no occlusion test.",
    ),
    (
        "association.visibility_gap",
        "m",
        0.01,
        100.0,
        "A point this far behind a nearer return beside it is hidden.",
    ),
    ("association.border_erosion", "pixel", 0, 100, "Pixels at mask borders that do not count as inside."),
    (
        "association.context",
        "",
        0.0,
        2.0,
        "How far around a region's box points are looked at, as a share of its sides.",
    ),
    ("foreground.tolerance", "m", 0.001, 10.0, "Points nearer than this are one object, at least."),
    ("foreground.tolerance_slope", "", 0.0, 1.0, "Growth of that tolerance with the distance."),
    ("foreground.merge", "m", 0.0, 10.0, "Parts in the mask this near to the chosen cluster belong to it."),
    ("foreground.min_points", "", 1, 10000, "Fewest points of an object at 10 m; fewer farther away."),
    (
        "foreground.own_share",
        "",
        0.01,
        1.0,
        "Share of a part's points that must be in the mask for the part to be merged.",
    ),
    ("footprint.range_sigma", "m", 0.0001, 10.0, "Standard deviation of a LiDAR distance."),
    ("footprint.angle_sigma", "rad", 0.00001, 1.0, "Standard deviation of the sensors' alignment."),
    ("footprint.padding", "m", 0.001, 10.0, "Least half width of a zone's polygon."),
    (
        "footprint.standing",
        "m",
        0.0,
        10.0,
        "An object whose lowest point is nearer to the ground stands on it.",
    ),
    (
        "ground_ray.max_range",
        "m",
        1.0,
        1000.0,
        "Farthest place accepted where a viewing ray meets the ground.",
    ),
    ("ground_ray.pixel_sigma", "pixel", 0.01, 1000.0, "Standard deviation of a mask's border."),
    ("ground_ray.angle_sigma", "rad", 0.00001, 1.0, "Standard deviation of the camera's attitude."),
    ("ground_ray.max_depth", "m", 0.01, 100.0, "Deepest object assumed without returns."),
    ("ground_ray.max_height", "m", 0.01, 100.0, "Tallest object assumed without returns."),
    (
        "see_through.enabled",
        "",
        None,
        None,
        "Do not confirm solid things through whose places the LiDAR's rays went; to be switched off where "
        "one topic carries the points of several LiDARs.",
    ),
    (
        "see_through.min_height",
        "m",
        0.01,
        100.0,
        "Regions placed without returns are asked whether rays went through them if they are this tall.",
    ),
    ("see_through.min_rays", "", 1, 10000, "Fewest rays that must have gone through such a place."),
    ("see_through.share", "", 0.01, 1.0, "Share of the rays towards it that must have gone through it."),
    (
        "see_through.max_lying",
        "m",
        0.0,
        1000.0,
        "What could lie on the ground within this length, in place of standing, is not asked.",
    ),
    (
        "corridor.enabled",
        "",
        None,
        None,
        "Make tentative zones of what stands in the corridor ahead and no mask of the picture explains.",
    ),
    ("corridor.start", "m", -100.0, 100.0, "Where the corridor begins, along x of reference_frame."),
    ("corridor.length", "m", 0.1, 500.0, "Length of the corridor."),
    ("corridor.width", "m", 0.1, 500.0, "Width of the corridor, half to either side."),
    (
        "corridor.polygon",
        "",
        None,
        None,
        "In place of start, length and width the corridor's corners in reference_frame, convex or not, as "
        '"[[1, -2], [25, -3], [25, 3], [1, 2]]" [m]; empty for the rectangle.',
    ),
    ("corridor.min_height", "m", 0.01, 10.0, "Lower returns in the corridor are unevenness."),
    ("corridor.max_height", "m", 0.02, 100.0, "Higher returns in the corridor pass above the vehicle."),
    (
        "corridor.standing",
        "m",
        0.01,
        100.0,
        "A thing in the corridor whose lowest return lies higher hangs: it is no obstacle on the ground.",
    ),
    ("corridor.cell", "m", 0.02, 10.0, "Returns in touching cells of this side are one thing."),
    ("corridor.min_points", "", 1, 10000, "Fewest returns of an obstacle without a mask."),
    (
        "corridor.explained_share",
        "",
        0.01,
        1.0,
        "Share of its returns under masks from which a thing is explained by them.",
    ),
)

# name below "tracker." (fields of TrackerSettings), unit, least, most, text
_TRACKER = (
    ("confirm_count", "", 1, 1000, "Observations within confirm_window that confirm a zone."),
    ("confirm_window", "s", 0.001, 3600.0, "Time within which a zone must be seen that often."),
    (
        "confirm_probability",
        "",
        0.0,
        0.99,
        "Probability of existence that it must have then; what its sightings count, the hazard policy says.",
    ),
    ("gate", "", 0.01, 1000.0, "Largest squared Mahalanobis distance of a match."),
    ("edge_gate", "m", 0.0, 100.0, "Outlines nearer than this match as well."),
    (
        "merge_distance",
        "m",
        0.0,
        100.0,
        "A second region of the same name this near to a zone of the same image is part of it.",
    ),
    (
        "merge_overlap",
        "",
        0.01,
        2.0,
        "Share of the smaller footprint from which two measured ones of one name are one thing; "
        "above 1 for never.",
    ),
    (
        "merge_time",
        "s",
        0.0,
        3600.0,
        "How long the footprints of two zones must overlap so before they become one.",
    ),
    (
        "same_instant",
        "s",
        0.0,
        1.0,
        "Images of several cameras this near in time show one state of the world: their outlines are joined.",
    ),
    (
        "tentative_retention",
        "s",
        0.0,
        86400.0,
        "How long a zone that was never confirmed stays after it expired.",
    ),
    ("half_life", "s", 0.1, 86400.0, "Half-life of the existence probability's log-odds while unseen."),
    ("max_zones", "", 1, 1024, "Bound on all zones."),
    (
        "backward_jump",
        "s",
        0.0,
        60.0,
        "An image older than the newest by more than this resets the zones: "
        "more than the cameras' delays may differ.",
    ),
    ("least_speed", "m/s", 0.0, 100.0, "Slower zones have no valid velocity."),
    ("least_updates", "", 1, 1000, "Fewest observations behind a valid velocity."),
)


def policy_path(chosen: str) -> Path:
    """Return the policy file chosen, or the one of this package."""
    if chosen:
        return Path(chosen).expanduser()
    return Path(get_package_share_directory("clipomaly_ros")) / "config" / "hazard_policy.yaml"


def settings_from(kind: type[Settings], values: SimpleNamespace, prefix: str) -> Settings:
    """Fill a settings dataclass, and those within it, from the values of prefix.field.

    Raises HazardError when the values do not go together.
    """
    fields: dict[str, Any] = {}
    for field in dataclasses.fields(kind):  # type: ignore[arg-type]
        name = f"{prefix}.{field.name}"
        inner = field.default_factory
        if inner is not dataclasses.MISSING and dataclasses.is_dataclass(inner):
            fields[field.name] = settings_from(inner, values, name)
        else:
            fields[field.name] = getattr(values, name.replace(".", "_"))
    return kind(**fields)


def _parameters(rows: tuple, prefix: str, settings: Any) -> tuple[Parameter, ...]:
    """Make the table; the defaults are those of the settings class."""

    def default(name: str) -> Any:
        value = settings
        for part in name.split("."):
            value = getattr(value, part)
        return value

    return tuple(
        Parameter(f"{prefix}.{name}", default(name), text, unit, least, most, read_only=True)
        for name, unit, least, most, text in rows
    )


SETTINGS_PARAMETERS = (
    *_parameters(_FUSION, "fusion", FusionSettings()),
    *_parameters(_TRACKER, "tracker", TrackerSettings()),
)
