"""The options that say what runs the image tower of a command."""

from __future__ import annotations

import argparse

from clipomaly_ros.model.backends import BACKENDS
from clipomaly_ros.model.openvino_encoder import OPENVINO_PRECISIONS

# A figure must say what it is of: a command takes the backend that it is told or stops.
CHOICES = tuple(name for name in BACKENDS if name != "auto")


def add_backend_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options; what cannot run is an error there, never another backend."""
    parser.add_argument(
        "--backend",
        choices=CHOICES,
        default="onnxruntime",
        help="what runs the image tower (default: onnxruntime); tensorrt needs an engine, made by `clipomaly "
        "build-engine`",
    )
    parser.add_argument(
        "--openvino-precision",
        choices=OPENVINO_PRECISIONS,
        default=OPENVINO_PRECISIONS[0],
        help="arithmetic of --backend openvino (default: f32)",
    )
