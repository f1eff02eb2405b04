"""`clipomaly tagger-bundle`: an image tagger's ONNX file, tags and thresholds made into one bundle."""

from __future__ import annotations

import argparse
from pathlib import Path

from clipomaly_ros.model.tagger_bundle import (
    MODEL_FILE,
    OUTPUTS,
    TAGS_FILE,
    THRESHOLDS_FILE,
    TaggerManifest,
    load_tagger,
    write_tagger,
)

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("model", type=Path, metavar="ONNX", help="input [1, 3, H, W], output [1, tags]")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder of the bundle")
    parser.add_argument("--tags", type=Path, required=True, metavar="FILE", help="one tag a line")
    parser.add_argument(
        "--thresholds", type=Path, required=True, metavar="FILE", help="one probability a line, for each tag"
    )
    parser.add_argument("--name", required=True, help="name of the tagger")
    parser.add_argument("--version", default="1", help="its version (default: 1)")
    parser.add_argument("--origin", required=True, help="where the weights come from")
    parser.add_argument("--licence", required=True, help="licence of the weights")
    parser.add_argument(
        "--image-size", type=int, nargs=2, default=(384, 384), metavar=("H", "W"), help="default: 384 384"
    )
    parser.add_argument("--mean", type=float, nargs=3, default=IMAGENET_MEAN, help="default: ImageNet's")
    parser.add_argument("--std", type=float, nargs=3, default=IMAGENET_STD, help="default: ImageNet's")
    parser.add_argument(
        "--output", choices=OUTPUTS, default="logits", help="what the model gives for each tag"
    )


def run(options: argparse.Namespace) -> int:
    """Write the bundle after checking that its parts go together."""
    files = {MODEL_FILE: options.model, TAGS_FILE: options.tags, THRESHOLDS_FILE: options.thresholds}
    manifest = TaggerManifest(
        options.name,
        options.version,
        options.origin,
        options.licence,
        tuple(options.image_size),
        tuple(options.mean),
        tuple(options.std),
        options.output,
        dict.fromkeys(files, ""),
    )
    write_tagger(options.out, manifest, files)
    print(f"{options.out}: {len(load_tagger(options.out).tags)} tags")
    return 0
