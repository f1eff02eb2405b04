"""A hand-made apron for tests: what it holds does not change with the scenes of the product."""

import numpy as np

from clipomaly_ros.simulation.materials import Material
from clipomaly_ros.simulation.mesh import box, cylinder, ellipsoid, pose
from clipomaly_ros.simulation.scene_types import Condition, Scene, SceneObject

GREY, DARK = Material((0.5, 0.5, 0.5)), Material((0.04, 0.04, 0.05), reflectance=0.12)
ORANGE = Material((0.8, 0.3, 0.05), reflectance=0.6)


def condition(**changes):
    sun = np.array([0.36, 0.48, 0.8])
    light = {"sunlight": (1.4, 1.3, 1.1), "skylight": (0.3, 0.34, 0.4)}
    sky = {"zenith": (0.2, 0.35, 0.65), "horizon": (0.7, 0.78, 0.85)}
    return Condition("dry", sun, **light, **sky, **changes)


def thing(name, group, part, at, yaw=0.0, anomalous=True):
    where = pose((*at, 0.0), yaw=yaw)
    return SceneObject(name, group, (part.moved(where),), yaw, anomalous)


def simple_apron(seed=0, **weather):
    """Two large things and five anomalies of 25 to 60 cm, 12 to 20 m ahead; the seed moves them."""
    generator = np.random.default_rng(seed)
    wall = box((3.0, 50.0, 12.0), GREY, pose((0, 0, 6.0)))
    parts = {
        ("suitcase", "baggage"): box((0.6, 0.3, 0.45), DARK, pose((0, 0, 0.225))),
        ("pallet", "loose_equipment"): box((0.5, 0.5, 0.4), GREY, pose((0, 0, 0.2))),
        ("bucket", "loose_equipment"): cylinder(0.15, 0.35, ORANGE, pose((0, 0, 0.175))),
        ("backpack", "baggage"): ellipsoid((0.2, 0.25, 0.3), DARK, pose((0, 0, 0.3))),
        ("fire extinguisher", "loose_equipment"): box((0.4, 0.3, 0.25), ORANGE, pose((0, 0, 0.125))),
    }
    spots = np.array([[13.2, 1.7], [14.2, -1.9], [17.6, 0.3], [19.2, 3.5], [16.6, -5.0]])
    spots += generator.uniform(-0.35, 0.35, spots.shape)
    things = [
        thing("terminal building", "structure", wall, (80.0, 0.0), anomalous=False),
        thing("jet bridge", "structure", box((18, 3, 5), GREY, pose((0, 0, 2.5))), (40, 12), 0.2, False),
    ]
    for ((name, group), part), at in zip(parts.items(), spots, strict=True):
        things.append(thing(name, group, part, at, generator.uniform(-3, 3)))
    return Scene(tuple(things), condition(**weather), seed)
