"""Thin ROS 2 nodes: parameters, topics, time, diagnostics. No algorithm."""

import os

# Before the first import of numpy. The matrix products of a frame are small: several threads
# cost more in waiting for one another than in arithmetic, many times more once cores are busy.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
