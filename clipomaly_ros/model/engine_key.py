"""What an engine was built from and for: the fields that decide whether it may be loaded."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from clipomaly_ros.model.manifest import BundleError, Manifest

ENGINE_PRECISIONS = ("fp32", "fp16")  # int8 bundles are for CPUs
LIBRARIES = ("tensorrt", "tensorrt_rtx")
LARGEST_WORKSPACE_MB = 1 << 20
OPTIMISATION_LEVELS = range(6)


@dataclass(frozen=True)
class EngineSettings:
    """What a person chooses for a build.

    precision: fp32 or fp16. workspace_mb: scratch memory the engine may use [MiB], 0 leaves
    it to the library. optimisation_level: 0 (fast build) to 5 (fast engine). builder_flags:
    names of the library's builder flags that are set.
    """

    precision: str = "fp16"
    workspace_mb: int = 0
    optimisation_level: int = 3
    builder_flags: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.precision not in ENGINE_PRECISIONS:
            raise BundleError(
                f"precision: expected {' or '.join(ENGINE_PRECISIONS)}, found {self.precision!r}"
            )
        if not _is_whole(self.workspace_mb) or not 0 <= self.workspace_mb <= LARGEST_WORKSPACE_MB:
            raise BundleError(
                f"workspace: expected 0 (the library's own) to {LARGEST_WORKSPACE_MB} MiB, "
                f"found {self.workspace_mb!r}"
            )
        if not _is_whole(self.optimisation_level) or self.optimisation_level not in OPTIMISATION_LEVELS:
            raise BundleError(f"optimisation level: expected 0 to 5, found {self.optimisation_level!r}")
        if not _are_words(self.builder_flags):
            raise BundleError(f"builder flags: expected names, found {self.builder_flags!r}")


@dataclass(frozen=True)
class EngineTarget:
    """What an engine belongs to: a model, a library and a machine.

    onnx_sha256: of image.onnx. library_version: all its numbers. gpu_name, compute_capability
    ("8.9"): of the GPU; "portable" for engines that the library finishes on the GPU they meet.
    system, machine: operating system and architecture. shapes: name and sizes of each tensor.
    """

    onnx_sha256: str
    library: str
    library_version: str
    gpu_name: str
    compute_capability: str
    system: str
    machine: str
    shapes: tuple[tuple[str, tuple[int, ...]], ...]

    def __post_init__(self) -> None:
        if self.library not in LIBRARIES:
            raise BundleError(f"library: expected {' or '.join(LIBRARIES)}, found {self.library!r}")
        words = (
            self.onnx_sha256,
            self.library_version,
            self.gpu_name,
            self.compute_capability,
            self.system,
            self.machine,
        )
        if not _are_words(words):
            raise BundleError(f"engine: expected the names of model, library and machine, found {words!r}")
        for shape in self.shapes:
            if not isinstance(shape[0], str) or not all(_is_whole(size) and size > 0 for size in shape[1]):
                raise BundleError(f"engine: expected a tensor's name and sizes, found {shape!r}")


@dataclass(frozen=True)
class EngineKey:
    """Target and settings of one engine; two engines with equal keys may stand for each other."""

    target: EngineTarget
    settings: EngineSettings

    def fields(self) -> dict[str, Any]:
        """Return all fields as plain values, flat, as the sidecar holds them."""
        values = {**dataclasses.asdict(self.target), **dataclasses.asdict(self.settings)}
        values["shapes"] = {name: list(sizes) for name, sizes in self.target.shapes}
        values["builder_flags"] = sorted(self.settings.builder_flags)
        return values

    @property
    def digest(self) -> str:
        """Return the SHA-256 of all fields, 64 hexadecimal digits."""
        return hashlib.sha256(json.dumps(self.fields(), sort_keys=True).encode("utf-8")).hexdigest()


def key_from_fields(values: Mapping[str, Any]) -> EngineKey:
    """Return the key that fields() describes; BundleError for anything else."""
    parts = {}
    for kind in (EngineTarget, EngineSettings):
        names = [field.name for field in dataclasses.fields(kind)]
        missing = [name for name in names if name not in values]
        if missing:
            raise BundleError(f"engine sidecar: expected {', '.join(names)}, missing {', '.join(missing)}")
        parts[kind] = {name: values[name] for name in names}
    shapes, flags = parts[EngineTarget]["shapes"], parts[EngineSettings]["builder_flags"]
    if not isinstance(shapes, dict) or not all(isinstance(sizes, list) for sizes in shapes.values()):
        raise BundleError(f"engine sidecar: shapes: expected a mapping of lists, found {shapes!r}")
    if not isinstance(flags, list):
        raise BundleError(f"engine sidecar: builder_flags: expected a list, found {flags!r}")
    parts[EngineTarget]["shapes"] = tuple((name, tuple(shapes[name])) for name in sorted(shapes))
    parts[EngineSettings]["builder_flags"] = tuple(flags)
    return EngineKey(EngineTarget(**parts[EngineTarget]), EngineSettings(**parts[EngineSettings]))


def differences(found: EngineTarget, wanted: EngineTarget) -> str:
    """Say in which fields an engine differs from what is wanted, empty if in none."""
    return ", ".join(
        f"{field.name} {getattr(found, field.name)} instead of {getattr(wanted, field.name)}"
        for field in dataclasses.fields(EngineTarget)
        if getattr(found, field.name) != getattr(wanted, field.name)
    )


def tensor_shapes(manifest: Manifest) -> tuple[tuple[str, tuple[int, ...]], ...]:
    """Return name and sizes of the image tower's input and outputs."""
    height, width = manifest.input_size
    rows, columns = height // manifest.patch_size, width // manifest.patch_size
    return (
        ("global", (1, manifest.embedding_dim)),
        ("image", (1, 3, height, width)),
        ("patches", (1, rows, columns, manifest.embedding_dim)),
    )


def system_and_machine() -> tuple[str, str]:
    """Return operating system and architecture, e.g. linux and x86_64."""
    return platform.system().lower(), platform.machine().lower()


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _are_words(values: tuple[object, ...]) -> bool:
    return all(isinstance(value, str) and 0 < len(value) <= 200 for value in values)
