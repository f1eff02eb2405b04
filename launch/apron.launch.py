"""Start the apron monitor: one anomaly_segmenter for each camera, one hazard_fusion for all."""

import re
from pathlib import Path
from typing import Any

import yaml
from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, OpaqueFunction, SetEnvironmentVariable
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.actions import Node
from launch_ros.parameter_descriptions import ParameterValue
from launch_ros.substitutions import FindPackageShare

PACKAGE = "clipomaly_ros"
CONFIG = PathJoinSubstitution([FindPackageShare(PACKAGE), "config"])
BOOLEAN = ["", "true", "false"]
# Jazzy's Fast DDS 2 knows only the first; Kilted's Fast DDS 3 reads both and warns about the first.
PROFILE_VARIABLES = ("FASTRTPS_DEFAULT_PROFILES_FILE", "FASTDDS_DEFAULT_PROFILES_FILE")
NAMESPACE = re.compile(r"/?[A-Za-z][A-Za-z0-9_]*(/[A-Za-z][A-Za-z0-9_]*)*")

# name, default, choices, description
ARGUMENTS: list[tuple[str, Any, list[str] | None, str]] = [
    ("namespace", "", None, "namespace of everything that is started"),
    (
        "cameras",
        "",
        None,
        "namespaces of the cameras, relative to namespace: a, b or [a, b]; empty: what params_file says, "
        "else camera",
    ),
    (
        "lidars",
        "",
        None,
        "namespaces of the LiDARs, as cameras; empty: what params_file says, else one in namespace itself",
    ),
    ("bundle", "", None, "folder of the model bundle; empty: what params_file says"),
    ("vocabulary", "", None, "common start of two files: <vocabulary>_approved.yaml, _candidates.yaml"),
    ("approved_vocabulary", "", None, "YAML file of the approved classes; empty: as vocabulary says"),
    ("candidate_vocabulary", "", None, "YAML file of the candidate names; empty: as vocabulary says"),
    ("params_file", PathJoinSubstitution([CONFIG, "apron.yaml"]), None, "parameters of both nodes"),
    (
        "image_transport",
        "",
        ["", "raw", "compressed"],
        "transport of the camera images; empty: what params_file says",
    ),
    ("image", "image_raw", None, "topic of the images in each camera's namespace, without the transport"),
    ("points", "points", None, "topic of the point clouds, in each LiDAR's namespace"),
    ("fixed_frame", "", None, "frame of the zones; empty: what params_file says"),
    ("use_sim_time", "", BOOLEAN, "take the time from /clock; empty: what params_file says"),
    (
        "autostart",
        "",
        BOOLEAN,
        "configure and activate the nodes; false: leave it to a manager; empty: what params_file says",
    ),
    ("rviz", "false", BOOLEAN[1:], "start RViz"),
    ("log_level", "info", ["debug", "info", "warn", "error", "fatal"], "least severe messages to log"),
]


def parse_namespaces(argument: str, text: str) -> list[str]:
    """Read a list of namespaces, `a, b` or `[a, b]`; ValueError when it cannot be used."""
    try:
        names = yaml.safe_load(text if text.lstrip().startswith("[") else f"[{text}]")
    except yaml.YAMLError as error:
        raise ValueError(f"{argument}: expected a list like [left, right], got {text!r}: {error}") from None
    names = [str(name).strip("/") if isinstance(name, str) else name for name in names]
    for name in names:
        if not isinstance(name, str) or not NAMESPACE.fullmatch(name):
            raise ValueError(
                f"{argument}: expected namespaces of letters, digits, _ and /, got {name!r} in {text!r}"
            )
    if not names or len(set(names)) != len(names):
        raise ValueError(f"{argument}: expected at least one namespace and none twice, got {text!r}")
    return names


def parameters_in(file: str, node: str) -> dict[str, Any]:
    """Return what a ROS parameter file sets for a node of this full name; ValueError when it cannot be read.

    As in ROS, ** stands for any namespaces and * for one, and of several entries the last one counts.
    """
    try:
        tree = yaml.safe_load(Path(file).expanduser().read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise ValueError(
            f"params_file: expected a ROS parameter file, {file} cannot be read: {error}"
        ) from None
    found: dict[str, Any] = {}

    def look(branch: Any, parts: tuple[str, ...]) -> None:
        for name, value in branch.items() if isinstance(branch, dict) else ():
            if name != "ros__parameters":
                look(value, (*parts, *filter(None, str(name).split("/"))))
            elif re.fullmatch("".join(map(_pattern, parts)), node) and isinstance(value, dict):
                found.update(value)

    look(tree, ())
    return found


def _pattern(part: str) -> str:
    return {"**": "(/[^/]+)*", "*": "/[^/]+"}.get(part, f"/{re.escape(part)}")


def start_nodes(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Start the nodes for the cameras that the arguments name."""
    value = {name: LaunchConfiguration(name).perform(context) for name, *_ in ARGUMENTS}
    namespace = value["namespace"].strip("/")
    fusion_name = "/".join(["", *filter(None, [namespace]), "hazard_fusion"])
    written = parameters_in(value["params_file"], fusion_name)

    def namespaces(name: str, default: list[str]) -> list[str]:
        chosen = [item for item in written.get(name) or [] if item != ""]
        if value[name].strip() or not chosen:
            return parse_namespaces(name, value[name]) if value[name].strip() else default
        return parse_namespaces(
            f"{name} in {value['params_file']}", yaml.safe_dump(chosen, default_flow_style=True)
        )

    cameras, lidars = namespaces("cameras", ["camera"]), namespaces("lidars", [])
    clouds = [(f"{lidar}/points", f"{lidar}/{value['points'].strip('/')}") for lidar in lidars]
    clouds = clouds or [("points", value["points"])]
    switches = {name: value[name] == "true" for name in ("use_sim_time", "autostart") if value[name]}
    if value["vocabulary"]:
        for name, part in (("approved_vocabulary", "approved"), ("candidate_vocabulary", "candidates")):
            value[name] = value[name] or f"{value['vocabulary']}_{part}.yaml"

    def node(name: str, camera: str, chosen: dict[str, Any], remappings: list[tuple[str, str]]) -> Node:
        return Node(
            package=PACKAGE,
            executable=name,
            name=name,
            namespace="/".join(filter(None, [namespace, camera])),
            parameters=[
                value["params_file"],
                {**switches, **chosen},
            ],
            remappings=remappings,
            ros_arguments=["--log-level", value["log_level"]],
            output="screen",
        )

    def texts(*names: str) -> dict[str, ParameterValue]:
        # An empty argument leaves the value of the parameter file; a value stays a string.
        return {name: ParameterValue(value[name], value_type=str) for name in names if value[name]}

    segmenter = texts("bundle", "approved_vocabulary", "candidate_vocabulary", "image_transport")
    fusion = {**texts("fixed_frame"), "cameras": ParameterValue(cameras, value_type=list[str])}
    if lidars:
        fusion["lidars"] = ParameterValue(lidars, value_type=list[str])
    rviz = Node(
        package="rviz2",
        executable="rviz2",
        namespace=namespace,
        arguments=["-d", PathJoinSubstitution([CONFIG, "rviz", "apron.rviz"])]
        + (["-f", value["fixed_frame"]] if value["fixed_frame"] else []),
        parameters=[{"use_sim_time": switches.get("use_sim_time", bool(written.get("use_sim_time")))}],
        remappings=[("points", clouds[0][1]), ("overlay", f"{cameras[0]}/overlay")],
    )
    return [
        *(
            node("anomaly_segmenter", camera, segmenter, [("image_raw", value["image"])])
            for camera in cameras
        ),
        node("hazard_fusion", "", fusion, clouds),
        *([rviz] if value["rviz"] == "true" else []),
    ]


def default_transport(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Use the profile for large messages, unless the user has chosen one."""
    if any(context.environment.get(name) for name in PROFILE_VARIABLES):
        return []
    name = PROFILE_VARIABLES[0 if context.environment.get("ROS_DISTRO") == "jazzy" else 1]
    return [SetEnvironmentVariable(name, PathJoinSubstitution([CONFIG, "fastdds_large_messages.xml"]))]


def generate_launch_description() -> LaunchDescription:
    """Describe the launch for `ros2 launch`."""
    return LaunchDescription(
        [
            *(
                DeclareLaunchArgument(name, default_value=default, choices=choices, description=text)
                for name, default, choices, text in ARGUMENTS
            ),
            OpaqueFunction(function=default_transport),
            OpaqueFunction(function=start_nodes),
        ]
    )
