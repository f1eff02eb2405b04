"""All vehicles of the apron, and what they tow."""

from __future__ import annotations

from clipomaly_ros.simulation.assets.vehicles_loading import LOADING
from clipomaly_ros.simulation.assets.vehicles_road import ROAD
from clipomaly_ros.simulation.assets.vehicles_service import SERVICE
from clipomaly_ros.simulation.assets.vehicles_towing import TOWING

VEHICLES = (*TOWING, *LOADING, *SERVICE, *ROAD)
