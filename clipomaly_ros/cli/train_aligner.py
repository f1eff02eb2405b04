"""`clipomaly train-aligner`: align a frozen model to the known classes of a labelled image set."""

from __future__ import annotations

import argparse
import importlib.util
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from ament_index_python.packages import get_package_share_directory
from numpy.typing import NDArray
from tqdm import tqdm

from clipomaly_ros.cli.outputs import prepare_folder
from clipomaly_ros.evaluation.apron_dataset import ApronImages
from clipomaly_ros.evaluation.labelled_frames import LabelledImages
from clipomaly_ros.evaluation.layouts import cityscapes_pairs
from clipomaly_ros.evaluation.patch_labels import label_numbers, patch_labels
from clipomaly_ros.evaluation.segmentation import chosen_frames
from clipomaly_ros.evaluation.street_dataset import StreetImages
from clipomaly_ros.model.manifest import DENSE_VARIANTS, BundleError
from clipomaly_ros.vision.letterbox import Letterbox, preprocess
from clipomaly_ros.vocabulary.entries import Entry, Vocabulary
from clipomaly_ros.vocabulary.loading import load_vocabulary
from clipomaly_ros.vocabulary.prompts import prompts_for

if TYPE_CHECKING:
    from clipomaly_ros.model.aligner.tower import FrozenTower
    from clipomaly_ros.model.tokenizer import ClipTokenizer

_NEEDED = {"torch": "torch", "open_clip": "open_clip_torch", "safetensors": "safetensors", "onnx": "onnx"}
UNSEEN_SPLITS = ("validation", "test", "nofod", "val")  # what measures a model may not train it
DEVICES = ("auto", "cpu", "cuda")
_LEAST_SHARE = 0.5  # of a patch that its class must fill
_VOID = 255


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--model", required=True, metavar="NAME_OR_CONFIG", help="as for `clipomaly export`")
    parser.add_argument("--pretrained", metavar="TAG_OR_FILE", help="as for `clipomaly export`")
    parser.add_argument("--dense", choices=DENSE_VARIANTS, help="as for `clipomaly export`")
    parser.add_argument(
        "--image-size", type=int, nargs=2, metavar=("H", "W"), help="as for `clipomaly export`"
    )
    parser.add_argument(
        "--data",
        type=Path,
        required=True,
        metavar="DIR",
        help="labelled images: leftImg8bit and gtFine as of Cityscapes, or `clipomaly simulate images`",
    )
    parser.add_argument("--split", default="train", help="of leftImg8bit and gtFine (default: train)")
    parser.add_argument(
        "-o", "--output", type=Path, required=True, metavar="DIR", help="new, or to go on with"
    )
    parser.add_argument(
        "--approved",
        type=Path,
        metavar="FILE",
        help="vocabulary of the known classes (default: the package's road or airside one, as the data are)",
    )
    parser.add_argument("--contexts", type=int, default=4, help="learned vectors before prompts (default: 4)")
    parser.add_argument(
        "--hidden", type=int, default=0, help="width of the projection; 0: a quarter of D (default)"
    )
    parser.add_argument("--steps", type=int, default=1000, help="of the optimiser (default: 1000)")
    parser.add_argument("--batch", type=int, default=4096, help="patches a step (default: 4096)")
    parser.add_argument("--rate", type=float, default=2e-3, help="highest learning rate (default: 0.002)")
    parser.add_argument(
        "--anchor", type=float, default=4.0, help="weight that holds the texts where they are (default: 4)"
    )
    parser.add_argument(
        "--per-class", type=int, default=32, metavar="N", help="patches of a class in a picture (default: 32)"
    )
    parser.add_argument("--seed", type=int, default=0, help="of weights, patches and prompts (default: 0)")
    parser.add_argument("--limit", type=int, metavar="N", help="only N pictures, spread evenly over the set")
    parser.add_argument("--threads", type=int, default=0, help="of torch; 0: its own choice (default)")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="auto takes a GPU if there is one")


def run(options: argparse.Namespace) -> int:
    """Encode the pictures, train, write the aligner, and say how to export it."""
    missing = [package for module, package in _NEEDED.items() if importlib.util.find_spec(module) is None]
    if missing:
        raise BundleError(
            f"expected the packages of the export, missing {', '.join(missing)}; pip install them"
        )
    # Imported here, so that --help needs no torch.
    from clipomaly_ros.model.aligner.fitting import aligner_origin
    from clipomaly_ros.model.aligner.patch_store import collect_patches
    from clipomaly_ros.model.aligner.storage import save_aligner
    from clipomaly_ros.model.aligner.tower import FrozenTower, chosen_device
    from clipomaly_ros.model.aligner.training import FIRST_WORDS, AlignerSettings, KnownPatches, train_aligner
    from clipomaly_ros.model.export import ExportSettings, clip_vocabulary, dense_tower
    from clipomaly_ros.model.open_clip_source import build_source
    from clipomaly_ros.model.tokenizer import ClipTokenizer

    settings = AlignerSettings(
        contexts=options.contexts,
        hidden=options.hidden,
        steps=options.steps,
        batch=options.batch,
        rate=options.rate,
        anchor=options.anchor,
        seed=options.seed,
        keep_every=max(1, options.steps // 20),
    )
    if options.per_class < 1 or options.threads < 0:
        raise ValueError(
            f"expected --per-class of 1 or more and --threads of 0 or more, got {options.per_class} and "
            f"{options.threads}"
        )
    device = chosen_device(options.device, options.threads)
    data, vocabulary = open_training_data(options.data, options.split, options.approved)
    prepare_folder(options.output)
    size = None if options.image_size is None else (options.image_size[0], options.image_size[1])
    exported = ExportSettings(options.model, options.pretrained, options.dense, size, seed=options.seed)
    source = build_source(options.model, options.pretrained, options.seed)
    tower = FrozenTower(dense_tower(exported, source), device)
    reader = PatchReader(tower, source.channels, data, vocabulary, options.per_class, options.seed)
    names = chosen_frames(data, options.limit)
    origin = aligner_origin(source, options.seed, options.dense)
    key = {
        "origin": asdict(origin),
        "grid": list(tower.grid),
        "classes": [entry.name for entry in vocabulary.approved],
        "per_class": options.per_class,
        "seed": options.seed,
    }
    embeddings, numbers = collect_patches(options.output / "patches", names, key, reader.read, progress_bar)
    learned = [int(number) for number in np.unique(numbers)]
    if len(learned) < 2:
        raise ValueError(
            f"{options.data}: expected at least 2 classes of the vocabulary in the labels, "
            f"found {len(learned)}"
        )
    entries = [vocabulary.approved[number] for number in learned]
    tokenizer = ClipTokenizer(
        clip_vocabulary().read_bytes(), int(source.model.context_length) - settings.contexts
    )
    prompts = [token_rows(tokenizer, entry, vocabulary.templates) for entry in entries]
    first = tokenizer.tokenise([FIRST_WORDS])[0]
    first = first[: np.count_nonzero(first)][1:-1]
    patches = KnownPatches(embeddings, np.searchsorted(learned, numbers).astype(np.int64), prompts)
    print(f"{len(names)} pictures, {len(numbers)} patches, {len(learned)} classes, on {device}")
    with tqdm(total=settings.steps, desc="aligner", unit="step", disable=None) as bar:

        def report(row: dict[str, float]) -> None:
            bar.update(int(row["step"]) - bar.n)
            bar.set_postfix(loss=f"{row['loss']:.3f}", accuracy=f"{row['accuracy']:.3f}", refresh=False)

        aligner, curve = train_aligner(source, patches, first, settings, options.output, device, report)
    record = {
        "data": options.data.name,
        "pictures": len(names),
        "patches": len(numbers),
        "classes": [entry.name for entry in entries],
        "settings": asdict(settings),
        "curve": curve,
    }
    save_aligner(options.output, aligner, origin, record)
    weights = f" --pretrained {options.pretrained}" if options.pretrained else ""
    first_row, last_row = (
        f"{row['accuracy']:.1%} at step {row['step']:.0f}" for row in (curve[0], curve[-1])
    )
    print(f"patches told right: {first_row}, {last_row}; export with")
    print(f"  clipomaly export --model {options.model}{weights} --aligner {options.output} -o BUNDLE")
    return 0


class PatchReader:
    """Encodes pictures and draws patches of each known class from them."""

    def __init__(
        self,
        tower: FrozenTower,
        channels: tuple[tuple[float, ...], tuple[float, ...]],
        data: LabelledImages,
        vocabulary: Vocabulary,
        per_class: int,
        seed: int,
    ) -> None:
        self._tower, self._channels, self._data = tower, channels, data
        self._per_class, self._seed = per_class, seed
        words = {
            word: number
            for number, entry in enumerate(vocabulary.approved)
            for word in (entry.name, *entry.synonyms)
        }
        self._numbers = label_numbers(data.class_names, words)
        self._order = {name: index for index, name in enumerate(data.names)}

    def read(self, name: str) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
        """Return embeddings float32 [n, D] and approved classes int64 [n] of one picture."""
        rgb, semantic = self._data.image(name), self._data.frame(name).semantic
        if semantic is None:
            raise ValueError(f"{name}: expected labels of the known classes, found none")
        tower = self._tower
        letterbox = Letterbox.fit((rgb.shape[0], rgb.shape[1]), tower.input_size, tower.patch_size)
        mean, std = ((values[0], values[1], values[2]) for values in self._channels)
        patches = tower.patches(preprocess(rgb, letterbox, mean, std))[letterbox.valid]
        labels, share = patch_labels(self._numbers[semantic], letterbox)
        labels = np.where(share >= _LEAST_SHARE, labels, _VOID).ravel()
        generator = np.random.default_rng([self._seed, self._order[name]])
        chosen = [
            generator.permutation(np.flatnonzero(labels == number))[: self._per_class]
            for number in np.unique(labels[labels != _VOID])
        ]
        rows = np.concatenate([np.empty(0, np.intp), *chosen])
        return patches.reshape(-1, patches.shape[-1])[rows], labels[rows].astype(np.int64)


def open_training_data(root: Path, split: str, approved: Path | None) -> tuple[LabelledImages, Vocabulary]:
    """Return the reader of a labelled image set, and the vocabulary that names its classes.

    ValueError for a folder of another layout, or a split that only measures.
    """
    street = (root / "leftImg8bit").is_dir()
    folder = Path(get_package_share_directory("clipomaly_ros")) / "config" / "vocabulary"
    own = "road" if street else "airside"
    vocabulary = load_vocabulary(
        approved or folder / f"{own}_approved.yaml", folder / f"{own}_candidates.yaml"
    )
    data: LabelledImages
    if street:
        data = StreetImages(root, partial(cityscapes_pairs, split=split))
    else:
        data = ApronImages(root, tuple(entry.name for entry in vocabulary.approved))
    # However the folder is spelt; and pictures whose index names a locked split stay locked in any layout.
    found = {data.split, Path(split).name if street else ""} & set(UNSEEN_SPLITS)
    if found:
        raise ValueError(
            f"{root}: expected pictures to train on, found the split '{found.pop()}', which only measures"
        )
    return data, vocabulary


def token_rows(tokenizer: ClipTokenizer, entry: Entry, templates: Sequence[str]) -> NDArray[np.int64]:
    """Return the tokens of all prompts of an entry, cut to the longest."""
    rows = tokenizer.tokenise(prompts_for(entry, templates))
    return np.ascontiguousarray(rows[:, : np.count_nonzero(rows, axis=1).max()])


def progress_bar(items: Sequence[str], text: str) -> Iterator[str]:
    """Give out the items with a progress bar where there is a terminal."""
    yield from tqdm(items, desc=text, unit="picture", disable=None)
