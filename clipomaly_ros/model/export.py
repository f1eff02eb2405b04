"""Exports an open_clip model to a model bundle, and proves the result against torch."""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import onnx
import torch
from torch import Tensor, nn
from torch.nn import functional

from clipomaly_ros.model.aligner.fitting import aligner_origin, fold_aligner
from clipomaly_ros.model.aligner.modules import AlignedTextTower
from clipomaly_ros.model.bundle import ModelBundle, load_bundle
from clipomaly_ros.model.bundle_writer import check_target, write_bundle
from clipomaly_ros.model.dense_attention import DenseImageTower, TextTower
from clipomaly_ros.model.dense_convolution import DenseConvolutionTower
from clipomaly_ros.model.exact_halves import store_halves
from clipomaly_ros.model.manifest import (
    IMAGE_FILE,
    LARGEST_FILE,
    POINTWISE,
    REQUIRED_FILES,
    TEXT_FILE,
    VOCABULARY_FILE,
    BundleError,
    Manifest,
    Threshold,
    default_threshold,
)
from clipomaly_ros.model.onnx_encoder import open_session
from clipomaly_ros.model.open_clip_source import SourceModel, build_source
from clipomaly_ros.model.tokenizer import ClipTokenizer
from clipomaly_ros.model.torchvision_operators import import_open_clip

TOLERANCE = 1e-4  # of normalised embeddings, ONNX Runtime against torch
OPSET = 17
TEMPLATES = (
    "a photo of a {}.",
    "a photo of the {}.",
    "a close-up photo of a {}.",
    "a photo of a {} in the distance.",
    "a {} on the ground.",
    "there is a {} in the scene.",
)
_PROOF_PROMPTS = (
    "a",
    "a photo of a suitcase.",
    "two wheel chocks left on the apron " * 20,
    "Größe 3½ – naïve café",
)


@dataclass(frozen=True)
class ExportSettings:
    """What to export, and how.

    model, pretrained, seed: as for build_source. image_size: height, width [pixel], None for
    the model's own. dense None takes naclip for a ViT, pointwise for a convolutional tower.
    name None derives it from model and weights. include: further files for the bundle (a model
    card, the training's record); their hashes are kept like all others. threshold: the
    fixed operating point to recommend; None recommends none that was measured. report_min_probability:
    of reported regions, to recommend likewise. aligner: folder of `clipomaly train-aligner` to fold in,
    None for the model as it is.
    """

    model: str
    pretrained: str | None = None
    dense: str | None = None
    image_size: tuple[int, int] | None = None
    name: str | None = None
    version: str = "1"
    licence: str | None = None
    seed: int = 0
    include: tuple[Path, ...] = ()
    threshold: Threshold | None = None
    report_min_probability: float | None = None
    aligner: Path | None = None


def export_bundle(
    settings: ExportSettings,
    folder: Path | None = None,
    overwrite: bool = False,
    report: Callable[[str], None] = print,
) -> ModelBundle:
    """Export a model bundle to folder (models/NAME if None) and load it back.

    report takes one line of progress. BundleError if the source cannot be had, the size does
    not fit the patches, the folder is taken, or ONNX Runtime differs from torch by more than
    TOLERANCE; nothing is left behind then.
    """
    if folder is not None:
        check_target(folder, overwrite)
    report(f"building {settings.model}")
    source = build_source(settings.model, settings.pretrained, settings.seed)
    report(f"weights: {f'random, seed {settings.seed}' if source.untrained else source.origin.pretrained}")
    vocabulary = clip_vocabulary()
    image_tower = dense_tower(settings, source)
    text_tower = TextTower(source.text, source.end_token)
    manifest = _manifest(settings, source, image_tower)
    if settings.aligner is not None:
        origin = aligner_origin(source, settings.seed, settings.dense)
        folded = fold_aligner(settings.aligner, source, image_tower, origin)
        image_tower, text_tower = folded.image, folded.text
        length = manifest.context_length - folded.contexts
        manifest = replace(manifest, context_length=length, aligner=folded.digest)
        report(f"aligner: {folded.contexts} contexts, projection of width {folded.hidden}")
    tokenizer = ClipTokenizer(vocabulary.read_bytes(), manifest.context_length)
    if source.model.vocab_size != tokenizer.size:
        raise BundleError(
            f"{settings.model}: expected {tokenizer.size} tokens, found {source.model.vocab_size}"
        )
    folder = Path("models") / manifest.name if folder is None else folder
    check_target(folder, overwrite)
    towers = {
        IMAGE_FILE: image_tower.eval(),
        TEXT_FILE: text_tower.eval(),
    }
    with tempfile.TemporaryDirectory(prefix="clipomaly-export-") as scratch:
        paths = {name: Path(scratch) / name for name in towers}
        for name, tower in towers.items():
            size = sum(parameter.nbytes for parameter in _parameters(tower, name))
            report(f"exporting {name}, {size / 1e6:.0f} MB")
            if size > LARGEST_FILE:
                raise BundleError(
                    f"{settings.model}: {name} would have {size / 1e9:.1f} GB, one ONNX file holds 2; "
                    "choose a smaller model"
                )
            _export_tower(tower, name, paths[name], manifest)
            # The image tower is left alone: builders of engines choose its precision themselves.
            saved = store_halves(paths[name]) if name == TEXT_FILE else 0
            if saved:
                report(f"  weights that are half-precision numbers are stored so: {saved / 1e6:.0f} MB less")
        report(f"comparing with torch, at most {TOLERANCE:g} allowed")
        for what, difference in compare(source, towers, paths, tokenizer, manifest).items():
            report(f"  {what}: largest difference {difference:.1e}")
            if not difference <= TOLERANCE:  # also catches NaN
                raise BundleError(
                    f"{settings.model}: {what} differs from torch by {difference:.1e}; not written"
                )
        included = {path.name: path for path in settings.include}
        write_bundle(folder, manifest, {**included, **paths, VOCABULARY_FILE: vocabulary}, overwrite)
    return load_bundle(folder)


def clip_vocabulary() -> Path:
    """Return the vocabulary of CLIP's tokenizer, as open_clip brings it."""
    return Path(import_open_clip().__file__).with_name("bpe_simple_vocab_16e6.txt.gz")


def set_grid(visual: nn.Module, grid: tuple[int, int]) -> None:
    """Fit the position embeddings of an open_clip ViT to a grid of patches, in place.

    Bicubic with anti-aliasing, as open_clip does on loading; the same grid changes nothing.
    """
    if tuple(visual.grid_size) == grid:
        return
    own, patches = visual.positional_embedding[:1], visual.positional_embedding[1:]
    picture = patches.T.reshape(1, -1, *visual.grid_size)
    picture = functional.interpolate(picture, size=grid, mode="bicubic", antialias=True, align_corners=False)
    visual.positional_embedding = nn.Parameter(torch.cat((own, picture[0].flatten(1).T)).detach())
    visual.grid_size = grid
    visual.image_size = (grid[0] * visual.patch_size[0], grid[1] * visual.patch_size[1])


@torch.no_grad()
def compare(
    source: SourceModel,
    towers: dict[str, nn.Module],
    paths: dict[str, Path],
    tokenizer: ClipTokenizer,
    manifest: Manifest,
) -> dict[str, float]:
    """Return the largest absolute difference of each output between ONNX Runtime and torch.

    "global" and "embeddings" are compared with open_clip's own encode_image and encode_text, the
    latter with an aligner's contexts with the tower that holds them.
    """
    sessions = {name: open_session(path.read_bytes(), name) for name, path in paths.items()}
    largest = {"patches": 0.0, "global": 0.0, "embeddings": 0.0}

    def note(what: str, found: np.ndarray, expected: Tensor) -> None:
        difference = float(np.abs(found - expected.numpy()).max())
        largest[what] = max(largest[what], difference) if difference == difference else difference

    generator = torch.Generator().manual_seed(1)
    noise = torch.randn((1, 3, *manifest.input_size), generator=generator)
    for image in (noise, torch.zeros_like(noise), noise.sign() * 2.5):
        patches, whole = sessions[IMAGE_FILE].run(("patches", "global"), {"image": image.numpy()})
        note("patches", patches, towers[IMAGE_FILE](image)[0])
        note("global", whole, source.model.encode_image(image, normalize=True))
    tokens = tokenizer.tokenise(_PROOF_PROMPTS)
    if isinstance(towers[TEXT_FILE], AlignedTextTower):
        expected = towers[TEXT_FILE](torch.from_numpy(tokens))
    else:
        expected = source.model.encode_text(torch.from_numpy(tokens), normalize=True)
    for row, length in enumerate(np.count_nonzero(tokens, axis=1)):
        cut = np.ascontiguousarray(tokens[row : row + 1, :length])
        (single,) = sessions[TEXT_FILE].run(("embeddings",), {"tokens": cut})
        note("embeddings", single, expected[row : row + 1])
    (batch,) = sessions[TEXT_FILE].run(("embeddings",), {"tokens": tokens})
    note("embeddings", batch, expected)
    return largest


def dense_tower(settings: ExportSettings, source: SourceModel) -> DenseImageTower | DenseConvolutionTower:
    """Return the image tower as it is exported, without an aligner; it changes the source's tower."""
    visual = source.visual
    size = settings.image_size or tuple(visual.image_size)
    variant = settings.dense or (POINTWISE if source.convolutional else "naclip")
    if (variant == POINTWISE) != source.convolutional:
        kind, fits = ("convolutional", POINTWISE) if source.convolutional else ("ViT", "naclip")
        raise BundleError(f"{settings.model}: {variant} does not fit a {kind} image tower; choose {fits}")
    if source.convolutional:
        return DenseConvolutionTower(visual, size)
    patch = int(visual.patch_size[0])
    if visual.patch_size[0] != visual.patch_size[1] or min(size) < patch or any(s % patch for s in size):
        nearest = " ".join(str(max(1, round(side / patch)) * patch) for side in size)
        raise BundleError(
            f"--image-size {size[0]} {size[1]}: expected multiples of {patch}, the patch size of "
            f"{settings.model}; nearest: {nearest}"
        )
    grid = (size[0] // patch, size[1] // patch)
    set_grid(visual, grid)
    return DenseImageTower(visual, grid, variant)


def _manifest(
    settings: ExportSettings, source: SourceModel, tower: DenseImageTower | DenseConvolutionTower
) -> Manifest:
    weights = "untrained" if source.untrained else Path(source.origin.pretrained or "").name.split(".")[0]
    name = settings.name or f"{source.origin.model.rsplit(':')[-1].replace('/', '-')}-{weights}".lower()
    mean, std = source.channels
    return Manifest(
        name=name,
        version=settings.version,
        origin=source.origin,
        licence=settings.licence or ("Apache-2.0" if source.untrained else "as its origin states"),
        files=dict.fromkeys(REQUIRED_FILES, "0" * 64),
        input_size=(tower.grid[0] * tower.stride, tower.grid[1] * tower.stride),
        mean=mean,
        std=std,
        patch_size=tower.stride,
        embedding_dim=source.embedding_dim,
        logit_scale=float(source.model.logit_scale.detach().exp()),
        dense_variant=tower.variant,
        context_length=int(source.model.context_length),
        untrained=source.untrained,
        precision="fp32",
        threshold=settings.threshold or default_threshold(source.untrained),
        templates=TEMPLATES,
        report_min_probability=settings.report_min_probability,
    )


def _parameters(tower: nn.Module, name: str) -> list[Tensor]:
    # Without CustomTextCLIP, the text tower's parts hang on the model next to the image tower.
    return [value for key, value in tower.named_parameters() if name == IMAGE_FILE or ".visual." not in key]


def _export_tower(tower: nn.Module, name: str, path: Path, manifest: Manifest) -> None:
    if name == IMAGE_FILE:
        arguments: tuple[Tensor, ...] = (torch.zeros(1, 3, *manifest.input_size),)
        inputs, outputs, free = ["image"], ["patches", "global"], {}
    else:
        arguments = (torch.ones(2, min(8, manifest.context_length), dtype=torch.int64),)
        inputs, outputs = ["tokens"], ["embeddings"]
        free = {"tokens": {0: "prompts", 1: "length"}, "embeddings": {0: "prompts"}}
    with warnings.catch_warnings(), torch.no_grad():
        # The tracing exporter needs no further package and keeps the graph as written here; it
        # warns that a newer one exists.
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            tower,
            arguments,
            str(path),
            input_names=inputs,
            output_names=outputs,
            dynamic_axes=free,
            opset_version=OPSET,
            dynamo=False,
        )
    onnx.checker.check_model(str(path), full_check=True)
