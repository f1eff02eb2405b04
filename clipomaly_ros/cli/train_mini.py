"""`clipomaly train-mini`: train the small default model on pictures of the synthetic apron."""

from __future__ import annotations

import argparse
import importlib.util
import json
from pathlib import Path

from tqdm import tqdm

from clipomaly_ros.cli.outputs import prepare_folder
from clipomaly_ros.model.bundle_writer import file_sha256
from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.vocabulary.loading import load_vocabulary

_NEEDED = {
    "torch": "torch",
    "open_clip": "open_clip_torch",
    "safetensors": "safetensors",
    "matplotlib": "matplotlib",
}
_CONFIGURATION = Path("models/configs/apron-mini.json")
_VOCABULARY = Path("config/vocabulary")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument(
        "--data",
        type=Path,
        nargs="+",
        required=True,
        metavar="DIR",
        help="made by `clipomaly simulate images --split train`; several are joined",
    )
    parser.add_argument(
        "-o",
        "--output",
        type=Path,
        required=True,
        metavar="DIR",
        help="folder for weights and training record",
    )
    parser.add_argument("--model", type=Path, default=_CONFIGURATION, help=f"default: {_CONFIGURATION}")
    parser.add_argument(
        "--vocabulary", type=Path, default=_VOCABULARY, metavar="DIR", help=f"default: {_VOCABULARY}"
    )
    parser.add_argument(
        "--text-steps", type=int, help="for the text tower (default: 600, none with --initial FILE)"
    )
    parser.add_argument("--steps", type=int, default=6000, help="for the image tower (default: 6000)")
    parser.add_argument("--batch", type=int, default=8, help="crops a step (default: 8)")
    parser.add_argument("--side", type=int, default=384, help="of a crop [pixel] (default: 384)")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate (default: 0.001)")
    parser.add_argument(
        "--initial",
        default="imagenet",
        metavar="imagenet|none|FILE",
        help="weights to begin with: of the backbone as a package ships them, random ones, or those of an "
        "earlier training, whose text tower stays as it is (default: imagenet)",
    )
    parser.add_argument(
        "--mass-weight",
        type=float,
        default=0.5,
        help="of the loss of what is strange or not, whatever it is called (default: 0.5)",
    )
    parser.add_argument("--seed", type=int, default=0, help="of weights, crops and captions (default: 0)")
    parser.add_argument("--limit", type=int, help="use the first pictures of each folder only")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0: its own choice (default)")


def run(options: argparse.Namespace) -> int:
    """Train, keep weights and curve at every tenth of the way, and say how to export them."""
    missing = [package for module, package in _NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise BundleError(
            f"expected the packages of the export, missing {', '.join(missing)}; pip install them"
        )
    # Imported here, so that --help needs no torch.
    from clipomaly_ros.model.mini.curve import draw_curve
    from clipomaly_ros.model.mini.initial_weights import (
        BACKBONE_RATE,
        SHA256,
        freeze_first_stages,
        packaged_weights,
        start_from,
    )
    from clipomaly_ros.model.mini.pictures import learnt_names, read_pictures
    from clipomaly_ros.model.mini.session import prepare
    from clipomaly_ros.model.mini.training import TrainingSettings, save_weights, train

    earlier = None if options.initial in ("imagenet", "none") else Path(options.initial)
    if earlier is not None and not earlier.is_file():
        raise BundleError(
            f"--initial: expected imagenet, none or a weight file of an earlier training, found {earlier}"
        )
    text_steps = options.text_steps if options.text_steps is not None else 600 if earlier is None else 0
    if (text_steps > 0) == (earlier is not None):
        raise BundleError(
            "--text-steps: expected 0 with the weights of an earlier training, whose texts the image tower "
            f"has learnt, and 1 or more without, found {text_steps}"
        )
    settings = TrainingSettings(
        text_steps=text_steps,
        steps=options.steps,
        batch=options.batch,
        side=options.side,
        rate=options.rate,
        mass_weight=options.mass_weight,
        backbone_rate=1.0 if options.initial == "none" else BACKBONE_RATE,
        seed=options.seed,
        threads=options.threads,
    )
    prepare_folder(options.output)
    vocabulary = load_vocabulary(
        options.vocabulary / "airside_approved.yaml", options.vocabulary / "airside_candidates.yaml"
    )
    learnt = {name for folder in options.data for name in learnt_names(folder)}
    source, captions = prepare(options.model, options.seed, vocabulary, sorted(learnt), earlier)
    if options.initial == "imagenet":
        start_from(source.visual.trunk, packaged_weights(), source.channels)
    elif earlier is not None:
        freeze_first_stages(source.visual.trunk)
    words = {entry.name: index for index, entry in enumerate(captions.candidates)}
    classes = [entry.name for entry in captions.approved]
    pictures = [
        picture for folder in options.data for picture in read_pictures(folder, classes, words, options.limit)
    ]
    initial = SHA256 if options.initial == "imagenet" else None if earlier is None else file_sha256(earlier)
    print(f"{len(pictures)} pictures; {len(classes)} known classes, {len(words)} further names")
    weights = options.output / "weights.safetensors"
    with (
        tqdm(total=settings.text_steps, desc="text tower", unit="step") as texts,
        tqdm(total=settings.steps, desc="image tower", unit="step") as bar,
    ):

        def report_text(step: int, loss: float) -> None:
            texts.update(step - texts.n)
            texts.set_postfix(loss=f"{loss:.3f}")

        def report(row: dict[str, float]) -> None:
            bar.update(int(row["step"]) - bar.n)
            bar.set_postfix({name: f"{value:.3f}" for name, value in row.items() if name != "step"})

        def keep(model: object) -> None:
            save_weights(model, weights)

        mean, record = train(source, pictures, captions, settings, report, keep, 20, report_text)
    save_weights(mean, weights)
    summary = {
        "model": options.model.name,
        "settings": vars(settings),
        "pictures": len(pictures),
        "initial_sha256": initial,
        "data_sha256": [data_hash(folder) for folder in options.data],
        "data_simulator": [data_hash(folder, "simulator") for folder in options.data],
        "learnt": [entry.name for entry in captions.candidates],
        "text_loss": record.text_loss,
        "seconds": round(record.seconds, 1),
        "curve": record.rows,
    }
    (options.output / "training.json").write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    draw_curve(record.rows, options.output / "training_curve.png")
    print(f"{weights}: {record.seconds / 60:.0f} min; export with")
    print(
        f"  clipomaly export --model {options.model} --pretrained {weights} --name apron-mini -o out/bundle"
    )
    return 0


def data_hash(root: Path, of: str = "sha256") -> str | None:
    """Return a hash as the writer of a data set recorded it, None if it did not.

    of: "sha256", of all its files, or "simulator", of the sources that made it.
    """
    try:
        return str(json.loads((root / "hashes.json").read_text(encoding="utf-8"))[of])
    except (OSError, ValueError, KeyError, TypeError):
        return None
