"""Recipes of score fusions with straight calibrations."""

from clipomaly_ros.vision.score_fusion import FusedSource, FusionRecipe


def source(name, weight=1.0):
    return FusedSource(name, weight, (0.0, 1.0), (0.0, 1.0))


def recipe(*names, **others):
    parts = tuple(source(name, 1 / len(names)) for name in names)
    return FusionRecipe(parts, **{"logit_scale": 20.0, "threshold": 0.5} | others)
