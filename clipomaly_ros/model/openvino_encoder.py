"""The OpenVINO backend of the image tower, for CPUs: float32, or bfloat16 where the CPU computes it."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.model.image_tower import (
    FLOAT,
    INPUT,
    OUTPUTS,
    ImageTower,
    Nodes,
    check_nodes,
    finite_features,
    image_nodes,
)
from clipomaly_ros.model.manifest import IMAGE_FILE, BundleError, Manifest
from clipomaly_ros.vision.types import DenseFeatures

OPENVINO_PRECISIONS = ("f32", "bf16")
INSTALL = "pip install -c scripts/requirements/constraints.txt -r scripts/requirements/openvino.txt"
_MODULE, _TELEMETRY = "openvino", "openvino_telemetry"
_DEVICE = "CPU"


class NoBfloat16(BundleError):  # noqa: N818 - a property of the CPU
    """The CPU has no instructions for bfloat16."""


def installed() -> bool:
    """Return whether OpenVINO is there; nothing is imported."""
    return importlib.util.find_spec(_MODULE) is not None


def load_openvino() -> ModuleType:
    """Import OpenVINO; BundleError says what is missing."""
    if not installed():
        raise BundleError(f"expected the Python module {_MODULE}, found none; {INSTALL}, or use onnxruntime")
    # Its import reports itself over the network and leaves an identifier in the home folder, unless
    # the package for that is missing: to this process it is.
    sys.modules.setdefault(_TELEMETRY, None)  # type: ignore[arg-type]
    try:
        return importlib.import_module(_MODULE)
    except (ImportError, OSError) as error:  # the module is there, a shared library is not
        reason = " ".join(str(error).split())[:300]
        raise BundleError(
            f"{_MODULE}: cannot be imported: {reason}; {INSTALL}, or use onnxruntime"
        ) from error


def computes_bfloat16(module: ModuleType) -> bool:
    """Return whether this CPU has instructions for bfloat16."""
    return "BF16" in module.Core().get_property(_DEVICE, "OPTIMIZATION_CAPABILITIES")


class OpenVinoDenseEncoder(ImageTower):
    """Image tower of a bundle; implements clipomaly_ros.vision.types.DenseEncoder.

    module: from load_openvino. model: content of image.onnx. precision: of the arithmetic, one of
    OPENVINO_PRECISIONS; inputs and outputs are float32 either way. threads: 0 leaves their number to
    OpenVINO. NoBfloat16 for bf16 on a CPU without, BundleError if OpenVINO cannot open the model or it
    is not one of this bundle. Not for use by two threads at once.
    """

    def __init__(
        self, module: ModuleType, model: bytes, manifest: Manifest, precision: str = "f32", threads: int = 0
    ) -> None:
        super().__init__(manifest)
        if precision not in OPENVINO_PRECISIONS:
            raise BundleError(
                f"openvino_precision: expected one of {', '.join(OPENVINO_PRECISIONS)}, found {precision!r}"
            )
        if threads < 0:
            raise BundleError(f"threads: expected 0 (automatic) or more, found {threads}")
        if precision == "bf16" and not computes_bfloat16(module):
            raise NoBfloat16(
                "openvino_precision: expected f32, as this CPU has no instructions for bfloat16, found bf16"
            )
        self.precision = precision
        options: dict[str, Any] = {
            # Left alone, it takes bfloat16 by itself where the CPU has it.
            "INFERENCE_PRECISION_HINT": precision,
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
            # Threads tied to cores would fight for them with other processes that do the same.
            "ENABLE_CPU_PINNING": False,
        }
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        core = module.Core()
        try:
            network = core.read_model(model, b"")
            check_nodes(IMAGE_FILE, (_nodes(network.inputs), _nodes(network.outputs)), image_nodes(manifest))
            self._compiled = core.compile_model(network, _DEVICE, options)
            self._request = self._compiled.create_infer_request()
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            raise BundleError(
                f"{IMAGE_FILE}: OpenVINO cannot open it: {reason}; use onnxruntime or export the bundle again"
            ) from error

    @property
    def threads(self) -> int:
        """Return how many threads compute."""
        return int(self._compiled.get_property("INFERENCE_NUM_THREADS"))

    def encode(self, batch: NDArray[np.float32]) -> DenseFeatures:
        """Encode one normalised image, float32 [1, 3, H, W] of input_size.

        VisionError for another type or shape, BundleError if the model fails or gives non-finite values.
        """
        self.check_batch(batch)
        try:
            self._request.infer({INPUT: np.ascontiguousarray(batch)}, share_inputs=True)
            patches, whole = (self._request.get_tensor(name).data[0].copy() for name in OUTPUTS)
        except RuntimeError as error:
            reason = " ".join(str(error).split())[:300]
            raise BundleError(f"{IMAGE_FILE}: OpenVINO cannot run it: {reason}; use onnxruntime") from error
        features = finite_features(IMAGE_FILE, patches, whole, "export the bundle again or use onnxruntime")
        if self.precision != "f32":
            # The network's own normalisation is as coarse as the rest of its arithmetic.
            for vectors in (patches, whole):
                vectors /= np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-6)
        return features


def _nodes(ports: list[Any]) -> Nodes:
    found: Nodes = {}
    for port in ports:
        name = port.get_element_type().get_type_name()
        sizes = tuple(int(size.get_length()) if size.is_static else None for size in port.get_partial_shape())
        found[port.get_any_name()] = (FLOAT if name == "f32" else f"tensor({name})", sizes)
    return found
