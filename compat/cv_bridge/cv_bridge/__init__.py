"""Stand-in for the Python part of cv_bridge, for machines without a ROS install.

Own implementation of the behaviour that the real package shows, checked against it by
test/compat/test_contract_cv_bridge.py; see compat/README.md for what is covered.
"""

from cv_bridge.core import CvBridge
from cv_bridge.encodings import CvBridgeError

__all__ = ["CvBridge", "CvBridgeError"]
