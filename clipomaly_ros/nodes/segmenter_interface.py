"""Everything the node anomaly_segmenter offers: its parameters, topics and services."""

from __future__ import annotations

from dataclasses import fields
from types import SimpleNamespace

from clipomaly_ros.model.backends import BACKENDS, MISMATCHES
from clipomaly_ros.model.manifest import Manifest
from clipomaly_ros.nodes.parameters import Parameter
from clipomaly_ros.nodes.topics import Topic
from clipomaly_ros.vision.settings import SegmenterSettings

FROM_BUNDLE = "bundle"

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
        1.0,
        "Hysteresis: a region that reaches above the threshold extends down to this fraction of it; 1 is "
        "off.",
        minimum=0.0,
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
        "report_known",
        True,
        "Report regions of approved classes that the vocabulary marks so, such as person and cone.",
        read_only=True,
    ),
    Parameter(
        "report_min_probability",
        0.3,
        "Least mean class probability of such a region.",
        minimum=0.0,
        maximum=1.0,
        read_only=True,
    ),
)

SEGMENTER_PARAMETERS = (
    Parameter(
        "bundle",
        "",
        "Folder of the model bundle; empty takes the small default model, apron-mini.",
        read_only=True,
    ),
    Parameter(
        "approved_vocabulary",
        "",
        "File of the approved classes; empty takes config/vocabulary/airside_approved.yaml of this package.",
        read_only=True,
    ),
    Parameter(
        "candidate_vocabulary",
        "",
        "File of the candidate names; empty takes config/vocabulary/airside_candidates.yaml of this package.",
        read_only=True,
    ),
    Parameter(
        "image_transport",
        "raw",
        "raw listens to image_raw, compressed to image_raw/compressed (JPEG or PNG).",
        choices=("raw", "compressed"),
        read_only=True,
    ),
    Parameter(
        "threads",
        0,
        "Threads of the encoder; 0 leaves their number to the inference library.",
        minimum=0,
        maximum=256,
        read_only=True,
    ),
    Parameter(
        "backend",
        "auto",
        "What runs the image tower: onnxruntime, tensorrt, or tensorrt only if an engine that fits is in the "
        "engine cache (auto).",
        choices=BACKENDS,
        read_only=True,
    ),
    Parameter(
        "engine_cache",
        "",
        "Folder of the TensorRT engines; empty takes engines in $CLIPOMALY_CACHE or the user's cache folder.",
        read_only=True,
    ),
    Parameter(
        "engine_mismatch",
        "rebuild",
        "With backend tensorrt and no fitting engine: build one (rebuild), do not start (refuse), or take "
        "ONNX Runtime (fallback).",
        choices=MISMATCHES,
        read_only=True,
    ),
    Parameter(
        "text_cache",
        "",
        "Folder of the text embedding cache; empty takes $CLIPOMALY_CACHE, else the user's cache folder.",
        read_only=True,
    ),
    Parameter(
        "input_timeout",
        2.0,
        "Without an image for so long the node reports STALE.",
        unit="s",
        minimum=0.05,
        maximum=3600.0,
        read_only=True,
    ),
    Parameter(
        "minimum_rate",
        2.0,
        "Below so many possible frames per second the node reports itself degraded; 0 never.",
        unit="Hz",
        minimum=0.0,
        maximum=1000.0,
        read_only=True,
    ),
    *SETTINGS_PARAMETERS,
)

SEGMENTER_TOPICS = (
    Topic(
        "image_raw",
        "sensor_msgs/msg/Image",
        "in",
        "SENSOR_IN",
        "Camera image, with image_transport raw. The stamp must be the time of measurement.",
    ),
    Topic(
        "image_raw/compressed",
        "sensor_msgs/msg/CompressedImage",
        "in",
        "SENSOR_IN",
        "JPEG or PNG image, with image_transport compressed; follows a remapping of image_raw.",
    ),
    Topic(
        "anomalies",
        "clipomaly_msgs/msg/AnomalyFrame",
        "out",
        "RESULTS",
        "Labels, unknown score and named anomaly regions of each image, with the image's stamp and frame.",
    ),
    Topic(
        "legend",
        "clipomaly_msgs/msg/LabelLegend",
        "out",
        "LATCHED",
        "Names of the label values, whenever they change.",
    ),
    Topic(
        "overlay",
        "sensor_msgs/msg/Image",
        "out",
        "RESULTS",
        "The image with masks and names drawn in, bgr8; made only while somebody listens.",
    ),
    Topic(
        "/diagnostics",
        "diagnostic_msgs/msg/DiagnosticArray",
        "out",
        "",
        "State, facts and counters of the node.",
    ),
    Topic(
        "~/add_candidates",
        "clipomaly_msgs/srv/AddCandidates",
        "service",
        "",
        "Adds candidate names, all or nothing.",
    ),
    Topic(
        "~/set_vocabulary",
        "clipomaly_msgs/srv/SetVocabulary",
        "service",
        "",
        "Replaces approved classes, candidates or both.",
    ),
)


def segmenter_settings(parameters: SimpleNamespace, manifest: Manifest) -> SegmenterSettings:
    """Return the settings that the parameters and the bundle's recommendations make together.

    Raises VisionError for a value out of range.
    """
    values = {field.name: getattr(parameters, field.name) for field in fields(SegmenterSettings)}
    if values["logit_scale"] == 0.0:
        values["logit_scale"] = manifest.logit_scale
    if values["unknown_score"] == FROM_BUNDLE:
        values["unknown_score"] = manifest.threshold.score
    if values["threshold_mode"] == FROM_BUNDLE:
        recommended = manifest.threshold
        values["threshold_mode"] = recommended.mode
        if recommended.mode == "fixed":
            values["threshold"] = recommended.value
        else:  # the absolute score of such a bundle means nothing, so it has no lower limit
            values |= {"quantile": recommended.value, "threshold": 0.0}
    return SegmenterSettings(**values)
