"""The segmenter's settings as node parameters: one row for each field of SegmenterSettings."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

from clipomaly_ros.model.manifest import Manifest
from clipomaly_ros.nodes.operating_point import operating_point, reporting
from clipomaly_ros.nodes.parameters import Parameter
from clipomaly_ros.vision.masked_crops import NAME_EVIDENCE
from clipomaly_ros.vision.naming import NAME_MODES
from clipomaly_ros.vision.score_fusion import ScoreFusion
from clipomaly_ros.vision.settings import SegmenterSettings
from clipomaly_ros.vision.tagger import NAME_WORDS

FROM_BUNDLE = "bundle"
FROM_OPERATING_POINT = -1.0

# One row for each field of SegmenterSettings, with the field's name. Where the bundle knows
# better, the default says "take the bundle's".
SETTINGS_PARAMETERS = (
    Parameter(
        "fit",
        "letterbox",
        "How the image is placed in the encoder input: letterbox keeps the aspect ratio, stretch fills it.",
        choices=("letterbox", "stretch"),
        read_only=True,
    ),
    Parameter(
        "tiles",
        [1, 1],
        "Columns and rows of tiles, 1 to 8 each, that the image is encoded in, one encoder call for each, so "
        "that far objects get more cells. 1, 1 is the whole image in one call.",
        read_only=True,
    ),
    Parameter(
        "tile_overlap",
        0.25,
        "Share of a tile's side that it shares with the next one.",
        minimum=0.0,
        maximum=0.9,
        read_only=True,
    ),
    Parameter(
        "roi",
        [0.0, 0.0, 1.0, 1.0],
        "Part of the image that is looked at: x, y, width and height, as shares of the image's sides; the "
        "rest has neither labels nor regions, and score 0.",
        read_only=True,
    ),
    Parameter(
        "unknown_score",
        FROM_BUNDLE,
        "Unknown score: entropy over the approved classes, probability mass of the candidates, largest "
        "logit, energy or probability margin of the approved classes, or the one the bundle recommends "
        "(bundle).",
        choices=(FROM_BUNDLE, "entropy", "candidate_mass", "max_logit", "energy", "margin"),
        read_only=True,
    ),
    Parameter(
        "logit_scale",
        0.0,
        "Factor on cosines before every softmax; 0 takes the bundle's.",
        minimum=0.0,
        maximum=1000.0,
        read_only=True,
    ),
    Parameter(
        "threshold_mode",
        FROM_BUNDLE,
        "What is unknown: score above `threshold` (fixed), score above the frame's `quantile` and "
        "`threshold` (frame_quantile), or the operating point the bundle recommends (bundle).",
        choices=(FROM_BUNDLE, "fixed", "frame_quantile"),
        read_only=True,
    ),
    Parameter(
        "threshold",
        0.6,
        "Score above which a pixel is unknown; not used with threshold_mode bundle.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        "threshold_low",
        FROM_OPERATING_POINT,
        "Hysteresis: a region that reaches above the threshold extends down to this fraction of it; 1 is "
        "off, and -1 takes what the bundle recommends with threshold_mode bundle, else off.",
        minimum=FROM_OPERATING_POINT,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        "quantile",
        0.97,
        "Quantile of the frame's score; used with threshold_mode frame_quantile only.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        "score_scale",
        0.5,
        "Size of the score image and of region outlines relative to the source image.",
        minimum=0.01,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        "min_region_area",
        64,
        "Smaller regions are left out as noise.",
        unit="pixel",
        minimum=1,
        maximum=1_000_000_000,
        read_only=True,
    ),
    Parameter(
        "max_region_area_fraction",
        1.0,
        "Regions larger than this share of the image are left out; 1 keeps all.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        "max_regions",
        64,
        "Largest number of regions of a frame; the largest ones are kept.",
        minimum=1,
        maximum=512,
        read_only=True,
    ),
    Parameter(
        "min_region_size",
        0.0,
        "Unknown regions whose larger side is smaller on flat ground are left out; 0 is off. Needs "
        "camera_height, camera_pitch and camera_fov.",
        unit="m",
        minimum=0.0,
        maximum=1000.0,
        read_only=True,
    ),
    Parameter(
        "max_region_size",
        0.0,
        "Unknown regions whose larger side is larger on flat ground are left out; 0 is off. Needs "
        "camera_height, camera_pitch and camera_fov.",
        unit="m",
        minimum=0.0,
        maximum=10_000.0,
        read_only=True,
    ),
    Parameter(
        "camera_height",
        0.0,
        "Height of the camera above flat ground; 0 is unknown. For min_region_size and max_region_size only.",
        unit="m",
        minimum=0.0,
        maximum=1000.0,
        read_only=True,
    ),
    Parameter(
        "camera_pitch",
        0.0,
        "How far the camera looks down; 0 is level.",
        unit="rad",
        minimum=-1.57,
        maximum=1.57,
        read_only=True,
    ),
    Parameter(
        "camera_fov",
        1.2,
        "Horizontal field of view of the whole image.",
        unit="rad",
        minimum=0.01,
        maximum=3.0,
        read_only=True,
    ),
    Parameter(
        "smoothing_time",
        0.0,
        "Time constant with which the score of earlier images decays in each cell, the camera's motion not "
        "considered; 0 is off.",
        unit="s",
        minimum=0.0,
        maximum=60.0,
        read_only=True,
    ),
    Parameter(
        "top_words",
        16,
        "Candidates compared in a frame; 0 names nothing.",
        minimum=0,
        maximum=4096,
        read_only=True,
    ),
    Parameter(
        "name_margin",
        0.0,
        "By how much a name's probability must exceed the best approved class's.",
        minimum=-1.0,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        "name_min_probability",
        0.2,
        "Least probability of a name; below it the region stays unnamed.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        "synonym_similarity",
        1.0,
        "Cosine of its text with an approved class's from which a candidate is a synonym of that class and "
        "no name; 1 is off.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    ),
    Parameter(
        "name_words",
        "dictionary",
        "Candidates of a frame: the dictionary, the tags found in it (tagger; needs tagger_bundle or "
        "tag_list), or both.",
        choices=NAME_WORDS,
        read_only=True,
    ),
    Parameter(
        "name_evidence",
        "pooled",
        "What a region is named by: the patches inside it (pooled), its masked crop through the encoder once "
        "more (crop, one more encoder call for each region), or the mean of both in the log domain (both).",
        choices=NAME_EVIDENCE,
        read_only=True,
    ),
    Parameter(
        "crop_regions",
        4,
        "With name_evidence crop or both, how many regions of a frame get a crop: those of highest score.",
        minimum=1,
        maximum=64,
        read_only=True,
    ),
    Parameter(
        "name_mode",
        "best",
        "A region has its best name alone (best), or all candidates that fit share it cell by cell in the "
        "label image (all).",
        choices=NAME_MODES,
        read_only=True,
    ),
    Parameter(
        "report_known",
        True,
        "Report regions of approved classes that the vocabulary marks so, such as person and cone.",
        read_only=True,
    ),
    Parameter(
        "report_min_probability",
        FROM_OPERATING_POINT,
        "Least mean class probability of such a region; -1 takes what the bundle recommends, else 0.3.",
        minimum=FROM_OPERATING_POINT,
        maximum=1.0,
        read_only=True,
    ),
)


def segmenter_settings(
    parameters: SimpleNamespace, manifest: Manifest, fusion: ScoreFusion | None = None
) -> SegmenterSettings:
    """Return the settings that the parameters and the bundle's recommendations make together.

    fusion: the fused score, whose own threshold stands in for the bundle's. Raises VisionError for a value
    out of range.
    """
    values = {field.name: getattr(parameters, field.name) for field in fields(SegmenterSettings)}
    if values["logit_scale"] == 0.0:
        values["logit_scale"] = manifest.logit_scale
    if values["unknown_score"] == FROM_BUNDLE:
        values["unknown_score"] = manifest.threshold.score
    if values["report_min_probability"] == FROM_OPERATING_POINT:
        del values["report_min_probability"]
        values |= reporting(manifest)
    low = values["threshold_low"]
    if low == FROM_OPERATING_POINT:
        values["threshold_low"] = 1.0
    if values["threshold_mode"] == FROM_BUNDLE:
        values |= operating_point(manifest.threshold, fusion)
        if low != FROM_OPERATING_POINT:
            values["threshold_low"] = low
    return SegmenterSettings(**values)
