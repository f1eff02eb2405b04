"""Light litter: bags, film, bottles, straps, rags, tags, cups, trays."""

from __future__ import annotations

from clipomaly_ros.simulation.assets import bags, litter, tableware
from clipomaly_ros.simulation.assets.asset import Asset

_l, _t = litter, tableware
SOFT = (
    Asset("plastic bag", "soft", (bags.bag_crumpled, bags.bag_carrier, bags.bag_flat, bags.bag_tied)),
    Asset("plastic wrap", "soft", (bags.wrap_sheet, bags.wrap_rope, bags.wrap_heap, bags.wrap_billowing)),
    Asset("bottle", "soft", (_t.bottle_lying, _t.bottle_standing, _t.bottle_crushed, _t.bottle_glass)),
    Asset("strap", "soft", (_l.strap_stray, _l.strap_coil, _l.strap_ratchet, _l.strap_tangle)),
    Asset("rag", "soft", (_l.rag_crumpled, _l.rag_flat, _l.rag_heap, _l.rag_twisted)),
    Asset("luggage tag", "soft", (_l.tag_paper_loop, _l.tag_card, _l.tag_curled, _l.tag_leather)),
    Asset("cup", "soft", (_t.cup_standing, _t.cup_lying, _t.cup_crushed, _t.cup_lidded)),
    Asset("catering tray", "soft", (_t.tray_served, _t.tray_empty, _t.tray_upside_down, _t.tray_foil)),
)
