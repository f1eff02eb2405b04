"""`clipomaly export`: make a model bundle from an open_clip model."""

from __future__ import annotations

import argparse
import importlib.util
from pathlib import Path

from clipomaly_ros.model.manifest import DENSE_VARIANTS, SCORES, BundleError

_NEEDED = {"torch": "torch", "open_clip": "open_clip_torch", "onnx": "onnx"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument(
        "--model",
        required=True,
        metavar="NAME_OR_CONFIG",
        help="open_clip model (ViT-B-16), config file (*.json), local-dir:FOLDER or hf-hub:ORGANISATION/NAME",
    )
    parser.add_argument(
        "--pretrained",
        metavar="TAG_OR_FILE",
        help="weight tag of the model, or a weight file; default: random weights",
    )
    parser.add_argument(
        "--dense",
        choices=DENSE_VARIANTS,
        help="dense variant (default: naclip, or pointwise for a convolutional tower)",
    )
    parser.add_argument(
        "--image-size",
        type=int,
        nargs=2,
        metavar=("H", "W"),
        help="input size [pixel]; default: the model's own",
    )
    parser.add_argument(
        "-o", "--output", type=Path, metavar="DIR", help="bundle folder (default: models/NAME)"
    )
    parser.add_argument("--name", help="bundle name (default: from model and weights)")
    parser.add_argument(
        "--bundle-version", default="1", metavar="TEXT", help="version in the bundle's id (default: 1)"
    )
    parser.add_argument("--licence", metavar="TEXT", help="licence of the weights, for the manifest")
    parser.add_argument("--seed", type=int, default=0, help="of random weights (default: 0)")
    parser.add_argument(
        "--threshold",
        type=float,
        metavar="VALUE",
        help="fixed threshold of the unknown score to recommend, 0 to 1",
    )
    parser.add_argument(
        "--score",
        choices=SCORES,
        default=SCORES[0],
        help="unknown score that --threshold is for (default: entropy)",
    )
    parser.add_argument(
        "--include",
        type=Path,
        nargs="+",
        default=[],
        metavar="FILE",
        help="further files to keep in the bundle: model card, record of the training",
    )
    parser.add_argument(
        "--aligner",
        type=Path,
        metavar="DIR",
        help="made by `clipomaly train-aligner` for the same model: fold its contexts and projection in",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a bundle that is already there")


def run(options: argparse.Namespace) -> int:
    """Export, print the progress, and say where the bundle is."""
    missing = [package for module, package in _NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise BundleError(
            f"expected the packages of the export, missing {', '.join(missing)}; pip install them"
        )
    # Imported here, so that `clipomaly export --help` and a missing package need no torch.
    from clipomaly_ros.model.export import ExportSettings, export_bundle

    settings = ExportSettings(
        model=options.model,
        pretrained=options.pretrained,
        dense=options.dense,
        image_size=None if options.image_size is None else tuple(options.image_size),
        name=options.name,
        version=options.bundle_version,
        licence=options.licence,
        seed=options.seed,
        include=tuple(options.include),
        threshold=options.threshold,
        score=options.score,
        aligner=options.aligner,
    )
    bundle = export_bundle(settings, options.output, options.overwrite, lambda line: print(line, flush=True))
    state = "UNTRAINED: random weights, its results mean nothing" if bundle.untrained else "trained"
    print(f"bundle {bundle.folder.resolve()}: {bundle.id}, {state}")
    return 0
