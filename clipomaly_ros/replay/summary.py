"""Figures of a replay: frames, regions, zones, latencies, reasons for what was lost."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from clipomaly_ros.hazard.types import ZoneState
from clipomaly_ros.replay.pictures import FramePictures
from clipomaly_ros.replay.player import Playback

_WIDEST = 100


@dataclass(frozen=True)
class Latency:
    """One stage: milliseconds; count is the number of frames behind it."""

    node: str
    stage: str
    median: float
    p95: float
    count: int


@dataclass(frozen=True)
class Summary:
    """Everything the table and summary.json show.

    reasons: node -> reason -> count, as the nodes' diagnostics name them; errors: lines of
    their logs. masks: topic on which the masks were recorded, empty when they were computed.
    """

    bag: str
    mode: str
    fixed_frame: str
    masks: str
    model: str
    untrained: bool
    images: int
    segmented: int
    clouds: int
    matched: int
    with_zones: int
    dropped: int
    regions: int
    zones: int
    confirmed: int
    fused: int
    latencies: tuple[Latency, ...]
    reasons: dict[str, dict[str, int]] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    errors: dict[str, list[str]] = field(default_factory=dict)

    def to_json(self) -> str:
        """Return summary.json."""
        return json.dumps(asdict(self), indent=2, ensure_ascii=False) + "\n"

    @property
    def bag_name(self) -> str:
        """Return what people call the bag: its folder's or file's name."""
        return Path(self.bag).name

    def rows(self) -> list[tuple[str, str]]:
        """Return label and value of each line of the table."""
        rows = [
            ("bag", self.bag_name),
            ("mode", self.mode),
            (
                "model",
                self.model + (" (UNTRAINED: names mean nothing)" if self.untrained else ""),
            ),
            *([("masks", f"recorded on {self.masks}")] if self.masks else []),
            ("zones in frame", self.fixed_frame),
            (
                "images in / with recorded masks" if self.masks else "images in / segmented",
                f"{self.images} / {self.segmented}",
            ),
            ("clouds in / matched with an image", f"{self.clouds} / {self.matched}"),
            ("pairs fused / frames dropped", f"{self.with_zones} / {self.dropped}"),
            ("regions (all frames)", f"{self.regions}"),
            ("distinct zones (confirmed / with LiDAR)", f"{self.zones} ({self.confirmed} / {self.fused})"),
        ]
        for node, reasons in self.reasons.items():
            rows += [(f"{node}: {reason}", f"{count}") for reason, count in reasons.items()]
        return rows

    def table(self) -> str:
        """Return the table for a terminal."""
        rows = self.rows()
        wide = max(len(label) for label, _ in rows)
        lines = [f"  {label:<{wide}}  {value[:_WIDEST]}" for label, value in rows]
        if self.latencies:
            lines += ["", f"  {'latency [ms]':<{wide}}  {'median':>8}  {'p95':>8}"]
            lines += [
                f"  {f'{item.node}: {item.stage}':<{wide}}  {item.median:8.1f}  {item.p95:8.1f}"
                for item in self.latencies
            ]
        return "\n".join(lines)


def summarise(
    settings: Mapping[str, str],
    playback: Playback,
    clouds: int,
    pictures: Sequence[FramePictures],
    diagnostics: Mapping[str, Mapping[str, str]],
    errors: Mapping[str, list[str]],
) -> Summary:
    """Compute the figures.

    settings: bag, mode, fixed_frame, masks. pictures: the frames' messages. diagnostics: last values by node.
    """
    frames = [item.frame for item in pictures if item.frame is not None]
    arrays = [item.zones for item in pictures if item.zones is not None]
    zones: dict[bytes, list[Any]] = {}
    for array in arrays:
        for zone in array.zones:
            zones.setdefault(bytes(zone.id.uuid), []).append(zone)
    # Recorded frames bring the times of another run, perhaps on another machine.
    stages = [] if settings["masks"] else _stages("segmenter", frames)
    stages += _stages("fusion", arrays)
    walls = [
        (playback.zones_at[stamp] - sent)
        for stamp, sent in playback.sent.items()
        if stamp in playback.zones_at
    ]
    if walls:
        stages.append(_latency("whole way", "image sent to zones received", walls))
    lost = [stamp for stamp in playback.sent if not playback.done(stamp)]
    first = frames[0] if frames else None
    return Summary(
        **settings,
        model=first.model_id if first else "",
        untrained=bool(first.untrained) if first else False,
        images=len(playback.sent),
        segmented=len(playback.frame_at.keys() & playback.sent.keys()),
        clouds=clouds,
        matched=len(playback.matched),
        with_zones=len(playback.matched & playback.zones_at.keys()),
        dropped=len(lost),
        regions=sum(len(frame.regions) for frame in frames),
        zones=len(zones),
        confirmed=sum(any(z.state == ZoneState.CONFIRMED for z in seen) for seen in zones.values()),
        fused=sum(any(z.point_count > 0 for z in seen) for seen in zones.values()),
        latencies=tuple(stages),
        reasons={name: _reasons(values) for name, values in diagnostics.items() if _reasons(values)},
        details={
            f"{name}: {key[:-5]}": value
            for name, values in diagnostics.items()
            for key, value in values.items()
            if key.endswith(".last")
        },
        errors={name: list(lines) for name, lines in errors.items() if lines},
    )


def _stages(node: str, messages: Sequence[Any]) -> list[Latency]:
    durations: dict[str, list[float]] = {}
    for message in messages:
        for item in message.latencies:
            durations.setdefault(item.stage, []).append(float(item.duration))
    return [_latency(node, stage, values) for stage, values in durations.items()]


def _latency(node: str, stage: str, seconds: Sequence[float]) -> Latency:
    milliseconds = 1000 * np.asarray(seconds, float)
    median, p95 = np.percentile(milliseconds, [50, 95])
    return Latency(node, stage, round(float(median), 2), round(float(p95), 2), len(milliseconds))


def _reasons(values: Mapping[str, str]) -> dict[str, int]:
    """Return what a node counted as lost or wrong: counters that carry a detail."""
    return {key: int(value) for key, value in values.items() if value.isdigit() and f"{key}.last" in values}
