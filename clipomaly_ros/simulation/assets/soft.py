"""Light litter: bags, film, bottles, straps, rags, tags, cups, trays."""

from __future__ import annotations

from clipomaly_ros.simulation.assets import litter, tableware
from clipomaly_ros.simulation.assets.asset import Asset

_l, _t = litter, tableware
SOFT = (
    Asset("plastic bag", "soft", (_l.bag_crumpled, _l.bag_carrier, _l.bag_flat, _l.bag_tied)),
    Asset("plastic wrap", "soft", (_l.wrap_sheet, _l.wrap_rope, _l.wrap_heap, _l.wrap_billowing)),
    Asset("bottle", "soft", (_t.bottle_lying, _t.bottle_standing, _t.bottle_crushed, _t.bottle_glass)),
    Asset("strap", "soft", (_l.strap_stray, _l.strap_coil, _l.strap_ratchet, _l.strap_tangle)),
    Asset("rag", "soft", (_l.rag_crumpled, _l.rag_flat, _l.rag_heap, _l.rag_twisted)),
    Asset("luggage tag", "soft", (_l.tag_paper_loop, _l.tag_card, _l.tag_curled, _l.tag_leather)),
    Asset("cup", "soft", (_t.cup_standing, _t.cup_lying, _t.cup_crushed, _t.cup_lidded)),
    Asset("catering tray", "soft", (_t.tray_served, _t.tray_empty, _t.tray_upside_down, _t.tray_foil)),
)
