"""Give every test run its own DDS domain, log folder and transport, however pytest was started."""

import os
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_LOGS = tempfile.TemporaryDirectory(prefix="clipomaly_test_logs_")

# Set before any test module imports rclpy or a message. Domains above 101 collide with
# the ports that Linux hands out by itself.
os.environ["ROS_DOMAIN_ID"] = str(1 + os.getpid() % 100)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_PYTHON_CHECK_FIELDS"] = "1"
os.environ["ROS_LOG_DIR"] = _LOGS.name
# Fast DDS 2 (Jazzy) reads the first, Fast DDS 3 (Kilted) the second.
os.environ["FASTRTPS_DEFAULT_PROFILES_FILE"] = str(ROOT / "config" / "fastdds_large_messages.xml")
os.environ["FASTDDS_DEFAULT_PROFILES_FILE"] = str(ROOT / "config" / "fastdds_large_messages.xml")
