"""The manifest of a model bundle: what the bundle holds, where it comes from, how to feed it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import yaml

from clipomaly_ros.vocabulary.strict_yaml import StrictYamlError, parse_strict

FORMAT = 1
MANIFEST_FILE = "manifest.yaml"
IMAGE_FILE = "image.onnx"
TEXT_FILE = "text.onnx"
VOCABULARY_FILE = "vocabulary.txt.gz"
REQUIRED_FILES = (IMAGE_FILE, TEXT_FILE, VOCABULARY_FILE)

ATTENTION_VARIANTS = ("vanilla", "maskclip", "sclip", "clearclip", "naclip")  # of a ViT
POINTWISE = "pointwise"  # of a convolutional tower
DENSE_VARIANTS = (*ATTENTION_VARIANTS, POINTWISE)
PRECISIONS = ("fp32", "fp16", "int8")
THRESHOLD_MODES = ("fixed", "frame_quantile")
# Of clipomaly_ros.vision.unknown_score.
SCORES = ("entropy", "candidate_mass", "max_logit", "energy", "margin")

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_VERSION = re.compile(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,39}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
MAXIMUM_BYTES = 64 * 1024  # of a manifest
_OPTIONAL = ("aligner", "report_min_probability")  # fields that only some bundles have
LARGEST_FILE = 2**31 - 2**20  # bytes; a protobuf message holds no more


class BundleError(ValueError):
    """A model bundle cannot be used or made; the text says what was expected and what came."""


@dataclass(frozen=True)
class Origin:
    """Where the weights come from.

    model: open_clip's model name. pretrained: its weight tag or the weight file's name,
    None for random weights. weights_sha256: hash of the weight file, None likewise.
    """

    model: str
    pretrained: str | None
    weights_sha256: str | None


@dataclass(frozen=True)
class Threshold:
    """Recommended operating point of the unknown score.

    mode "fixed": score above value, 0 to 1, is unknown; "frame_quantile": the value-quantile
    of each frame is the threshold, for bundles whose absolute score means nothing.
    score: which unknown score it holds for. low: hysteresis, the score down to which a region extends
    that reaches above value, 0 to value, with "fixed" only; None recommends none.
    """

    mode: str
    value: float
    score: str = SCORES[0]
    low: float | None = None


@dataclass(frozen=True)
class Manifest:
    """Everything the run time must know of a bundle, validated.

    input_size: height, width [pixel]; both are multiples of patch_size [pixel].
    mean, std: of the RGB channels, 0 to 1. logit_scale: factor on cosines before softmax.
    files: SHA-256 by file name, for every file of the bundle but the manifest itself.
    untrained: the weights are random; whatever comes out means nothing. aligner: SHA-256 of the tensors of
    the aligner that was folded in, None without one. report_min_probability: recommended least mean
    probability of a region of an approved class that is reported, None recommends none.
    """

    name: str
    version: str
    origin: Origin
    licence: str
    files: Mapping[str, str]
    input_size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    patch_size: int
    embedding_dim: int
    logit_scale: float
    dense_variant: str
    context_length: int
    untrained: bool
    precision: str
    threshold: Threshold
    templates: tuple[str, ...]
    aligner: str | None = None
    report_min_probability: float | None = None

    def __post_init__(self) -> None:
        _validate(self)

    @property
    def id(self) -> str:
        """Return name@version, at most 121 characters."""
        return f"{self.name}@{self.version}"


def default_threshold(untrained: bool) -> Threshold:
    """Return the operating point of a bundle that has not been calibrated."""
    return Threshold("frame_quantile", 0.97) if untrained else Threshold("fixed", 0.5)


def check_threshold(threshold: Threshold) -> None:
    """Raise BundleError for an operating point that means nothing."""
    _one_of("threshold: mode", threshold.mode, THRESHOLD_MODES)
    _number("threshold: value", threshold.value, 0.0, 1.0)
    _one_of("threshold: score", threshold.score, SCORES)
    if threshold.low is None:
        return
    if threshold.mode != THRESHOLD_MODES[0]:
        raise _wrong("threshold: low", f"none with mode {threshold.mode}", threshold.low)
    _number("threshold: low", threshold.low, 0.0, threshold.value)


def check_report(least: float | None) -> None:
    """Raise BundleError for a least probability of reported regions that means nothing."""
    if least is not None:
        _number("report_min_probability", least, 0.0, 1.0)


def parse_manifest(data: bytes) -> Manifest:
    """Read a manifest; BundleError names the field that is missing, unknown or wrong."""
    if len(data) > MAXIMUM_BYTES:
        raise BundleError(f"{MANIFEST_FILE}: expected at most {MAXIMUM_BYTES} bytes, found {len(data)}")
    try:
        content = parse_strict(data.decode("utf-8"))
    except (StrictYamlError, UnicodeDecodeError) as error:
        raise BundleError(f"{MANIFEST_FILE}: expected YAML: {error}; export the bundle again") from error
    if isinstance(content, dict):
        content = {**dict.fromkeys(_OPTIONAL), **content}
    content = _mapping("", content, {field.name for field in fields(Manifest)} | {"format"})
    if content.pop("format") != FORMAT:
        raise BundleError(
            f"{MANIFEST_FILE}: expected format {FORMAT}; export the bundle again with this release"
        )
    origin = _mapping("origin", content.pop("origin"), {field.name for field in fields(Origin)})
    threshold = content.pop("threshold")
    if isinstance(threshold, dict):  # bundles of the first release name no score, and few a low threshold
        threshold = {"score": SCORES[0], "low": None, **threshold}
    threshold = _mapping("threshold", threshold, {field.name for field in fields(Threshold)})
    for name in ("input_size", "mean", "std", "templates"):
        if not isinstance(content[name], list):
            raise _wrong(name, "a list", content[name])
        content[name] = tuple(content[name])
    return Manifest(origin=Origin(**origin), threshold=Threshold(**threshold), **content)


def dump_manifest(manifest: Manifest) -> bytes:
    """Write a manifest as YAML, in the order of its fields."""
    content: dict[str, Any] = {"format": FORMAT}
    for field in fields(Manifest):
        value = getattr(manifest, field.name)
        if field.name in _OPTIONAL and value is None:
            continue
        if isinstance(value, (Origin, Threshold)):
            value = {inner.name: getattr(value, inner.name) for inner in fields(value)}
            if value.get("low", 0.0) is None:
                del value["low"]
        elif isinstance(value, tuple):
            value = list(value)
        elif isinstance(value, Mapping):
            value = dict(sorted(value.items()))
        content[field.name] = value
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=100).encode("utf-8")


def _wrong(field: str, expected: str, found: object) -> BundleError:
    return BundleError(f"{MANIFEST_FILE}: {field}: expected {expected}, found {str(found)[:80]!r}")


def _mapping(field: str, value: object, keys: set[str]) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(field or "content", "a mapping", value)
    missing, unknown = keys - value.keys(), value.keys() - keys
    if missing or unknown:
        where = f"{field}: " if field else ""
        wrong = [f"missing {', '.join(sorted(missing))}"] if missing else []
        wrong += [f"unknown {', '.join(sorted(map(str, unknown)))}"] if unknown else []
        raise BundleError(
            f"{MANIFEST_FILE}: {where}{'; '.join(wrong)}; export the bundle again with this release"
        )
    return dict(value)


def _text(field: str, value: object, maximum: int, optional: bool = False) -> None:
    if not (optional and value is None) and not (isinstance(value, str) and 0 < len(value) <= maximum):
        raise _wrong(field, f"a text of 1 to {maximum} characters", value)


def _pattern(field: str, value: object, pattern: re.Pattern[str], expected: str) -> None:
    if not isinstance(value, str) or not pattern.fullmatch(value):
        raise _wrong(field, expected, value)


def _integer(field: str, value: object, low: int, high: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise _wrong(field, f"an integer from {low} to {high}", value)


def _number(field: str, value: object, low: float, high: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise _wrong(field, f"a number from {low} to {high}", value)


def _one_of(field: str, value: object, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise _wrong(field, f"one of {', '.join(choices)}", value)


def _files(files: object) -> None:
    if not isinstance(files, Mapping):
        raise _wrong("files", "a mapping from file name to SHA-256", files)
    for name, digest in files.items():
        # A plain name, so that no entry can point out of the bundle's folder.
        _pattern("files", name, _FILE, "a plain file name without folders")
        _pattern(f"files: {name}", digest, _SHA256, "64 lower-case hexadecimal digits")
    missing = [name for name in REQUIRED_FILES if name not in files]
    if missing or MANIFEST_FILE in files:
        raise _wrong("files", f"{', '.join(REQUIRED_FILES)} and not {MANIFEST_FILE}", ", ".join(files))


def _validate(manifest: Manifest) -> None:
    _pattern("name", manifest.name, _NAME, "1 to 80 letters, digits, '.', '_', '-'")
    _pattern("version", manifest.version, _VERSION, "a quoted text of 1 to 40 letters, digits, '.', '+', '-'")
    _text("origin: model", manifest.origin.model, 200)
    _text("origin: pretrained", manifest.origin.pretrained, 200, optional=True)
    if manifest.origin.weights_sha256 is not None:
        _pattern("origin: weights_sha256", manifest.origin.weights_sha256, _SHA256, "64 hexadecimal digits")
    _text("licence", manifest.licence, 500)
    _files(manifest.files)
    _integer("patch_size", manifest.patch_size, 4, 64)
    if len(manifest.input_size) != 2:
        raise _wrong("input_size", "height and width", manifest.input_size)
    for side in manifest.input_size:
        _integer("input_size", side, manifest.patch_size, 8192)
        if side % manifest.patch_size:
            raise _wrong("input_size", f"multiples of patch_size {manifest.patch_size}", manifest.input_size)
    for name, values, low in (("mean", manifest.mean, 0.0), ("std", manifest.std, 1e-3)):
        if len(values) != 3:
            raise _wrong(name, "three numbers, one a channel", values)
        for value in values:
            _number(name, value, low, 1.0)
    _integer("embedding_dim", manifest.embedding_dim, 1, 8192)
    _number("logit_scale", manifest.logit_scale, 1e-3, 1e4)
    _one_of("dense_variant", manifest.dense_variant, DENSE_VARIANTS)
    _integer("context_length", manifest.context_length, 2, 4096)
    if not isinstance(manifest.untrained, bool):
        raise _wrong("untrained", "true or false", manifest.untrained)
    _one_of("precision", manifest.precision, PRECISIONS)
    if manifest.aligner is not None:
        _pattern("aligner", manifest.aligner, _SHA256, "64 lower-case hexadecimal digits")
    check_report(manifest.report_min_probability)
    check_threshold(manifest.threshold)
    if not 1 <= len(manifest.templates) <= 100:
        raise _wrong("templates", "1 to 100 prompt templates", len(manifest.templates))
    for template in manifest.templates:
        _text("templates", template, 200)
        if template.count("{}") != 1:
            raise _wrong("templates", "'{}' exactly once", template)
