"""All assets by name: what belongs on an apron, and what does not."""

from __future__ import annotations

from collections.abc import Mapping

from clipomaly_ros.simulation.assets.aircraft import AIRCRAFT
from clipomaly_ros.simulation.assets.animals import ANIMALS
from clipomaly_ros.simulation.assets.asset import Asset, by_name
from clipomaly_ros.simulation.assets.baggage import BAGGAGE
from clipomaly_ros.simulation.assets.clutter import CLUTTER
from clipomaly_ros.simulation.assets.equipment import EQUIPMENT
from clipomaly_ros.simulation.assets.fluids import FLUIDS
from clipomaly_ros.simulation.assets.hardware import HARDWARE
from clipomaly_ros.simulation.assets.ice_snow import ICE_SNOW
from clipomaly_ros.simulation.assets.loose_equipment import LOOSE_EQUIPMENT
from clipomaly_ros.simulation.assets.pavement import PAVEMENT
from clipomaly_ros.simulation.assets.people import PEOPLE
from clipomaly_ros.simulation.assets.smoke_fire import SMOKE_FIRE
from clipomaly_ros.simulation.assets.soft import SOFT
from clipomaly_ros.simulation.assets.structures import STRUCTURES
from clipomaly_ros.simulation.assets.tools import TOOLS
from clipomaly_ros.simulation.assets.vehicles import VEHICLES

KNOWN: Mapping[str, Asset] = by_name((*AIRCRAFT, *STRUCTURES, *PEOPLE, *VEHICLES, *EQUIPMENT))
ANOMALIES: Mapping[str, Asset] = by_name(
    (
        *HARDWARE,
        *TOOLS,
        *SOFT,
        *BAGGAGE,
        *PAVEMENT,
        *LOOSE_EQUIPMENT,
        *ANIMALS,
        *FLUIDS,
        *ICE_SNOW,
        *SMOKE_FIRE,
        *CLUTTER,
    )
)
