"""An image tagger such as RAM or RAM++ as a folder: ONNX model, tag list, thresholds, manifest."""

from __future__ import annotations

import hashlib
import math
import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

import yaml

from clipomaly_ros.model.manifest import LARGEST_FILE, MANIFEST_FILE, MAXIMUM_BYTES, BundleError
from clipomaly_ros.model.onnx_tagger import OnnxTagger
from clipomaly_ros.vocabulary.entries import VocabularyError
from clipomaly_ros.vocabulary.strict_yaml import StrictYamlError, parse_strict
from clipomaly_ros.vocabulary.tag_list import parse_tags

FORMAT, KIND = 1, "tagger"
MODEL_FILE, TAGS_FILE, THRESHOLDS_FILE = "tagger.onnx", "tags.txt", "thresholds.txt"
FILES = (MODEL_FILE, TAGS_FILE, THRESHOLDS_FILE)
OUTPUTS = ("probabilities", "logits")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,79}")


@dataclass(frozen=True)
class TaggerManifest:
    """What the run time must know of a tagger.

    input_size: height, width [pixel]; the image is stretched to it, as RAM was trained.
    mean, std: of the RGB channels, 0 to 1. output: what the model gives for each tag, "logits" before the
    sigmoid or "probabilities". files: SHA-256 by file name.
    """

    name: str
    version: str
    origin: str
    licence: str
    input_size: tuple[int, int]
    mean: tuple[float, float, float]
    std: tuple[float, float, float]
    output: str
    files: Mapping[str, str]

    def __post_init__(self) -> None:
        for key in ("name", "version"):
            value = getattr(self, key)
            if not isinstance(value, str) or not _ID.fullmatch(value):
                raise _wrong(key, "a text of 1 to 80 letters, digits, '.', '_', '+', '-'", value)
        for key in ("origin", "licence"):
            value = getattr(self, key)
            if not isinstance(value, str) or not 0 < len(value) <= 500:
                raise _wrong(key, "a text of 1 to 500 characters", value)
        if len(self.input_size) != 2 or not all(type(v) is int and 8 <= v <= 4096 for v in self.input_size):
            raise _wrong("input_size", "height and width, integers from 8 to 4096", self.input_size)
        for key, low in (("mean", 0.0), ("std", 1e-3)):
            values = getattr(self, key)
            if len(values) != 3 or not all(type(v) in (int, float) and low <= v <= 1.0 for v in values):
                raise _wrong(key, f"three numbers from {low:g} to 1", values)
        if self.output not in OUTPUTS:
            raise _wrong("output", f"one of {', '.join(OUTPUTS)}", self.output)
        if not isinstance(self.files, Mapping) or set(self.files) != set(FILES):
            raise _wrong("files", f"the SHA-256 of {', '.join(FILES)}", self.files)


def load_tagger(folder: Path, threads: int = 0) -> OnnxTagger:
    """Check and open a tagger: manifest, hashes, and that model, tags and thresholds go together.

    threads: of one operator; 0 leaves their number to ONNX Runtime. BundleError says what is wrong.
    """
    folder = Path(folder).expanduser()
    try:
        manifest = _parse(_content(folder / MANIFEST_FILE, MAXIMUM_BYTES))
        contents = {name: _content(folder / name, LARGEST_FILE) for name in FILES}
        for name, content in contents.items():
            expected, found = manifest.files[name], hashlib.sha256(content).hexdigest()
            if expected != found:
                raise BundleError(
                    f"{name}: expected sha256 {expected}, found {found}; copy or make the bundle again"
                )
        tags, thresholds = _lists(contents[TAGS_FILE], contents[THRESHOLDS_FILE])
        return OnnxTagger(
            contents[MODEL_FILE],
            tags,
            thresholds,
            manifest.input_size,
            manifest.mean,
            manifest.std,
            manifest.output == "logits",
            threads,
        )
    except BundleError as error:
        raise BundleError(f"tagger {folder}: {error}") from error


def write_tagger(folder: Path, manifest: TaggerManifest, files: Mapping[str, Path]) -> None:
    """Write a bundle and open it once; what cannot be used is not written.

    manifest: its files' hashes are computed here. files: source by name, one of each of FILES.
    BundleError if the folder exists and is not empty.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BundleError(f"{folder}: expected a new or empty folder; choose another")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        new = Path(scratch) / "new"
        new.mkdir()
        hashes = {}
        for name in FILES:
            shutil.copyfile(files[name], new / name)
            hashes[name] = hashlib.sha256((new / name).read_bytes()).hexdigest()
        content: dict[str, Any] = {"format": FORMAT, "kind": KIND, **asdict(manifest), "files": hashes}
        for key in ("input_size", "mean", "std"):
            content[key] = list(content[key])
        (new / MANIFEST_FILE).write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
        load_tagger(new)
        if folder.exists():
            folder.rmdir()
        new.rename(folder)


def _parse(data: bytes) -> TaggerManifest:
    try:
        content = parse_strict(data.decode("utf-8"))
    except (StrictYamlError, UnicodeDecodeError) as error:
        raise BundleError(f"{MANIFEST_FILE}: expected YAML: {error}") from error
    keys = {field.name for field in fields(TaggerManifest)} | {"format", "kind"}
    if not isinstance(content, dict) or set(content) != keys:
        raise BundleError(f"{MANIFEST_FILE}: expected the keys {', '.join(sorted(keys))}")
    if (content.pop("format"), content.pop("kind")) != (FORMAT, KIND):
        raise BundleError(f"{MANIFEST_FILE}: expected format {FORMAT} and kind {KIND}")
    for key in ("input_size", "mean", "std"):
        if not isinstance(content[key], list):
            raise _wrong(key, "a list", content[key])
        content[key] = tuple(content[key])
    return TaggerManifest(**content)


def _lists(tags_text: bytes, thresholds_text: bytes) -> tuple[tuple[str, ...], tuple[float, ...]]:
    try:
        tags = parse_tags(tags_text.decode("utf-8"), TAGS_FILE)
        thresholds = tuple(float(line) for line in thresholds_text.decode("utf-8").split())
    except (VocabularyError, UnicodeDecodeError) as error:
        raise BundleError(str(error)) from error
    except ValueError as error:
        raise BundleError(f"{THRESHOLDS_FILE}: expected one number a line: {error}") from error
    if len(tags) != len(thresholds):
        raise BundleError(
            f"{TAGS_FILE} has {len(tags)} tags but {THRESHOLDS_FILE} has {len(thresholds)} thresholds; "
            "give one threshold for each tag, in the same order"
        )
    for number, value in enumerate(thresholds, start=1):
        if not (math.isfinite(value) and 0.0 <= value <= 1.0):
            raise BundleError(f"{THRESHOLDS_FILE}, line {number}: expected 0 to 1, found {value:g}")
    return tags, thresholds


def _content(path: Path, limit: int) -> bytes:
    try:
        if path.stat().st_size > limit:
            raise BundleError(f"{path.name}: expected at most {limit} bytes, found {path.stat().st_size}")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path.name}: cannot be read: {error.strerror or error}") from error


def _wrong(field: str, expected: str, found: object) -> BundleError:
    return BundleError(f"{MANIFEST_FILE}: {field}: expected {expected}, found {str(found)[:80]!r}")
