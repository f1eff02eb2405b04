"""One hash for all of a data set, so that a report says what it was measured on."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from clipomaly_ros.evaluation.kitti import DataError
from clipomaly_ros.evaluation.labelled_frames import LabelledImages

HASHES_FILE = "hashes.json"
RECORDED, LISTED = "content, as recorded in hashes.json", "names and sizes of the files"


@dataclass(frozen=True)
class DataHash:
    """sha256: 64 hexadecimal digits. over: what it is the hash of, in words."""

    sha256: str
    over: str


def data_hash(data: LabelledImages) -> DataHash:
    """Return the hash of an image data set, of all its frames.

    A synthetic apron brings the SHA-256 of every file and of all of them; the sizes of files as they
    are now are not compared with it. Of others, relative names and sizes of the files are hashed.
    DataError for a record that does not agree with itself.
    """
    recorded = data.root / HASHES_FILE
    if recorded.is_file():
        return DataHash(_recorded(recorded), RECORDED)
    digest = hashlib.sha256()
    for name in sorted(data.names):
        for path in data.files(name):
            size = path.stat().st_size if path.is_file() else -1
            digest.update(f"{size}  {path.relative_to(data.root).as_posix()}\n".encode())
    return DataHash(digest.hexdigest(), LISTED)


def _recorded(path: Path) -> str:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        files, said = content["files"], content["sha256"]
        lines = "".join(f"{files[name]}  {name}\n" for name in sorted(files))
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: expected files and sha256, failed at {error!r}") from error
    found = hashlib.sha256(lines.encode()).hexdigest()
    if not isinstance(files, Mapping) or said != found:
        raise DataError(f"{path}: expected sha256 {found} of its list, found {said}; it was changed")
    return found
