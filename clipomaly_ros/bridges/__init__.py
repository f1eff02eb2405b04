"""Hazard zones in the messages of other systems: one small executable for each."""
