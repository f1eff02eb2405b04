"""Puts a model bundle on disk so that nobody ever sees half of one."""

from __future__ import annotations

import dataclasses
import hashlib
import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from clipomaly_ros.model.manifest import MANIFEST_FILE, BundleError, Manifest, dump_manifest


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, 64 hexadecimal digits, without holding it in memory."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(1 << 20):
            digest.update(block)
    return digest.hexdigest()


def check_target(folder: Path, overwrite: bool) -> None:
    """Raise BundleError unless a bundle may be written to folder."""
    if not folder.exists():
        return
    if not folder.is_dir() or (any(folder.iterdir()) and not (folder / MANIFEST_FILE).is_file()):
        raise BundleError(
            f"{folder}: expected a new folder or a bundle, found something else; choose another"
        )
    if not overwrite and any(folder.iterdir()):
        raise BundleError(f"{folder}: a bundle is already there; pass --overwrite or choose another folder")


def write_bundle(
    folder: Path, manifest: Manifest, files: Mapping[str, Path], overwrite: bool = False
) -> None:
    """Write a bundle by building it next to folder and renaming it into place.

    manifest: its files' hashes are computed here from the files. files: source by name.
    BundleError if folder holds something that is not a bundle, or a bundle and not overwrite.
    """
    check_target(folder, overwrite)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as scratch:
        new, old = Path(scratch) / "new", Path(scratch) / "old"
        new.mkdir()
        hashes = {}
        for name, source in files.items():
            shutil.copyfile(source, new / name)
            hashes[name] = file_sha256(new / name)
        (new / MANIFEST_FILE).write_bytes(dump_manifest(dataclasses.replace(manifest, files=hashes)))
        for path in new.iterdir():
            with path.open("rb") as stream:
                os.fsync(stream.fileno())
        # A folder cannot replace a full one in a single step: the old one steps aside, and
        # returns if the new one cannot take its place.
        if folder.exists():
            folder.rename(old)
        try:
            new.rename(folder)
        except OSError:
            if old.exists():
                old.rename(folder)
            raise
