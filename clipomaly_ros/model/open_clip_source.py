"""Builds the open_clip model that a bundle is made from: by name, config file, tag or weight file."""

from __future__ import annotations

import contextlib
import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import torch
from torch import nn

from clipomaly_ros.model.bundle_writer import file_sha256
from clipomaly_ros.model.download import quick_to_fail
from clipomaly_ros.model.manifest import BundleError, Origin
from clipomaly_ros.model.torchvision_operators import import_open_clip

WEIGHT_SUFFIXES = (".safetensors", ".bin", ".pt", ".pth")
_SCHEMAS = ("local-dir:", "hf-hub:")
_CONFIG_KEYS = {"embed_dim", "vision_cfg", "text_cfg"}


@dataclass(frozen=True)
class SourceModel:
    """An open_clip model in evaluation mode on the CPU, and where it comes from."""

    model: nn.Module
    origin: Origin

    @property
    def untrained(self) -> bool:
        """Return whether the weights are random."""
        return self.origin.pretrained is None

    @property
    def visual(self) -> nn.Module:
        """Return the image tower."""
        return self.model.visual

    @property
    def convolutional(self) -> bool:
        """Return whether the image tower is a convolutional network of timm's."""
        return hasattr(self.visual, "trunk")

    @property
    def text(self) -> nn.Module:
        """Return the module that holds the text tower's parts."""
        return getattr(self.model, "text", self.model)

    @property
    def embedding_dim(self) -> int:
        """Return the width of the common space of images and texts."""
        projection = self.text.text_projection
        return int(projection.weight.shape[0] if isinstance(projection, nn.Module) else projection.shape[1])

    @property
    def end_token(self) -> int | None:
        """Return the token whose position is pooled, None for the one with the highest id."""
        pooling = getattr(self.text, "pool_type", None) or getattr(self.text, "text_pool_type", None)
        return getattr(self.text, "eos_id", None) or self.text.text_eos_id if pooling == "eos" else None

    @property
    def channels(self) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return mean and standard deviation of the RGB channels, 0 to 1."""
        mean, std = (self.visual.preprocess_cfg[key] for key in ("mean", "std"))
        try:
            return tuple(map(float, mean)), tuple(map(float, std))
        except (TypeError, ValueError) as error:
            raise BundleError(
                f"{self.origin.model}: expected three numbers each as mean and std, found {mean!r}, {std!r}"
            ) from error


def build_source(model: str, pretrained: str | None = None, seed: int = 0) -> SourceModel:
    """Build an open_clip model.

    model: a name of open_clip's, the path of a config file (*.json), local-dir:FOLDER or
    hf-hub:ORGANISATION/NAME. pretrained: a tag of that model, or a weight file; None gives
    random weights drawn with seed (not with the two prefixes, which bring their weights).
    Weight files are read as tensors only, nothing in them is executed.
    BundleError says what cannot be had and what can.
    """
    if not 0 <= seed < 2**63:
        raise BundleError(f"seed: expected a number from 0 to 2^63 - 1, found {seed}")
    open_clip = import_open_clip()
    if model.startswith(_SCHEMAS):
        if pretrained is not None:
            raise BundleError(f"{model}: brings its own weights; leave out --pretrained {pretrained}")
        with quick_to_fail(model) if model.startswith("hf-hub:") else contextlib.nullcontext():
            return _checked(_create(open_clip, model, None, require_pretrained=True), _schema_origin(model))
    name = _register(open_clip, model)
    _check_config(name, open_clip.get_model_config(name))
    if pretrained is None:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            return _checked(_create(open_clip, name, None), Origin(name, None, None))
    file, settings = _weights(open_clip, name, pretrained)
    created = _create(
        open_clip,
        name,
        str(file),
        require_pretrained=True,
        # A weight tag may want another activation than the config of the same name: with the
        # wrong one every embedding would be off without any error.
        force_quick_gelu=bool(settings.get("quick_gelu", False)),
        force_preprocess_cfg={key: settings[key] for key in ("mean", "std") if key in settings},
    )
    label = file.name if Path(pretrained).is_file() else pretrained
    return _checked(created, Origin(name, label, file_sha256(file)))


def exportable_models(open_clip: ModuleType) -> list[str]:
    """List open_clip's models that can become a bundle, with CLIP's own tokenizer."""
    return [name for name in open_clip.list_models() if _obstacle(open_clip.get_model_config(name)) is None]


def _register(open_clip: ModuleType, model: str) -> str:
    """Return open_clip's name of a model, after telling it of a config file."""
    if not model.endswith(".json"):
        name = model.replace("/", "-")
        known = open_clip.list_models()
        if name not in known:
            lower = {other.lower(): other for other in exportable_models(open_clip)}
            close = [
                lower[match] for match in difflib.get_close_matches(name.lower(), lower, n=6, cutoff=0.5)
            ]
            hint = f"did you mean {', '.join(close)}?" if close else "see open_clip.list_models()"
            raise BundleError(
                f"model {model!r}: expected a name open_clip knows or a config file *.json; {hint}"
            )
        return name
    path = Path(model)
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{path}: expected a model config in JSON: {error}") from error
    if not isinstance(config, dict) or not config.keys() >= _CONFIG_KEYS:
        raise BundleError(
            f"{path}: expected the keys {', '.join(sorted(_CONFIG_KEYS))}; "
            "a folder with open_clip_config.json and weights is named as local-dir:FOLDER"
        )
    open_clip.add_model_config(path)
    return path.stem


def _weights(open_clip: ModuleType, name: str, pretrained: str) -> tuple[Path, Mapping[str, Any]]:
    """Return the weight file and what is known of it: activation, mean and std."""
    path = Path(pretrained).expanduser()
    if path.is_file():
        if path.suffix not in WEIGHT_SUFFIXES:
            raise BundleError(
                f"{path}: expected a weight file {', '.join(WEIGHT_SUFFIXES)}, found {path.suffix!r}"
            )
        return path, _neighbour_settings(path)
    settings = open_clip.get_pretrained_cfg(name, pretrained)
    if not settings:
        tags = ", ".join(open_clip.list_pretrained_tags_by_model(name)) or "none"
        raise BundleError(
            f"--pretrained {pretrained}: expected a weight file or a tag of {name}; its tags: {tags}"
        )
    place = settings.get("hf_hub") or settings.get("url")
    try:
        with quick_to_fail(f"--pretrained {pretrained}", None if settings.get("hf_hub") else settings["url"]):
            return Path(open_clip.download_pretrained(settings)), settings
    except BundleError:
        raise
    except Exception as error:  # the hub's client raises errors of many libraries
        reason = " ".join(str(error).split())[:300]
        raise BundleError(
            f"--pretrained {pretrained}: cannot download {place}: {reason}; without a network, copy the "
            "weight file from a machine that has one and pass it: --pretrained FILE"
        ) from error


def _neighbour_settings(path: Path) -> Mapping[str, Any]:
    """Return what the hub's open_clip_config.json beside a weight file says, if it is there."""
    config_path = path.with_name("open_clip_config.json")
    if not config_path.is_file():
        return {}
    try:
        config = json.loads(config_path.read_text(encoding="utf-8"))
        quick_gelu = config.get("model_cfg", {}).get("quick_gelu", False)
        return {**config.get("preprocess_cfg", {}), "quick_gelu": quick_gelu}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise BundleError(f"{config_path}: expected the hub's model config in JSON: {error}") from error


def _create(open_clip: ModuleType, name: str, pretrained: str | None, **settings: Any) -> nn.Module:
    try:
        return open_clip.create_model(name, pretrained, weights_only=True, **settings).eval()
    except Exception as error:  # whatever a foreign config or weight file provokes
        reason = " ".join(str(error).split())[:400]
        source = f"{name} with weights {pretrained}" if pretrained else name
        raise BundleError(
            f"{source}: open_clip cannot build it: {type(error).__name__}: {reason}; expected tensors that "
            "fit the model, as .safetensors or a plain state dict (what needs unpickling is refused)"
        ) from error


def _schema_origin(model: str) -> Origin:
    schema, _, place = model.partition(":")
    if schema == "hf-hub":
        return Origin(model, "hub", None)
    folder = Path(place)
    files = [path for path in folder.iterdir() if path.suffix in WEIGHT_SUFFIXES]
    only = files[0] if len(files) == 1 else None
    return Origin(
        f"{schema}:{folder.resolve().name}", only.name if only else "local", only and file_sha256(only)
    )


def _obstacle(config: Mapping[str, Any]) -> str | None:
    """Return why a model config cannot become a bundle, None if it can."""
    vision, text = config["vision_cfg"], config["text_cfg"]
    if "multimodal_cfg" in config or vision.get("attentional_pool"):
        return "a model that pools by attention, so its patches are not in text space"
    if "timm_model_name" in vision:
        pool, projection = vision.get("timm_pool", "avg"), vision.get("timm_proj", "linear")
        if pool not in ("avg", "") or projection not in ("linear", "mlp", "none", "", None):
            return f"an image tower of timm that pools by {pool!r}, so its cells are not in text space"
    elif not isinstance(vision.get("layers", 12), int):
        return "a convolutional image tower"
    if any(key in text for key in ("hf_model_name", "hf_tokenizer_name", "tokenizer_kwargs")):
        return "a text tower with another tokenizer than CLIP's"
    if text.get("embed_cls") or text.get("pool_type", "argmax") not in ("argmax", "eos"):
        return "a text tower that is not pooled at its end token"
    return None


def _check_config(name: str, config: Mapping[str, Any]) -> None:
    try:
        obstacle = _obstacle(config)
    except (AttributeError, TypeError, KeyError) as error:
        raise BundleError(f"{name}: expected mappings vision_cfg and text_cfg: {error!r}") from error
    if obstacle:
        raise BundleError(
            f"{name}: expected a plain ViT or a convolutional tower with CLIP's text tower, such as "
            f"ViT-B-16 or convnext_base, found {obstacle}"
        )


def _checked(model: nn.Module, origin: Origin) -> SourceModel:
    """Check the built modules, which is all there is to check of a model from the hub."""
    source = SourceModel(model, origin)
    plain = source.convolutional or (_plain_blocks(source.visual) and source.visual.attn_pool is None)
    if not plain or not _plain_blocks(source.text):
        raise BundleError(
            f"{origin.model}: expected a convolutional tower or a ViT, and a text tower, of plain "
            "attention blocks, found other modules"
        )
    for parameter_name, parameter in model.named_parameters():
        if not torch.isfinite(parameter).all():
            raise BundleError(
                f"{origin.model}: {parameter_name}: expected finite weights, found NaN or infinity"
            )
    return source


def _plain_blocks(tower: nn.Module) -> bool:
    blocks = [*getattr(getattr(tower, "transformer", None), "resblocks", ())]
    return bool(blocks) and all(
        isinstance(getattr(block, "attn", None), nn.MultiheadAttention) for block in blocks
    )
