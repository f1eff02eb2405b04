"""AnomalyFrame at the edge of fusion: checked once, then arrays and observations."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from clipomaly_msgs.msg import AnomalyFrame, AnomalyRegion, NameCandidate
from clipomaly_ros.hazard.types import RegionObservation, ScoredName
from clipomaly_ros.nodes.message_checks import BadMessage, check_header, mono_pixels
from clipomaly_ros.nodes.plain_text import plain_text

SOURCES = range(NameCandidate.SOURCE_NONE, NameCandidate.SOURCE_OPERATOR + 1)
STATES = range(AnomalyRegion.STATE_KNOWN, AnomalyRegion.STATE_VOID + 1)


@dataclass(frozen=True)
class Provenance:
    """What produced the names: it goes with each zone."""

    vocabulary_hash: str = ""
    model_id: str = ""
    untrained: bool = False


@dataclass(frozen=True)
class FrameInput:
    """One usable AnomalyFrame.

    stamp: nanoseconds. region_image: uint8 or uint16 [H, W], 0 = none, else RegionObservation.id.
    labels: region id -> label, whose group stands in the legend legend_id. label_image: label of
    each pixel, uint8 or uint16 [H, W].
    """

    header: Header
    stamp: int
    region_image: NDArray[np.unsignedinteger]
    regions: tuple[RegionObservation, ...]
    labels: Mapping[int, int]
    legend_id: str
    provenance: Provenance
    label_image: NDArray[np.unsignedinteger] | None = None

    @property
    def frame_id(self) -> str:
        """Return the camera's optical frame."""
        return self.header.frame_id

    @property
    def size(self) -> tuple[int, int]:
        """Return width and height [pixel]."""
        height, width = self.region_image.shape
        return width, height

    def regions_with_groups(self, groups: Mapping[int, str]) -> tuple[RegionObservation, ...]:
        """Return the regions with the policy group of their label, "" when unknown."""
        return tuple(replace(region, group=groups.get(self.labels[region.id], "")) for region in self.regions)


def read_anomaly_frame(message: AnomalyFrame) -> FrameInput:
    """Check a frame and convert it; BadMessage names what is wrong with it."""
    stamp = check_header(message.header)
    label_image = mono_pixels(message.label_image, "label_image")
    region_image = mono_pixels(message.region_image, "region_image")
    mono_pixels(message.score_image, "score_image")
    if label_image.shape != region_image.shape:
        raise BadMessage(
            "size",
            f"label_image is {label_image.shape[1]}x{label_image.shape[0]} but "
            f"region_image is {region_image.shape[1]}x{region_image.shape[0]}",
        )
    regions = tuple(_observation(region, region_image.shape) for region in message.regions)
    _check_ids([region.id for region in regions], region_image)
    return FrameInput(
        header=message.header,
        stamp=stamp,
        region_image=region_image,
        regions=regions,
        labels={region.id: region.label for region in message.regions},
        legend_id=message.legend_id,
        provenance=Provenance(
            plain_text(message.vocabulary_hash), plain_text(message.model_id), message.untrained
        ),
        label_image=label_image,
    )


def _check_ids(ids: list[int], region_image: NDArray[np.unsignedinteger]) -> None:
    """Compare the listed ids with the pixel values, both ways."""
    if len(set(ids)) != len(ids):
        twice = sorted({number for number in ids if ids.count(number) > 1})
        raise BadMessage("region_ids", f"region ids must be unique, these come twice: {twice[:10]}")
    values = int(np.iinfo(region_image.dtype).max) + 1
    painted = cv2.calcHist([region_image], [0], None, [values], [0, values])  # ten times np.unique
    found = set(np.flatnonzero(painted).tolist()) - {AnomalyFrame.NO_REGION}
    if found != set(ids):
        absent, unlisted = sorted(set(ids) - found), sorted(found - set(ids))
        raise BadMessage(
            "region_ids",
            "regions and region_image must name the same ids; "
            f"without pixels: {absent[:10]}, without an entry: {unlisted[:10]}",
        )


def _observation(region: AnomalyRegion, shape: tuple[int, ...]) -> RegionObservation:
    box = region.bounding_box
    height, width = shape
    if (
        not box.width
        or not box.height
        or box.x_offset + box.width > width
        or box.y_offset + box.height > height
    ):
        raise BadMessage(
            "region_box",
            f"region {region.id}: box x {box.x_offset} y {box.y_offset} {box.width}x{box.height} "
            f"is empty or leaves the {width}x{height} image",
        )
    if not 1 <= region.id < AnomalyFrame.UNLABELLED_MONO16:
        raise BadMessage("region_ids", f"region ids are 1 to 65534, got {region.id}")
    if region.state not in STATES or region.name_source not in SOURCES:
        raise BadMessage(
            "region_values",
            f"region {region.id}: unknown state {region.state} or name source {region.name_source}",
        )
    for text, score in [("score", region.score), *((c.name, c.score) for c in region.candidates)]:
        if not (math.isfinite(score) and 0.0 <= score <= 1.0):
            raise BadMessage("region_values", f"region {region.id}: {text} must be 0 to 1, got {score}")
    return RegionObservation(
        id=region.id,
        name=plain_text(region.name),
        source=region.name_source,
        candidates=tuple(ScoredName(plain_text(c.name), c.score, c.source) for c in region.candidates),
        score=region.score,
        box=(box.x_offset, box.y_offset, box.width, box.height),
        state=region.state,
    )
