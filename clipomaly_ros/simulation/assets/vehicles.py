"""All vehicles of the apron, and what they tow."""

from __future__ import annotations

from clipomaly_ros.simulation.assets.vehicles_boarding import BOARDING
from clipomaly_ros.simulation.assets.vehicles_deicing import DEICING
from clipomaly_ros.simulation.assets.vehicles_fuel import FUEL
from clipomaly_ros.simulation.assets.vehicles_loading import LOADING
from clipomaly_ros.simulation.assets.vehicles_pushback import PUSHBACK
from clipomaly_ros.simulation.assets.vehicles_rescue import RESCUE
from clipomaly_ros.simulation.assets.vehicles_road import ROAD
from clipomaly_ros.simulation.assets.vehicles_service import SERVICE
from clipomaly_ros.simulation.assets.vehicles_towing import TOWING

VEHICLES = (*TOWING, *PUSHBACK, *LOADING, *BOARDING, *FUEL, *SERVICE, *DEICING, *ROAD, *RESCUE)
