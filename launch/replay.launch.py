"""Play a bag into the apron monitor, on the bag's own time."""

from pathlib import Path

from launch import LaunchContext, LaunchDescription, LaunchDescriptionEntity
from launch.actions import DeclareLaunchArgument, ExecuteProcess, IncludeLaunchDescription, OpaqueFunction
from launch.substitutions import LaunchConfiguration, PathJoinSubstitution
from launch_ros.substitutions import FindPackageShare

CLOCK_RATE = "100"  # Hz


def check_bag(context: LaunchContext) -> None:
    """Refuse a bag that is not there before anything is started."""
    bag = Path(LaunchConfiguration("bag").perform(context)).expanduser()
    if not bag.exists():
        raise ValueError(f"bag: expected a bag folder or file, found nothing at {bag}")


def play(context: LaunchContext) -> list[LaunchDescriptionEntity]:
    """Play the bag that the arguments name."""
    value = {name: LaunchConfiguration(name).perform(context) for name in ("bag", "rate", "loop")}
    command = ["ros2", "bag", "play", str(Path(value["bag"]).expanduser())]
    command += ["--clock", CLOCK_RATE, "--rate", value["rate"]]
    command += ["--loop"] if value["loop"] == "true" else []
    return [ExecuteProcess(cmd=command, name="bag_player", output="screen")]


def generate_launch_description() -> LaunchDescription:
    """Describe the launch for `ros2 launch`; the arguments of apron.launch.py can be given as well."""
    monitor = PathJoinSubstitution([FindPackageShare("clipomaly_ros"), "launch", "apron.launch.py"])
    return LaunchDescription(
        [
            DeclareLaunchArgument("bag", description="bag folder or file"),
            DeclareLaunchArgument("rate", default_value="1.0", description="speed, 1.0: as recorded"),
            DeclareLaunchArgument(
                "loop", default_value="false", choices=["true", "false"], description="start over at the end"
            ),
            OpaqueFunction(function=check_bag),
            # Before the player, because it also sets the transport that the player should use.
            IncludeLaunchDescription(monitor, launch_arguments={"use_sim_time": "true"}.items()),
            OpaqueFunction(function=play),
        ]
    )
