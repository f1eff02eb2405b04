"""The segmenter on a labelled image set: every frame once, then the figures of the whole set."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.evaluation.component_metrics import (
    OBSTACLE_TRACK,
    ComponentMetrics,
    ComponentSizes,
    FrameComponents,
    frame_components,
    pooled_components,
)
from clipomaly_ros.evaluation.data_hash import DataHash, data_hash
from clipomaly_ros.evaluation.detection_rates import DEFAULT_RULE, DetectionRule, Sighting, sightings_of
from clipomaly_ros.evaluation.false_alarms import FrameAlarms, false_regions
from clipomaly_ros.evaluation.held_out import (
    NOVELTIES,
    KnownSighting,
    known_sightings,
    label_of_novelty,
)
from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import LabelledFrame, LabelledImages
from clipomaly_ros.evaluation.naming_metrics import Naming, naming_of
from clipomaly_ros.evaluation.pixel_metrics import (
    ANOMALY,
    FrameHistogram,
    PixelMetrics,
    frame_histogram,
    pooled_metrics,
)
from clipomaly_ros.evaluation.segmenter_source import PairedSegmenter, SegmenterSource, source_score
from clipomaly_ros.evaluation.semantic_metrics import SemanticScores
from clipomaly_ros.vision.segmenter import SegmenterSettings
from clipomaly_ros.vision.types import AnomalyResult, RegionState

HELD_OUT_GROUPS = ("tools", "ice_snow")
Progress = Callable[[Sequence[str], str], Iterator[str]]
Watcher = Callable[[LabelledFrame, NDArray[np.uint8], AnomalyResult], None]


@dataclass(frozen=True)
class EvaluationRules:
    """What counts as what; fixed before anything is measured.

    held_out: groups that were kept out of training; their names are judged apart. shapes: index of
    the shape that was kept out, by name; empty where none is shown.
    """

    sizes: ComponentSizes = OBSTACLE_TRACK
    detection: DetectionRule = DEFAULT_RULE
    held_out: tuple[str, ...] = HELD_OUT_GROUPS
    shapes: Mapping[str, int] = field(default_factory=dict)


DEFAULT_RULES = EvaluationRules()


@dataclass(frozen=True, eq=False)
class SegmentationReport:
    """Everything measured on one image set.

    pixels: of all frames; pixels_by_condition: of each slice. oracle, fixed, regions: component
    metrics of score > best-F1 threshold of this set, of score > fixed threshold, and of the
    published unknown regions. fixed is None for a threshold that is not fixed.
    semantic: None without semantic labels. seconds: mean time of each step of a frame. data: hash of the
    image set. pixels_by_novelty: by slice ("all" for the set) and novelty, see held_out; empty where
    nothing held out is shown. known: objects of known groups that have a held-out shape.
    fusion: weight of each source of a fused score, which stands in for settings.unknown_score; else None.
    """

    dataset: str
    split: str
    bundle: str
    untrained: bool
    settings: SegmenterSettings
    rules: EvaluationRules
    frames: tuple[str, ...]
    pixels: PixelMetrics
    pixels_by_condition: dict[str, PixelMetrics]
    oracle: ComponentMetrics
    fixed: ComponentMetrics | None
    regions: ComponentMetrics
    sightings: tuple[Sighting, ...]
    namings: tuple[Naming, ...]
    alarms: tuple[FrameAlarms, ...]
    semantic: SemanticScores | None
    seconds: dict[str, float]
    data: DataHash
    bundle_hash: str
    pixels_by_novelty: dict[tuple[str, str], PixelMetrics]
    known: tuple[KnownSighting, ...]
    fusion: Mapping[str, float] | None = None
    backend: str = ""

    @property
    def score(self) -> str:
        """Return which unknown score was measured, in words: a fused one is not that of the settings."""
        if self.fusion is None:
            return self.settings.unknown_score
        return "fused, " + " + ".join(f"{weight:g} {name}" for name, weight in self.fusion.items())


def evaluate_segmentation(
    source: SegmenterSource,
    settings: SegmenterSettings,
    data: LabelledImages,
    dataset: str,
    rules: EvaluationRules = DEFAULT_RULES,
    limit: int | None = None,
    progress: Progress = lambda items, text: iter(items),
    watch: Watcher | None = None,
) -> SegmentationReport:
    """Measure a segmenter on an image set, or on `limit` frames spread evenly over it.

    progress: wraps the frames of a pass, with a text. watch: is given each frame, its image and
    the result. Raises DataError for unusable data, VisionError for unusable settings.
    """
    names = chosen_frames(data, limit)
    run = _FirstPass(source, settings, data, rules)
    # The best-F1 threshold is known after the last frame only, so the scores are kept on disk.
    with tempfile.TemporaryDirectory(prefix="clipomaly_scores_") as kept:
        for number, name in enumerate(progress(names, "segmenting")):
            run.add(name, Path(kept) / f"{number}.npy", watch)
        pixels = pooled_metrics([item for _, item in run.histograms])
        fixed = settings.threshold if settings.threshold_mode == "fixed" else None
        oracle_parts: list[FrameComponents] = []
        fixed_parts: list[FrameComponents] = []
        for number, name in enumerate(progress(names, "components")):
            score = np.load(Path(kept) / f"{number}.npy", allow_pickle=False)
            label = data.anomaly(name)
            with run.clock("components"):
                wide = score.astype(np.float64)  # a threshold need not be a float16
                if not np.isnan(pixels.best_f1_threshold):
                    above = wide > pixels.best_f1_threshold
                    oracle_parts.append(frame_components(above, label, rules.sizes))
                if fixed is not None:
                    fixed_parts.append(frame_components(wide > fixed, label, rules.sizes))
    conditions = sorted({condition for condition, _ in run.histograms if condition})
    return SegmentationReport(
        dataset=dataset,
        split=data.split,
        bundle=source.name,
        untrained=source.untrained,
        settings=settings,
        rules=rules,
        frames=tuple(names),
        pixels=pixels,
        pixels_by_condition={
            condition: pooled_metrics([item for name, item in run.histograms if name == condition])
            for condition in conditions
        },
        oracle=pooled_components(oracle_parts),
        fixed=pooled_components(fixed_parts) if fixed is not None else None,
        regions=pooled_components(run.regions),
        sightings=tuple(run.sightings),
        namings=tuple(run.namings),
        alarms=tuple(run.alarms),
        semantic=run.semantic,
        seconds={name: total / len(names) for name, total in run.seconds.items()},
        data=data_hash(data),
        bundle_hash=source.bundle_hash,
        pixels_by_novelty={
            (condition, novelty): pooled_metrics(
                [item for name, kind, item in run.novelties if kind == novelty and condition in ("all", name)]
            )
            for condition in (("all", *conditions) if run.novelties else ())
            for novelty in NOVELTIES
        },
        known=tuple(run.known),
        fusion=None if source.fusion is None else source.fusion.weights,
        backend=source.backend,
    )


def chosen_frames(data: LabelledImages, limit: int | None) -> list[str]:
    """Return the names of all frames, or of `limit` frames spread evenly over the set."""
    names = list(data.names)
    if limit is None or limit >= len(names):
        return names
    if limit < 1:
        raise ValueError(f"limit: expected at least 1 frame, got {limit}")
    return [names[index] for index in np.linspace(0, len(names) - 1, limit).round().astype(int)]


def read_pair(data: LabelledImages, name: str) -> tuple[NDArray[np.uint8], LabelledFrame]:
    """Return image and ground truth of a frame; DataError if they differ in size."""
    rgb, frame = data.image(name), data.frame(name)
    if rgb.shape[:2] != frame.anomaly.shape:
        raise DataError(
            f"{data.root}: {name}: expected a label of {rgb.shape[:2]} like the image, "
            f"found {frame.anomaly.shape}"
        )
    return rgb, frame


def unknown_identifiers(result: AnomalyResult) -> list[int]:
    """Return the identifiers of the regions that the known vocabulary does not explain."""
    unknown = (RegionState.UNKNOWN_OBSTACLE, RegionState.UNKNOWN_NON_OBSTACLE)
    return [region.id for region in result.regions if region.state in unknown]


@dataclass
class _FirstPass:
    """Gathers what one look at each frame gives."""

    source: SegmenterSource
    settings: SegmenterSettings
    data: LabelledImages
    rules: EvaluationRules
    histograms: list[tuple[str, FrameHistogram]] = field(default_factory=list)
    regions: list[FrameComponents] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    namings: list[Naming] = field(default_factory=list)
    alarms: list[FrameAlarms] = field(default_factory=list)
    semantic: SemanticScores | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    novelties: list[tuple[str, str, FrameHistogram]] = field(default_factory=list)
    known: list[KnownSighting] = field(default_factory=list)

    def __post_init__(self) -> None:
        table = self.source.table
        self._segmenter = PairedSegmenter(self.source, self.settings)
        self._canonical: dict[str, str] = {}
        for entry in table.entries:
            for word in (entry.name, *entry.synonyms):
                self._canonical.setdefault(word, entry.name)
        if self.data.class_names:
            self.semantic = SemanticScores(table.entries, table.approved_count, self.data.class_names)

    @contextmanager
    def clock(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[step] = self.seconds.get(step, 0.0) + time.perf_counter() - start

    def add(self, name: str, kept: Path, watch: Watcher | None) -> None:
        with self.clock("reading"):
            rgb, frame = read_pair(self.data, name)
        with self.clock("segmenter"):
            result, closed = self._segmenter.segment(rgb, closed=self.semantic is not None)
        with self.clock("keeping"):
            score = source_score(result).astype(np.float16)
            np.save(kept, score, allow_pickle=False)
        with self.clock("pixel metrics"):
            self.histograms.append((frame.condition, frame_histogram(score, frame.anomaly)))
            for novelty in NOVELTIES if self.rules.shapes else ():
                label = label_of_novelty(frame, novelty, self.rules.held_out, self.rules.shapes)
                self.novelties.append((frame.condition, novelty, frame_histogram(score, label)))
        with self.clock("regions and names"):
            self._add_regions(frame, result)
        if self.semantic is not None and closed is not None:
            with self.clock("semantic metrics"):
                self.semantic.add(frame, closed, result.labels, result.legend)
        if watch is not None:
            watch(frame, rgb, result)

    def _add_regions(self, frame: LabelledFrame, result: AnomalyResult) -> None:
        unknown = unknown_identifiers(result)
        mask = np.zeros(int(result.region_image.max(initial=0)) + 1, bool)
        mask[unknown] = True
        covered = mask[result.region_image]
        self.regions.append(frame_components(covered, frame.anomaly, self.rules.sizes))
        self.known += known_sightings(frame, result.labels, result.legend, covered, self.rules.shapes)
        false = false_regions(result.region_image, unknown, frame.anomaly)
        nominal = not frame.things and not (frame.anomaly == ANOMALY).any()
        self.alarms.append(FrameAlarms(frame.name, frame.condition, nominal, len(false)))
        sightings = sightings_of(frame, result.region_image, unknown, self.rules.detection)
        self.sightings += sightings
        by_id = {region.id: region for region in result.regions}
        namings = (naming_of(sighting, by_id, self._canonical) for sighting in sightings)
        self.namings += [naming for naming in namings if naming is not None]
