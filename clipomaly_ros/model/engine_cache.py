"""Engines on disk: each with a sidecar that says what it is, written whole or not at all."""

from __future__ import annotations

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from clipomaly_ros.model.engine_key import EngineKey, key_from_fields
from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.text_cache import default_cache_folder
from clipomaly_ros.vocabulary.strict_yaml import StrictYamlError, parse_strict

FORMAT = 1
LARGEST_SIDECAR = 64 * 1024


class EngineDamaged(BundleError):  # noqa: N818 - a state of the cache, dealt with by a new build
    """An engine's bytes are not those that its sidecar describes."""


@dataclass(frozen=True)
class EngineRecord:
    """A sidecar that was read and checked.

    sha256, size [byte]: of the engine file. made_with: what is worth knowing but decides
    nothing, e.g. versions of driver and CUDA.
    """

    key: EngineKey
    sha256: str
    size: int
    made_with: Mapping[str, Any]


class EngineCache:
    """A folder of engines: DIGEST.engine, its sidecar DIGEST.yaml, and DIGEST.lock.

    The sidecar is written last and holds the engine's hash, so a build that is cut short
    leaves nothing that could be taken for an engine. Safe among processes.
    """

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = default_cache_folder() / "engines" if folder is None else Path(folder).expanduser()

    def of_model(self, onnx_sha256: str) -> list[EngineRecord]:
        """Return the sidecars of all engines of a model, whether they fit this machine or not.

        In order of preference: fp16 first, then by optimisation level. Unreadable ones are left out:
        nothing can be said of them but that they must not be loaded.
        """
        records = []
        for path in sorted(self.folder.glob("*.yaml")):
            try:
                record = self._sidecar(path)
            except (BundleError, OSError):
                continue
            if record.key.target.onnx_sha256 == onnx_sha256:
                records.append(record)
        records.sort(
            key=lambda record: (
                record.key.settings.precision != "fp16",
                -record.key.settings.optimisation_level,
                record.key.digest,
            )
        )
        return records

    def read(self, key: EngineKey) -> bytes | None:
        """Return an engine, None if there is none; EngineDamaged if it is not what was written."""
        with self._lock(key, fcntl.LOCK_SH):
            return self._read(key)

    def obtain(
        self,
        key: EngineKey,
        build: Callable[[], tuple[bytes, Mapping[str, Any]]],
        say: Callable[[str], None] = lambda line: None,
        anew: bool = False,
    ) -> bytes:
        """Return the engine of a key, built if it is missing, damaged, or anew is asked for.

        build returns the engine and what it was made with. Two processes never build the
        same engine at once: the second waits and takes the first one's. BundleError if the
        folder cannot be written; whatever build raises leaves the folder as it was.
        """
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise self._unwritable(error) from error
        with self._lock(key, fcntl.LOCK_EX, say):
            try:
                engine = None if anew else self._read(key)
            except EngineDamaged as error:
                say(f"{error}; building it again")
                engine = None
            if engine is None:
                engine, made_with = build()
                self._write(key, engine, made_with)
            return engine

    def _path(self, key: EngineKey, suffix: str) -> Path:
        return self.folder / f"{key.digest}.{suffix}"

    def _sidecar(self, path: Path) -> EngineRecord:
        if path.stat().st_size > LARGEST_SIDECAR:
            raise EngineDamaged(f"{path}: expected at most {LARGEST_SIDECAR} bytes")
        try:
            content = parse_strict(path.read_bytes().decode("utf-8"))
        except (StrictYamlError, UnicodeDecodeError) as error:
            raise EngineDamaged(f"{path}: expected YAML: {error}") from error
        if not isinstance(content, dict) or content.get("format") != FORMAT:
            raise EngineDamaged(f"{path}: expected an engine's sidecar of format {FORMAT}")
        values, file = content.get("key"), content.get("engine")
        made_with = content.get("made_with")
        if not all(isinstance(part, dict) for part in (values, file, made_with)):
            raise EngineDamaged(f"{path}: expected key, engine and made_with")
        try:
            key = key_from_fields(values)
        except (BundleError, TypeError, IndexError) as error:
            raise EngineDamaged(f"{path}: {error}") from error
        if path.stem != key.digest:
            raise EngineDamaged(f"{path}: expected the key of its name, found {key.digest}")
        sha256, size = file.get("sha256"), file.get("size")
        if not isinstance(sha256, str) or not isinstance(size, int):
            raise EngineDamaged(f"{path}: expected the engine's sha256 and size")
        return EngineRecord(key, sha256, size, made_with)

    def _read(self, key: EngineKey) -> bytes | None:
        engine_path, sidecar_path = self._path(key, "engine"), self._path(key, "yaml")
        if not sidecar_path.is_file():
            return None  # an engine without a sidecar was never finished
        try:
            record = self._sidecar(sidecar_path)
            if engine_path.stat().st_size != record.size:
                raise EngineDamaged(
                    f"{engine_path}: expected {record.size} bytes, found {engine_path.stat().st_size}"
                )
            engine = engine_path.read_bytes()
        except OSError as error:
            raise EngineDamaged(f"{engine_path}: cannot be read: {error.strerror or error}") from error
        found = hashlib.sha256(engine).hexdigest()
        if found != record.sha256:
            raise EngineDamaged(f"{engine_path}: expected sha256 {record.sha256}, found {found}")
        return engine

    def _write(self, key: EngineKey, engine: bytes, made_with: Mapping[str, Any]) -> None:
        content = {
            "format": FORMAT,
            "key": key.fields(),
            "engine": {"sha256": hashlib.sha256(engine).hexdigest(), "size": len(engine)},
            "made_with": dict(made_with),
        }
        sidecar = yaml.safe_dump(content, sort_keys=False, allow_unicode=True).encode("utf-8")
        try:
            self._path(key, "yaml").unlink(missing_ok=True)
            for suffix, data in (("engine", engine), ("yaml", sidecar)):
                self._replace(self._path(key, suffix), data)
        except OSError as error:
            raise self._unwritable(error) from error

    def _replace(self, target: Path, data: bytes) -> None:
        with tempfile.TemporaryDirectory(prefix=".", dir=self.folder) as scratch:
            part = Path(scratch) / target.name
            with part.open("wb") as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            part.replace(target)

    @contextmanager
    def _lock(
        self, key: EngineKey, kind: int, say: Callable[[str], None] = lambda line: None
    ) -> Iterator[None]:
        # The kernel lets go of a lock whose process died, so none is ever left behind.
        path = self._path(key, "lock")
        try:
            descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
        except OSError as error:
            if kind == fcntl.LOCK_EX:
                raise self._unwritable(error) from error
            yield  # nobody can be writing in a folder that is read-only or missing
            return
        try:
            try:
                fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
            except BlockingIOError:
                say(f"waiting for another build of {key.digest[:12]}")
                fcntl.flock(descriptor, kind)
            yield
        finally:
            os.close(descriptor)

    def _unwritable(self, error: OSError) -> BundleError:
        return BundleError(
            f"{self.folder}: the engine cache cannot be written: {error.strerror or error}; "
            "choose another folder or check space and permissions"
        )
