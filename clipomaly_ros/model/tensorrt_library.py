"""Finds TensorRT, the CUDA bindings and the GPU; each missing piece is an error that names it."""

from __future__ import annotations

import functools
import importlib
import importlib.util
from dataclasses import dataclass
from types import ModuleType
from typing import Any

from clipomaly_ros.model.engine_key import (
    LIBRARIES,
    EngineTarget,
    system_and_machine,
    tensor_shapes,
)
from clipomaly_ros.model.manifest import IMAGE_FILE, BundleError, Manifest

# In the order of preference; the bindings alone are what a plain package index has.
_MODULES = {
    "tensorrt": ("tensorrt", "tensorrt_bindings"),
    "tensorrt_rtx": ("tensorrt_rtx", "tensorrt_rtx_bindings"),
}
_PACKAGES = {
    "tensorrt": "tensorrt (JetPack brings it)",
    "tensorrt_rtx": "tensorrt-rtx-cu13-libs and tensorrt-rtx-cu13-bindings",
}
_CUDA_MODULE = "cuda.bindings.runtime"
PORTABLE = "portable"


@dataclass(frozen=True)
class Gpu:
    """The GPU in use, number 0 of those that CUDA shows this process.

    compute_capability: as "8.9". driver, cuda: versions as numbers, e.g. 13000.
    """

    name: str
    compute_capability: str
    driver: int
    cuda: int


def installed(library: str) -> bool:
    """Return whether a library's Python module is there; nothing is imported."""
    return any(_found(module) for module in _MODULES[library])


def installed_libraries() -> list[str]:
    """Return the libraries that are there, preferred ones first."""
    return [library for library in LIBRARIES if installed(library)]


def load_library(library: str) -> ModuleType:
    """Import tensorrt or tensorrt_rtx; BundleError says what is missing."""
    for module in _MODULES[library]:
        if _found(module):
            return _import(module)
    raise BundleError(
        f"expected the Python module {library}, found none; install {_PACKAGES[library]} or use onnxruntime"
    )


def load_cuda() -> ModuleType:
    """Import the CUDA runtime bindings; BundleError says what is missing."""
    if not _found(_CUDA_MODULE):
        raise BundleError(
            f"expected the Python module {_CUDA_MODULE}, found none; install cuda-python or use onnxruntime"
        )
    return _import(_CUDA_MODULE)


def cuda_result(call: str, answer: tuple[Any, ...]) -> Any:
    """Return what a CUDA call gave beside its error code; BundleError if it failed."""
    error, *values = answer
    if int(error) != 0:
        raise BundleError(f"{call}: CUDA says {getattr(error, 'name', error)}; check driver and GPU")
    return values[0] if len(values) == 1 else tuple(values)


def find_gpu(cuda: ModuleType) -> Gpu:
    """Return the GPU; BundleError if there is none or the driver is too old."""
    count = cuda_result("cudaGetDeviceCount", cuda.cudaGetDeviceCount())
    if count < 1:
        raise BundleError("expected a GPU, found none; use onnxruntime")
    properties = cuda_result("cudaGetDeviceProperties", cuda.cudaGetDeviceProperties(0))
    name = properties.name
    return Gpu(
        name=(name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name)).rstrip("\0"),
        compute_capability=f"{properties.major}.{properties.minor}",
        driver=int(cuda_result("cudaDriverGetVersion", cuda.cudaDriverGetVersion())),
        cuda=int(cuda_result("cudaRuntimeGetVersion", cuda.cudaRuntimeGetVersion())),
    )


def engine_target(library: str, version: str, manifest: Manifest, gpu: Gpu | None) -> EngineTarget:
    """Return what an engine of this bundle must have been made for to be loaded here.

    An engine of TensorRT belongs to its GPU, so gpu must be given; one of TensorRT-RTX is
    compiled on the GPU that it meets and is the same for all.
    """
    if library == "tensorrt" and gpu is None:
        raise BundleError("expected a GPU to build an engine of TensorRT for, found none")
    system, machine = system_and_machine()
    portable = library != "tensorrt" or gpu is None
    return EngineTarget(
        onnx_sha256=manifest.files[IMAGE_FILE],
        library=library,
        library_version=version,
        gpu_name=PORTABLE if portable else gpu.name,
        compute_capability=PORTABLE if portable else gpu.compute_capability,
        system=system,
        machine=machine,
        shapes=tensor_shapes(manifest),
    )


@functools.cache
def library_logger(module: ModuleType) -> Any:
    """Return the one logger of a library; its `problems` lists the errors since it was last cleared.

    One for the whole process: the library keeps the first logger it meets and ignores others.
    """

    class Logger(module.ILogger):  # type: ignore[name-defined, misc]
        """Keeps what the library reports as an error and drops the rest."""

        def __init__(self) -> None:
            module.ILogger.__init__(self)
            self.problems: list[str] = []

        def log(self, severity: Any, message: str) -> None:
            """Take one message."""
            if severity in (module.ILogger.INTERNAL_ERROR, module.ILogger.ERROR):
                self.problems.append(" ".join(message.split())[:300])

    return Logger()


def said(problems: list[str]) -> str:
    """Return the first errors as one line."""
    return "; ".join(problems[:3])[:600] or "it gives no reason"


def _found(module: str) -> bool:
    # find_spec imports the parents of a dotted name, which may themselves be missing.
    parent, _, _ = module.rpartition(".")
    return (not parent or _found(parent)) and importlib.util.find_spec(module) is not None


def _import(module: str) -> ModuleType:
    try:
        return importlib.import_module(module)
    except (ImportError, OSError) as error:  # the module is there, a shared library is not
        reason = " ".join(str(error).split())[:300]
        raise BundleError(f"{module}: cannot be imported: {reason}; install its libraries again") from error
