"""Loads a model bundle after checking every byte of it. Needs no torch."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from clipomaly_ros.model.manifest import (
    IMAGE_FILE,
    LARGEST_FILE,
    MANIFEST_FILE,
    MAXIMUM_BYTES,
    TEXT_FILE,
    VOCABULARY_FILE,
    BundleError,
    Manifest,
    parse_manifest,
)
from clipomaly_ros.model.onnx_encoder import (
    OnnxDenseEncoder,
    OnnxTextEncoder,
    check_image_interface,
    check_text_interface,
    open_session,
)
from clipomaly_ros.model.tokenizer import ClipTokenizer

__all__ = ["BundleError", "ModelBundle", "load_bundle"]


@dataclass(frozen=True)
class ModelBundle:
    """A model bundle whose files have been checked.

    folder: where it lies. manifest: its validated content. hash: SHA-256 of manifest.yaml,
    which holds the hashes of all other files.
    """

    folder: Path
    manifest: Manifest
    hash: str

    @property
    def id(self) -> str:
        """Return name@version, at most 128 characters."""
        return self.manifest.id

    @property
    def untrained(self) -> bool:
        """Return whether the weights are random, so that no result means anything."""
        return self.manifest.untrained

    def image_encoder(self, threads: int = 0) -> OnnxDenseEncoder:
        """Open the image tower; threads 0 leaves their number to ONNX Runtime."""
        return OnnxDenseEncoder(self.read(IMAGE_FILE), self.manifest, threads)

    def text_encoder(self, threads: int = 0) -> OnnxTextEncoder:
        """Make the text tower, opened at its first use; threads as for image_encoder."""
        tokenizer = ClipTokenizer(self.read(VOCABULARY_FILE), self.manifest.context_length)
        return OnnxTextEncoder(lambda: self.read(TEXT_FILE), tokenizer, self.manifest, threads)

    def read(self, name: str) -> bytes:
        """Return the content of one file; BundleError if it is not what the manifest says.

        Hash and use see the same bytes, so a file that changes later is never run unseen.
        """
        path = self.folder / name
        if not path.is_file():
            raise BundleError(
                f"{self.folder}: {name}: expected a file, found none; copy or export the bundle again"
            )
        content = _content(path, LARGEST_FILE)
        expected, found = self.manifest.files[name], hashlib.sha256(content).hexdigest()
        if found != expected:
            raise BundleError(
                f"{self.folder}: {name}: expected sha256 {expected}, found {found}; "
                "the file is damaged or was changed: copy or export the bundle again"
            )
        return content


def load_bundle(folder: Path) -> ModelBundle:
    """Check and open a bundle: manifest, the hash of every file, ONNX inputs and outputs.

    BundleError names what is wrong, what was expected, what was found and what to do.
    """
    folder = Path(folder).expanduser()
    if not folder.is_dir():
        raise BundleError(
            f"{folder}: expected a model bundle (a folder), found none; make one: clipomaly export"
        )
    manifest_path = folder / MANIFEST_FILE
    if not manifest_path.is_file():
        raise BundleError(f"{folder}: expected {MANIFEST_FILE}, found none; is this a model bundle?")
    data = _content(manifest_path, MAXIMUM_BYTES)
    try:
        manifest = parse_manifest(data)
    except BundleError as error:
        raise BundleError(f"{folder}: {error}") from error
    bundle = ModelBundle(folder, manifest, hashlib.sha256(data).hexdigest())
    extra = {path.name for path in folder.iterdir()} - {MANIFEST_FILE, *manifest.files}
    if extra:
        raise BundleError(
            f"{folder}: expected only the files that {MANIFEST_FILE} lists, "
            f"found also {', '.join(sorted(extra))}; remove them"
        )
    towers = {IMAGE_FILE: check_image_interface, TEXT_FILE: check_text_interface}
    for name in manifest.files:
        content = bundle.read(name)
        try:
            if name in towers:
                towers[name](open_session(content, name, threads=1, optimise=False), manifest)
            elif name == VOCABULARY_FILE:
                ClipTokenizer(content, manifest.context_length)
        except BundleError as error:
            raise BundleError(f"{folder}: {error}") from error
    return bundle


def _content(path: Path, limit: int) -> bytes:
    try:
        size = path.stat().st_size
        if size > limit:
            raise BundleError(f"{path}: expected at most {limit} bytes, found {size}")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(
            f"{path}: cannot be read: {error.strerror or error}; check the permissions"
        ) from error
