"""Run a launch file as `ros2 launch` does, without needing the ros2 command: FILE [name:=value ...]."""

import os
import signal
import sys

from launch import LaunchDescription, LaunchService
from launch.actions import IncludeLaunchDescription
from launch.launch_description_sources import PythonLaunchDescriptionSource

if __name__ == "__main__":
    os.setsid()  # a process group of its own, as a terminal gives it
    # What a shell without job control starts with & has SIGINT ignored, and hands that on.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    service = LaunchService(argv=sys.argv[2:])
    given = [tuple(argument.split(":=", 1)) for argument in sys.argv[2:]]
    source = PythonLaunchDescriptionSource(sys.argv[1])
    service.include_launch_description(
        LaunchDescription([IncludeLaunchDescription(source, launch_arguments=given)])
    )
    sys.exit(service.run())
