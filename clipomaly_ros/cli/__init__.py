"""The command line: `clipomaly <command>`."""

import os

# Before the first import of numpy, as in the nodes: see clipomaly_ros.nodes.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
