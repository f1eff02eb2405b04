"""What the hazard_fusion node shows to the outside: its parameters, topics and services."""

from __future__ import annotations

from clipomaly_ros.nodes.fusion_settings import SETTINGS_PARAMETERS
from clipomaly_ros.nodes.parameters import Parameter
from clipomaly_ros.nodes.topics import Topic

FUSION_PARAMETERS = (
    Parameter(
        "cameras",
        [],
        "Namespaces of the cameras, each with anomalies, legend and camera_info; "
        "empty for one camera in the node's own namespace.",
        read_only=True,
    ),
    Parameter(
        "lidars",
        [],
        "Namespaces of the LiDARs, each with points; their clouds are used together, and one that falls "
        "silent stops nothing. Empty for one in the node's own namespace.",
        read_only=True,
    ),
    Parameter(
        "deskew",
        True,
        "Move the points of each scan to the image's stamp by their own times, where the clouds have them.",
        read_only=True,
    ),
    Parameter(
        "point_time_unit",
        "auto",
        "Unit of the points' times (field t, time, timestamp, time_stamp, time_offset or offset_time, from "
        "the stamp or absolute); auto: ns for integers, else what makes a scan last 1 ms to 1 s.",
        choices=("auto", "s", "ms", "us", "ns"),
        read_only=True,
    ),
    Parameter(
        "fixed_frame", "odom", "Frame of all zones; it must not move with the vehicle.", read_only=True
    ),
    Parameter(
        "reference_frame",
        "base_link",
        "Frame from whose origin nearest_edge_distance is measured.",
        read_only=True,
    ),
    Parameter(
        "policy",
        "",
        "Path of the hazard policy (YAML); empty for config/hazard_policy.yaml of this package.",
        read_only=True,
    ),
    Parameter(
        "slop",
        0.05,
        "Largest difference of the stamps of an image and the cloud joined with it.",
        "s",
        0.0001,
        10.0,
        read_only=True,
    ),
    Parameter(
        "queue_size",
        30,
        "Frames and clouds that wait for a counterpart: the segmenter's delay times the rate, and some more.",
        "",
        1,
        1000,
        read_only=True,
    ),
    Parameter(
        "tf_timeout",
        0.5,
        "How long a matched pair waits for its transforms and calibration.",
        "s",
        0.0,
        60.0,
        read_only=True,
    ),
    Parameter(
        "waiting_size",
        40,
        "Matched pairs that may wait for transforms at the same time: tf_timeout times the rate of all "
        "cameras.",
        "",
        1,
        1000,
        read_only=True,
    ),
    Parameter("tf_cache_time", 10.0, "How long transforms are kept.", "s", 0.1, 600.0, read_only=True),
    Parameter(
        "max_age",
        3.0,
        "Pairs older than this on the node's clock are dropped, and messages this far ahead of it; "
        "0 switches both off, e.g. to replay a recording without /clock.",
        "s",
        0.0,
        3600.0,
        read_only=True,
    ),
    Parameter(
        "jump_threshold",
        0.5,
        "Stamps that go back by more than this begin a new time, and all that is remembered goes; two "
        "sensors, three messages of one or /clock must agree on it, a single message is left out.",
        "s",
        0.0,
        60.0,
        read_only=True,
    ),
    Parameter(
        "clock_timeout",
        1.0,
        "With use_sim_time: how long /clock may stand still (real time) before the diagnostics say "
        "'clock stopped'; hazard_zones go on at min_publish_rate of real time meanwhile.",
        "s",
        0.05,
        3600.0,
        read_only=True,
    ),
    Parameter(
        "input_timeout",
        3.0,
        "Silence of an input after which the diagnostics say STALE.",
        "s",
        0.01,
        3600.0,
        read_only=True,
    ),
    Parameter(
        "min_publish_rate",
        1.0,
        "Least rate of hazard_zones: without new pairs the known zones go out as STALE; 0 for never.",
        "Hz",
        0.0,
        100.0,
        read_only=True,
    ),
    Parameter(
        "max_service_rate",
        20.0,
        "Calls of clear_zone and confirm_zone together that are answered; more are refused. 0 for no limit.",
        "Hz",
        0.0,
        1000.0,
        read_only=True,
    ),
    Parameter(
        "marker_lifetime",
        3.0,
        "How long RViz shows a marker that is not sent again; 0 for ever.",
        "s",
        0.0,
        3600.0,
        read_only=True,
    ),
    Parameter(
        "rectified",
        False,
        "The segmented images are rectified (image_rect of image_proc): R and P of CameraInfo hold instead "
        "of K and D. False is for raw images; CameraInfo does not tell which of them it goes with.",
        read_only=True,
    ),
    *SETTINGS_PARAMETERS,
)

FUSION_TOPICS = (
    Topic(
        "anomalies",
        "clipomaly_msgs/msg/AnomalyFrame",
        "in",
        "RESULTS",
        "Anomaly regions of each image; one topic in the namespace of each camera.",
    ),
    Topic(
        "legend",
        "clipomaly_msgs/msg/LabelLegend",
        "in",
        "LATCHED",
        "Groups of the labels, for the hazard policy; one topic for each camera.",
    ),
    Topic(
        "camera_info",
        "sensor_msgs/msg/CameraInfo",
        "in",
        "SENSOR_IN",
        "Calibration of the segmented image; one topic for each camera.",
    ),
    Topic(
        "points",
        "sensor_msgs/msg/PointCloud2",
        "in",
        "SENSOR_IN",
        "LiDAR points, at least x, y, z; one topic in the namespace of each LiDAR.",
    ),
    Topic(
        "/tf",
        "tf2_msgs/msg/TFMessage",
        "in",
        "",
        "Transforms; fixed frame, camera and LiDAR must be connected at the stamps.",
    ),
    Topic("/tf_static", "tf2_msgs/msg/TFMessage", "in", "", "Mounting of the sensors."),
    Topic(
        "hazard_zones",
        "clipomaly_msgs/msg/HazardZoneArray",
        "out",
        "RESULTS",
        "All zones, once for each joined image (with its stamp) and at least at min_publish_rate; "
        "camera_frame is empty when there was no new measurement.",
    ),
    Topic(
        "hazard_markers",
        "visualization_msgs/msg/MarkerArray",
        "out",
        "RESULTS",
        "The zones for RViz: prism, outline, label.",
    ),
    Topic("/diagnostics", "diagnostic_msgs/msg/DiagnosticArray", "out", "", "Health and counters."),
    Topic("~/clear_zone", "clipomaly_msgs/srv/ClearZone", "service", "", "Declare a hazard gone."),
    Topic("~/confirm_zone", "clipomaly_msgs/srv/ConfirmZone", "service", "", "Declare a hazard real."),
)
