"""Baggage and wheeled chairs where they should not be, and fallen cargo containers."""

from __future__ import annotations

from clipomaly_ros.simulation.assets import containers, luggage, wheeled
from clipomaly_ros.simulation.assets.asset import Asset

_l, _w, _c = luggage, wheeled, containers
BAGGAGE = (
    Asset("suitcase", "baggage", (_l.case_standing, _l.case_lying, _l.duffel, _l.case_leather)),
    Asset("backpack", "baggage", (_l.pack_upright, _l.pack_lying, _l.pack_trekking, _l.pack_drawstring)),
    Asset("stroller", "baggage", (_w.stroller_standing, _w.stroller_toppled, _w.stroller_folded, _w.pram)),
    Asset(
        "wheelchair", "baggage", (_w.chair_standing, _w.chair_toppled, _w.chair_folded, _w.chair_transport)
    ),
    Asset("fallen uld", "baggage", (_c.uld_on_side, _c.uld_upside_down, _c.uld_open, _c.uld_crushed)),
)
