"""`clipomaly export`: make a model bundle from an open_clip model."""

from __future__ import annotations

import argparse
import importlib.util
import tempfile
from dataclasses import replace
from pathlib import Path

from clipomaly_ros.evaluation.bench_frames import draw_frame, read_frames
from clipomaly_ros.model.bundle import ModelBundle, load_bundle
from clipomaly_ros.model.manifest import (
    DENSE_VARIANTS,
    PRECISIONS,
    SCORES,
    THRESHOLD_MODES,
    BundleError,
    Threshold,
    check_report,
    check_threshold,
)
from clipomaly_ros.model.precision import convert_bundle
from clipomaly_ros.vision.letterbox import FITS, Letterbox, preprocess

CALIBRATION_FRAMES, DRAWN_FRAMES = 32, 4

_NEEDED = {"torch": "torch", "open_clip": "open_clip_torch", "onnx": "onnx"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument(
        "--from-bundle",
        type=Path,
        metavar="DIR",
        help="convert this bundle to another --precision; needs no torch",
    )
    source.add_argument(
        "--model",
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
        "--low-threshold",
        type=float,
        metavar="VALUE",
        help="lower threshold to recommend beside --threshold, 0 to its value: a region that reaches above "
        "the one extends down to the other (default: none)",
    )
    parser.add_argument(
        "--score",
        choices=SCORES,
        help=f"unknown score that --threshold is for (default: {SCORES[0]}, or that of --from-bundle)",
    )
    parser.add_argument(
        "--report-min-probability",
        type=float,
        metavar="VALUE",
        help="least mean probability to recommend of a region of an approved class that is reported, 0 to 1",
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
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default=PRECISIONS[0],
        help="of the image tower: fp16 for GPUs, int8 for CPUs (default: fp32)",
    )
    parser.add_argument(
        "--calibration",
        type=Path,
        metavar="DIR",
        help="pictures to calibrate int8 with, and to compare with fp32 on (default: drawn ones)",
    )
    parser.add_argument("--overwrite", action="store_true", help="replace a bundle that is already there")


def run(options: argparse.Namespace) -> int:
    """Export, print the progress, and say where the bundle is."""
    if options.from_bundle is not None and options.precision == PRECISIONS[0]:
        raise BundleError(f"--from-bundle: expected --precision {' or '.join(PRECISIONS[1:])}, found fp32")
    _operating_point(options)  # a wrong one must not wait for the model
    check_report(options.report_min_probability)
    if options.precision == PRECISIONS[0]:
        bundle = _export(options, options.output)
    elif options.from_bundle is not None:
        opened = load_bundle(options.from_bundle)
        chosen = _operating_point(options, opened.manifest.threshold.score)
        if chosen is not None:
            opened = replace(opened, manifest=replace(opened.manifest, threshold=chosen))
        if options.report_min_probability is not None:
            told = replace(opened.manifest, report_min_probability=options.report_min_probability)
            opened = replace(opened, manifest=told)
        bundle = _convert(options, opened)
    else:
        with tempfile.TemporaryDirectory(prefix="clipomaly-export-") as scratch:
            bundle = _convert(options, _export(options, Path(scratch) / "fp32"))
    state = "UNTRAINED: random weights, its results mean nothing" if bundle.untrained else "trained"
    print(f"bundle {bundle.folder.resolve()}: {bundle.id}, {bundle.manifest.precision}, {state}")
    return 0


def _operating_point(options: argparse.Namespace, score: str = SCORES[0]) -> Threshold | None:
    """Return what the options recommend, for `score` unless they name one; None without a threshold."""
    if options.threshold is None:
        if options.low_threshold is not None:
            raise BundleError("--low-threshold: expected --threshold beside it, found none")
        return None
    chosen = Threshold(
        THRESHOLD_MODES[0], options.threshold, options.score or score, low=options.low_threshold
    )
    check_threshold(chosen)
    return chosen


def _convert(options: argparse.Namespace, bundle: ModelBundle) -> ModelBundle:
    """Write the bundle in the precision asked for, checked on pictures."""
    size = bundle.manifest.input_size
    pictures = (
        read_frames(options.calibration, size, CALIBRATION_FRAMES)
        if options.calibration
        else [draw_frame(size, seed) for seed in range(DRAWN_FRAMES)]
    )
    letterbox = Letterbox.fit(size, size, bundle.manifest.patch_size, FITS[0])
    frames = [preprocess(item, letterbox, bundle.manifest.mean, bundle.manifest.std) for item in pictures]
    name = options.name or f"{bundle.manifest.name}-{options.precision}"
    folder = options.output or Path("models") / name
    return convert_bundle(bundle, options.precision, frames, folder, name, options.overwrite, _say)


def _say(line: str) -> None:
    print(line, flush=True)


def _export(options: argparse.Namespace, output: Path | None) -> ModelBundle:
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
        threshold=_operating_point(options),
        report_min_probability=options.report_min_probability,
        aligner=options.aligner,
    )
    return export_bundle(settings, output, options.overwrite, _say)
