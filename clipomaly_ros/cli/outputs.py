"""Outputs are checked before the work, not after: an hour's figures must not be lost to a missing folder."""

from __future__ import annotations

import os
from pathlib import Path


def prepare_file(path: Path | None) -> None:
    """Make the folder of a file that will be written; OSError when the file cannot be. None: no file.

    What is there already stays as it is.
    """
    if path is None:
        return
    if path.is_dir():
        raise IsADirectoryError(f"{path}: expected a file to write, found a folder")
    prepare_folder(path.parent)
    if path.exists() and not os.access(path, os.W_OK):
        raise PermissionError(f"{path}: expected a file that may be written, found one that may not")


def prepare_folder(path: Path | None) -> None:
    """Make a folder that will be written to; OSError when it cannot be. None: no folder."""
    if path is None:
        return
    if path.exists() and not path.is_dir():
        raise NotADirectoryError(f"{path}: expected a folder to write to, found a file")
    path.mkdir(parents=True, exist_ok=True)
    if not os.access(path, os.W_OK | os.X_OK):
        raise PermissionError(f"{path}: expected a folder that may be written to, found one that may not")
