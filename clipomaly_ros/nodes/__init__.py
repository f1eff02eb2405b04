"""Thin ROS 2 nodes: parameters, topics, time, diagnostics. No algorithm."""
