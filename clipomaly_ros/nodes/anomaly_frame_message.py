"""What the vision path found, as AnomalyFrame and LabelLegend messages."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sensor_msgs.msg import Image, RegionOfInterest
from std_msgs.msg import Header

from clipomaly_msgs.msg import AnomalyFrame, LabelLegend, LegendEntry, NameCandidate, StageLatency
from clipomaly_msgs.msg import AnomalyRegion as RegionMessage
from clipomaly_ros.nodes.message_buffers import image_message
from clipomaly_ros.vision.legend_colours import legend_colours
from clipomaly_ros.vision.types import AnomalyRegion, AnomalyResult
from clipomaly_ros.vocabulary.entries import Entry

# The bounds in AnomalyFrame.msg and AnomalyRegion.msg.
MAXIMUM_REGIONS, MAXIMUM_CANDIDATES, MAXIMUM_LATENCIES = 1024, 16, 32
SCORE_FULL_SCALE = 65535


@dataclass(frozen=True)
class Origin:
    """What produced a frame: it goes with each message."""

    vocabulary_hash: str
    model_id: str
    model_hash: str
    untrained: bool


def legend_id(vocabulary_hash: str, legend: Sequence[Entry]) -> str:
    """Return the SHA-256 that identifies a legend: the vocabulary and the names by label."""
    names = [[entry.name, int(entry.source), entry.group] for entry in legend]
    return hashlib.sha256(json.dumps([vocabulary_hash, names]).encode()).hexdigest()


def anomaly_frame(
    result: AnomalyResult, header: Header, origin: Origin, latencies: Mapping[str, float]
) -> AnomalyFrame:
    """Make the message of one result; header is the source image's.

    latencies: seconds by stage. Regions beyond the message's bound, the smallest ones, are
    taken out of the region image too, so that image and list always agree.
    """
    kept = sorted(result.regions, key=lambda region: -region.area)[:MAXIMUM_REGIONS]
    region_image = result.region_image
    if len(kept) < len(result.regions):
        stays = np.zeros(np.iinfo(region_image.dtype).max + 1, dtype=bool)
        stays[[region.id for region in kept]] = True
        region_image = np.where(stays[region_image], region_image, 0).astype(region_image.dtype)
    return AnomalyFrame(
        header=header,
        label_image=_mono(result.labels, header),
        region_image=_mono(region_image, header),
        score_image=_mono(score_pixels(result.score), header),
        regions=[_region(region) for region in kept],
        vocabulary_hash=origin.vocabulary_hash,
        legend_id=legend_id(origin.vocabulary_hash, result.legend),
        model_id=origin.model_id,
        model_hash=origin.model_hash,
        untrained=origin.untrained,
        latencies=[
            StageLatency(stage=stage, duration=max(0.0, float(duration)))
            for stage, duration in list(latencies.items())[:MAXIMUM_LATENCIES]
        ],
    )


def label_legend(legend: Sequence[Entry], header: Header, vocabulary_hash: str) -> LabelLegend:
    """Make the legend of the labels of one result; header is that of the first image it holds for."""
    colours = legend_colours(legend)
    return LabelLegend(
        header=header,
        legend_id=legend_id(vocabulary_hash, legend),
        vocabulary_hash=vocabulary_hash,
        entries=[_legend_entry(label, entry, colours[label].tolist()) for label, entry in enumerate(legend)],
    )


def score_pixels(score: NDArray[np.float32]) -> NDArray[np.uint16]:
    """Scale scores of 0 to 1 to 0 to 65535; a score that is not a number counts as unexplained."""
    known = np.nan_to_num(score, nan=1.0, posinf=1.0, neginf=0.0)
    return np.rint(np.clip(known, 0.0, 1.0) * SCORE_FULL_SCALE).astype(np.uint16)


def _mono(values: NDArray[np.unsignedinteger], header: Header) -> Image:
    return image_message(values, "mono8" if values.dtype == np.uint8 else "mono16", header)


def _region(region: AnomalyRegion) -> RegionMessage:
    x, y, width, height = region.box
    return RegionMessage(
        id=int(region.id),
        label=int(region.label),
        name=region.name,
        name_source=int(region.source),
        candidates=[
            NameCandidate(name=item.name, score=_unit(item.score), source=int(item.source))
            for item in region.candidates[:MAXIMUM_CANDIDATES]
        ],
        score=_unit(region.score),
        bounding_box=RegionOfInterest(
            x_offset=int(x), y_offset=int(y), width=int(width), height=int(height), do_rectify=False
        ),
        pixel_area=int(region.area),
        state=int(region.state),
    )


def _unit(value: float) -> float:
    """Keep rounding errors of float32 sums inside the range the message promises."""
    return float(min(1.0, max(0.0, value)))


def _legend_entry(label: int, entry: Entry, colour: Sequence[int]) -> LegendEntry:
    red, green, blue = colour
    return LegendEntry(
        label=label,
        name=entry.name,
        source=int(entry.source),
        group=entry.group,
        red=red,
        green=green,
        blue=blue,
    )
