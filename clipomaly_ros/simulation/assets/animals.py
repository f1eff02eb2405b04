"""All animals of the airfield."""

from __future__ import annotations

from clipomaly_ros.simulation.assets.animals_birds import BIRDS
from clipomaly_ros.simulation.assets.animals_mammals import MAMMALS
from clipomaly_ros.simulation.assets.asset import Asset

ANIMALS: tuple[Asset, ...] = (*BIRDS, *MAMMALS)
