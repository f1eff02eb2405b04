"""The page that shows a replay: one HTML file beside its pictures, no script or font from elsewhere."""

from __future__ import annotations

import json
import string
from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import Any

from clipomaly_ros.hazard.types import Action, Severity, Support, ZoneState
from clipomaly_ros.replay.pictures import FramePictures
from clipomaly_ros.replay.processes import share_file
from clipomaly_ros.replay.summary import Summary
from clipomaly_ros.replay.zone_drawing import colour, words


def write_report(out: Path, summary: Summary, pictures: Sequence[FramePictures]) -> Path:
    """Write out/index.html and out/summary.json; return the page."""
    (out / "summary.json").write_text(summary.to_json(), encoding="utf-8")
    template = string.Template(share_file("config", "replay_report.html").read_text(encoding="utf-8"))
    start = pictures[0].stamp if pictures else 0
    frames = [_frame(item, start) for item in pictures]
    page = template.substitute(
        title=escape(f"{summary.bag_name} - hazard zones"),
        bag=escape(summary.bag_name),
        banner=_banner(summary),
        tiles=_tiles(summary),
        rows="".join(_row(*row) for row in summary.rows()),
        latencies="".join(
            f"<tr><td>{escape(item.node)}</td><td>{escape(item.stage)}</td>"
            f"<td class=n>{item.median:.1f}</td><td class=n>{item.p95:.1f}</td>"
            f"<td class=n>{item.count}</td></tr>"
            for item in summary.latencies
        ),
        details="".join(_row(*item) for item in summary.details.items()),
        details_hidden="" if summary.details else "hidden",
        # "</" would end the script element
        frames=json.dumps(frames, ensure_ascii=False, allow_nan=False).replace("</", "<\\/"),
        first=escape(frames[0]["overlay"]) if frames else "",
        first_top=escape(frames[0]["top"]) if frames else "",
        last=max(len(frames) - 1, 0),
    )
    path = out / "index.html"
    path.write_text(page, encoding="utf-8")
    return path


def _banner(summary: Summary) -> str:
    banner = ""
    if summary.masks:
        banner += (
            f"<p class='banner note'><b>Masks: recorded on {escape(summary.masks)}.</b> "
            "No segmenter ran: regions and names are the recorded ones, the zones are computed from them.</p>"
        )
    if summary.untrained:
        banner += (
            "<p class=banner><b>Untrained model.</b> This bundle has random weights: regions, names and "
            "scores show that every stage runs, and nothing else.</p>"
        )
    return banner


def _tiles(summary: Summary) -> str:
    whole = next((item for item in summary.latencies if item.node == "whole way"), None)
    tiles = [
        (f"{summary.with_zones}<small> / {summary.images}</small>", "frames with zones"),
        (f"{summary.dropped}", "frames dropped"),
        (f"{summary.regions}", "regions"),
        (f"{summary.zones}", "distinct zones"),
        (f"{whole.median:.0f}<small> ms</small>" if whole else "-", "image to zones, median"),
        (f"{whole.p95:.0f}<small> ms</small>" if whole else "-", "image to zones, p95"),
    ]
    return "".join(f"<div class=tile><b>{value}</b><span>{label}</span></div>" for value, label in tiles)


def _row(label: str, value: str) -> str:
    return f"<tr><th>{escape(label)}</th><td>{escape(value)}</td></tr>"


def _frame(item: FramePictures, start: int) -> dict[str, Any]:
    zones = [] if item.zones is None else [_zone(zone) for zone in item.zones.zones]
    return {
        "overlay": item.overlay,
        "top": item.top,
        "time": round((item.stamp - start) * 1e-9, 3),
        "regions": None if item.frame is None else len(item.frame.regions),
        "zones": zones,
        "fused": item.zones is not None,
    }


def _zone(zone: Any) -> dict[str, Any]:
    distance = float(zone.nearest_edge_distance)
    red, green, blue = colour(zone.severity)
    return {
        "id": bytes(zone.id.uuid).hex()[:8],
        "name": zone.name or "unknown",
        "state": words(ZoneState, zone.state),
        "severity": words(Severity, zone.severity),
        "action": words(Action, zone.suggested_action),
        "support": words(Support, zone.sensor_support),
        "points": int(zone.point_count),
        "distance": round(distance, 1) if distance == distance else None,
        "height": round(float(zone.z_max - zone.z_min), 2),
        "existence": round(float(zone.existence_probability), 2),
        "colour": f"rgb({red} {green} {blue})",
    }
