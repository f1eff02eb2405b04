"""Loads a model bundle after checking every byte of it. Needs no torch."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
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

_BLOCK = 1 << 20  # bytes hashed at once
_OPEN_FILES = Path("/proc/self/fd")


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
        with self.opened(IMAGE_FILE) as model:
            return OnnxDenseEncoder(model, self.manifest, threads)

    def text_encoder(self, threads: int = 0) -> OnnxTextEncoder:
        """Make the text tower, opened at its first use; threads as for image_encoder."""
        tokenizer = ClipTokenizer(self.read(VOCABULARY_FILE), self.manifest.context_length)
        return OnnxTextEncoder(lambda: self.opened(TEXT_FILE), tokenizer, self.manifest, threads)

    def read(self, name: str) -> bytes:
        """Return the content of one file; BundleError if it is not what the manifest says.

        Hash and use see the same bytes, so a file that changes later is never run unseen.
        """
        content = _content(self._file(name), LARGEST_FILE)
        self._check(name, hashlib.sha256(content).hexdigest())
        return content

    @contextmanager
    def opened(self, name: str) -> Iterator[str | bytes]:
        """Give a path to one file, or its content, to be read within the block; BundleError as `read`.

        The path is that of the open file, so that hash and use see one file whatever its name comes to
        stand for, and nothing beside it is ever read; a file written to meanwhile is refused
        at the end. It saves the memory that the content would take beside what is made of it.
        """
        path = self._file(name)
        if not _OPEN_FILES.is_dir():  # not Linux
            yield self.read(name)
            return
        try:
            file = path.open("rb")
        except OSError as error:
            raise _unreadable(path, error) from error
        with file:
            before = os.fstat(file.fileno())
            if before.st_size > LARGEST_FILE:
                raise BundleError(f"{path}: expected at most {LARGEST_FILE} bytes, found {before.st_size}")
            digest = hashlib.sha256()
            try:
                while block := file.read(_BLOCK):
                    digest.update(block)
            except OSError as error:
                raise _unreadable(path, error) from error
            self._check(name, digest.hexdigest())
            yield str(_OPEN_FILES / str(file.fileno()))
            after = os.fstat(file.fileno())
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise BundleError(f"{path}: it was changed while it was opened; start again")

    def _file(self, name: str) -> Path:
        path = self.folder / name
        if not path.is_file():
            raise BundleError(
                f"{self.folder}: {name}: expected a file, found none; copy or export the bundle again"
            )
        return path

    def _check(self, name: str, found: str) -> None:
        expected = self.manifest.files[name]
        if found != expected:
            raise BundleError(
                f"{self.folder}: {name}: expected sha256 {expected}, found {found}; "
                "the file is damaged or was changed: copy or export the bundle again"
            )


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
        with bundle.opened(name) as content:
            try:
                if name in towers:
                    towers[name](open_session(content, name, threads=1, optimise=False), manifest)
            except BundleError as error:
                raise BundleError(f"{folder}: {error}") from error
    try:
        ClipTokenizer(bundle.read(VOCABULARY_FILE), manifest.context_length)
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
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> BundleError:
    return BundleError(f"{path}: cannot be read: {error.strerror or error}; check the permissions")
