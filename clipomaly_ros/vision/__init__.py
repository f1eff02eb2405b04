"""Pixels to named anomaly regions. Knows no ROS."""
