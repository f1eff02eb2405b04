"""Hazard zones as RViz markers: a prism, its outline and a label for each zone."""

from __future__ import annotations

import math
from collections.abc import Iterable

from builtin_interfaces.msg import Duration
from geometry_msgs.msg import Point
from std_msgs.msg import ColorRGBA, Header
from visualization_msgs.msg import Marker, MarkerArray

from clipomaly_msgs.msg import HazardZone, HazardZoneArray, NameCandidate
from clipomaly_ros.nodes.zone_messages import duration_message

OUTLINE, FILL, LABEL = "zone_outline", "zone_fill", "zone_label"
SEVERITY_COLOURS = {
    HazardZone.SEVERITY_INFO: (0.35, 0.65, 1.0),
    HazardZone.SEVERITY_LOW: (0.3, 0.85, 0.4),
    HazardZone.SEVERITY_MEDIUM: (1.0, 0.85, 0.1),
    HazardZone.SEVERITY_HIGH: (1.0, 0.5, 0.0),
    HazardZone.SEVERITY_CRITICAL: (1.0, 0.1, 0.1),
}
SOURCE_WORDS = {
    NameCandidate.SOURCE_NONE: "unnamed",
    NameCandidate.SOURCE_APPROVED: "approved",
    NameCandidate.SOURCE_DICTIONARY: "dictionary",
    NameCandidate.SOURCE_TAGGER: "tagger",
    NameCandidate.SOURCE_OPERATOR: "operator",
}
STATE_WORDS = ("tentative", "confirmed", "dormant", "unconfirmed", "cleared")
FILL_OPACITY = 0.35
LEAST_HEIGHT = 0.05  # metres; a flat spill would be invisible
LINE_WIDTH = 0.04  # metres
TEXT_HEIGHT = 0.5  # metres


class ZoneMarkers:
    """Makes marker arrays; a zone keeps its marker id for life and none is used twice.

    lifetime [s]: markers vanish by themselves when the node dies.
    """

    def __init__(self, lifetime: float) -> None:
        self._lifetime: Duration = duration_message(lifetime)
        self._ids: dict[bytes, int] = {}
        self._next_id = 0

    def update(self, array: HazardZoneArray) -> MarkerArray:
        """Return markers for the zones of an array, and a DELETE for each zone that is gone."""
        shown: dict[bytes, int] = {}
        markers: list[Marker] = []
        for zone in array.zones:
            if zone.state == HazardZone.STATE_CLEARED:
                continue
            key = bytes(zone.id.uuid)
            shown[key] = self._ids.get(key, self._next_id)
            self._next_id = max(self._next_id, shown[key] + 1)
            markers += self._zone(array.header, zone, shown[key])
        gone = [number for key, number in self._ids.items() if key not in shown]
        self._ids = shown
        return MarkerArray(markers=self._deletions(array.header, gone) + markers)

    def reset(self, header: Header) -> MarkerArray:
        """Return the order to remove everything, after a jump in time or at the end."""
        self._ids = {}
        return MarkerArray(markers=[Marker(header=header, action=Marker.DELETEALL)])

    def _deletions(self, header: Header, numbers: Iterable[int]) -> list[Marker]:
        return [
            Marker(header=header, ns=namespace, id=number, action=Marker.DELETE)
            for number in numbers
            for namespace in (OUTLINE, FILL, LABEL)
        ]

    def _zone(self, header: Header, zone: HazardZone, number: int) -> list[Marker]:
        red, green, blue = SEVERITY_COLOURS.get(zone.severity, (1.0, 1.0, 1.0))
        top_z = max(zone.z_max, zone.z_min + LEAST_HEIGHT)
        low = [Point(x=corner.x, y=corner.y, z=zone.z_min) for corner in zone.polygon]
        top = [Point(x=corner.x, y=corner.y, z=top_z) for corner in zone.polygon]

        outline = self._marker(header, OUTLINE, number, Marker.LINE_LIST)
        outline.scale.x = LINE_WIDTH
        outline.color = ColorRGBA(r=red, g=green, b=blue, a=1.0)
        outline.points = [point for edge in _edges(low, top) for point in edge]

        fill = self._marker(header, FILL, number, Marker.TRIANGLE_LIST)
        fill.scale.x = fill.scale.y = fill.scale.z = 1.0
        fill.color = ColorRGBA(r=red, g=green, b=blue, a=FILL_OPACITY)
        fill.points = [point for triangle in _triangles(low, top) for point in triangle]

        label = self._marker(header, LABEL, number, Marker.TEXT_VIEW_FACING)
        label.scale.z = TEXT_HEIGHT
        label.color = ColorRGBA(r=1.0, g=1.0, b=1.0, a=1.0)
        label.pose.position = Point(x=zone.centroid.x, y=zone.centroid.y, z=top_z + TEXT_HEIGHT)
        label.text = label_text(zone)
        return [outline, fill, label]

    def _marker(self, header: Header, namespace: str, number: int, kind: int) -> Marker:
        marker = Marker(
            header=header, ns=namespace, id=number, type=kind, action=Marker.ADD, lifetime=self._lifetime
        )
        marker.pose.orientation.w = 1.0
        return marker


def label_text(zone: HazardZone) -> str:
    """Return what a person reads next to the zone."""
    source = SOURCE_WORDS.get(zone.name_source, f"source {zone.name_source}")
    distance = "" if math.isnan(zone.nearest_edge_distance) else f", {zone.nearest_edge_distance:.1f} m"
    state = STATE_WORDS[zone.state] if zone.state < len(STATE_WORDS) else f"state {zone.state}"
    untrained = "\nuntrained model" if zone.untrained else ""
    return f"{zone.name or 'unknown'} ({source}){distance}\n{state}{untrained}"


def _edges(low: list[Point], top: list[Point]) -> list[tuple[Point, Point]]:
    """Return the edges of the prism: bottom, top, uprights."""
    rings = [(ring[i], ring[(i + 1) % len(ring)]) for ring in (low, top) for i in range(len(ring))]
    return rings + list(zip(low, top, strict=True))


def _triangles(low: list[Point], top: list[Point]) -> list[tuple[Point, Point, Point]]:
    """Return the sides and the lid of the prism; the polygon is convex, so the lid is a fan."""
    sides = []
    for i in range(len(low)):
        j = (i + 1) % len(low)
        sides += [(low[i], low[j], top[j]), (low[i], top[j], top[i])]
    return sides + [(top[0], top[i], top[i + 1]) for i in range(1, len(top) - 1)]
