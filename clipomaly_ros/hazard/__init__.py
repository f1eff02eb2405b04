"""Anomaly regions and points to hazard zones. Knows no ROS."""
