"""All ground equipment without a motor of its own."""

from __future__ import annotations

from clipomaly_ros.simulation.assets.equipment_containers import CONTAINERS
from clipomaly_ros.simulation.assets.equipment_ground import GROUND_ITEMS
from clipomaly_ros.simulation.assets.equipment_units import UNITS

EQUIPMENT = (*CONTAINERS, *GROUND_ITEMS, *UNITS)
