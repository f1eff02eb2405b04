"""All assets by name: what belongs on an apron, and what does not."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Mapping

from clipomaly_ros.simulation.assets.asset import Asset, by_name


def _load(module: str, name: str) -> tuple[Asset, ...]:
    path = f"clipomaly_ros.simulation.assets.{module}"
    return getattr(importlib.import_module(path), name, ()) if importlib.util.find_spec(path) else ()


KNOWN: Mapping[str, Asset] = by_name(
    tuple(
        asset
        for module in ("aircraft", "structures", "people", "vehicles", "equipment")
        for asset in _load(module, module.upper())
    )
)
ANOMALIES: Mapping[str, Asset] = by_name(
    tuple(
        asset
        for module in (
            "hardware",
            "tools",
            "soft",
            "baggage",
            "pavement",
            "loose_equipment",
            "animals",
            "fluids",
            "ice_snow",
            "smoke_fire",
            "clutter",
        )
        for asset in _load(module, module.upper())
    )
)
