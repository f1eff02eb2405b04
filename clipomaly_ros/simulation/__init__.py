"""The synthetic apron: scenes, sensors, ground truth, bags."""
