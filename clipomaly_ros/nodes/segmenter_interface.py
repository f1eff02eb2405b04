"""Everything the node anomaly_segmenter offers: its parameters, topics and services."""

from __future__ import annotations

from clipomaly_ros.model.backends import BACKENDS, MISMATCHES
from clipomaly_ros.model.openvino_encoder import OPENVINO_PRECISIONS
from clipomaly_ros.nodes.parameters import Parameter
from clipomaly_ros.nodes.segmenter_settings import SETTINGS_PARAMETERS
from clipomaly_ros.nodes.topics import Topic
from clipomaly_ros.vision.tagger import LIGHT_TAG_SHARE

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
        "What runs the image tower: onnxruntime, openvino (for CPUs, installed separately), tensorrt, or "
        "tensorrt only if an engine that fits is in the engine cache (auto).",
        choices=BACKENDS,
        read_only=True,
    ),
    Parameter(
        "openvino_precision",
        OPENVINO_PRECISIONS[0],
        "Arithmetic of backend openvino: float32, or bfloat16 on CPUs that have instructions for it, about "
        "twice as fast and less exact.",
        choices=OPENVINO_PRECISIONS,
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
        "ONNX Runtime (fallback). With backend openvino where it, or bf16, cannot be had: do not start "
        "(refuse), else take ONNX Runtime, or f32.",
        choices=MISMATCHES,
        read_only=True,
    ),
    Parameter(
        "score_fusion",
        "",
        "File of a fused unknown score, made by `clipomaly evaluate weights`; it takes the place of "
        "unknown_score, and of the bundle's threshold with threshold_mode bundle. Empty is off.",
        read_only=True,
    ),
    Parameter(
        "tagger_bundle",
        "",
        "Folder of an image tagger, made by `clipomaly tagger-bundle`; for name_words tagger and both.",
        read_only=True,
    ),
    Parameter(
        "tag_list",
        "",
        "File with one tag a line for the light tagger, which looks at the encoder's global embedding, in "
        "place of tagger_bundle.",
        read_only=True,
    ),
    Parameter(
        "tag_share",
        LIGHT_TAG_SHARE,
        "With tag_list, a frame has the tags whose probability is at least this share of the largest one.",
        minimum=1e-6,
        maximum=1.0,
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
