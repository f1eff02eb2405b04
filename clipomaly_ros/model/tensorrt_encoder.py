"""The TensorRT backend of the image tower: fixed buffers, one CUDA graph, no torch."""

from __future__ import annotations

import ctypes
import math
import weakref
from types import ModuleType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.model.engine_key import tensor_shapes
from clipomaly_ros.model.image_tower import INPUT, OUTPUTS, ImageTower, finite_features
from clipomaly_ros.model.manifest import BundleError, Manifest
from clipomaly_ros.model.tensorrt_library import cuda_result, library_logger, said
from clipomaly_ros.vision.types import DenseFeatures


class TensorRtDenseEncoder(ImageTower):
    """Image tower as an engine; implements clipomaly_ros.vision.types.DenseEncoder.

    module, cuda: from tensorrt_library. engine: bytes from the cache, built for this GPU.
    Copies and kernels of a frame are captured once as a CUDA graph; where the engine cannot
    be captured they are enqueued one by one (see `graph`). Not for use by two threads at once.
    BundleError if the engine cannot be loaded or is not one of this bundle.
    """

    def __init__(self, module: ModuleType, cuda: ModuleType, engine: bytes, manifest: Manifest) -> None:
        super().__init__(manifest)
        self._cuda = cuda
        logger = library_logger(module)
        logger.problems.clear()
        self._runtime = module.Runtime(logger)  # must outlive its engines
        self._engine = self._runtime.deserialize_cuda_engine(engine)
        if self._engine is None:
            raise BundleError(
                f"{module.__name__} cannot load the engine: {said(logger.problems)}; build it again"
            )
        self._check_interface(module)
        self._context = self._engine.create_execution_context()
        if self._context is None:
            raise BundleError(f"{module.__name__} cannot prepare the engine: {said(logger.problems)}")
        self._logger = logger
        self._resources = _Resources(cuda)
        self._finalizer = weakref.finalize(self, self._resources.free)
        try:
            self._allocate()
            self._enqueue()  # the first run sets up what must not happen during a capture
            self._wait()
            self._graph = self._capture()
        except BaseException:
            self.close()
            raise

    @property
    def graph(self) -> bool:
        """Return whether frames run as one CUDA graph."""
        return self._graph is not None

    def encode(self, batch: NDArray[np.float32]) -> DenseFeatures:
        """Encode one normalised image, float32 [1, 3, H, W] of input_size.

        VisionError for another type or shape, BundleError if the GPU fails or gives non-finite values.
        """
        self.check_batch(batch)
        if not self._finalizer.alive:
            raise BundleError("expected an open engine, found a closed one")
        np.copyto(self._host[INPUT], batch)
        if self._graph is not None:
            cuda_result("cudaGraphLaunch", self._cuda.cudaGraphLaunch(self._graph, self._stream))
        else:
            self._enqueue()
        self._wait()
        patches, whole = (self._host[name][0].copy() for name in OUTPUTS)
        return finite_features("engine", patches, whole, "build it with --precision fp32")

    def close(self) -> None:
        """Give GPU and pinned memory back; also happens when nothing refers to the encoder."""
        self._host = {}
        self._finalizer()

    def _check_interface(self, module: ModuleType) -> None:
        found = {}
        for index in range(self._engine.num_io_tensors):
            name = self._engine.get_tensor_name(index)
            kind = self._engine.get_tensor_mode(name) == module.TensorIOMode.INPUT
            if self._engine.get_tensor_dtype(name) != module.DataType.FLOAT:
                raise BundleError(f"engine: {name}: expected float32; build it again")
            found[name] = (kind, tuple(self._engine.get_tensor_shape(name)))
        expected = {name: (name == INPUT, shape) for name, shape in tensor_shapes(self._manifest)}
        if found != expected:
            raise BundleError(f"engine: expected tensors {expected}, found {found}; build it again")

    def _allocate(self) -> None:
        self._stream = self._resources.stream()
        self._host: dict[str, NDArray[np.float32]] = {}
        self._device: dict[str, int] = {}
        for name, shape in tensor_shapes(self._manifest):
            size = 4 * math.prod(shape)
            # Only page-locked memory is copied asynchronously, and may be part of a graph.
            floats = (ctypes.c_float * math.prod(shape)).from_address(self._resources.pinned(size))
            self._host[name] = np.ctypeslib.as_array(floats).reshape(shape)
            self._device[name] = self._resources.device(size)
            if not self._context.set_tensor_address(name, self._device[name]):
                raise BundleError(f"engine: {name}: the address is refused: {said(self._logger.problems)}")
        self._host[INPUT][:] = 0.0

    def _copy(self, name: str, kind: Any, to_device: bool) -> None:
        host, device = self._host[name].ctypes.data, self._device[name]
        target, source = (device, host) if to_device else (host, device)
        answer = self._cuda.cudaMemcpyAsync(target, source, self._host[name].nbytes, kind, self._stream)
        cuda_result("cudaMemcpyAsync", answer)

    def _enqueue(self) -> None:
        kinds = self._cuda.cudaMemcpyKind
        self._copy(INPUT, kinds.cudaMemcpyHostToDevice, to_device=True)
        if not self._context.execute_async_v3(int(self._stream)):
            raise BundleError(f"engine: cannot be run: {said(self._logger.problems)}")
        for name in OUTPUTS:
            self._copy(name, kinds.cudaMemcpyDeviceToHost, to_device=False)

    def _wait(self) -> None:
        cuda_result("cudaStreamSynchronize", self._cuda.cudaStreamSynchronize(self._stream))

    def _capture(self) -> Any:
        cuda = self._cuda
        # Thread-local: another thread's allocation must neither fail nor spoil the capture.
        mode = cuda.cudaStreamCaptureMode.cudaStreamCaptureModeThreadLocal
        cuda_result("cudaStreamBeginCapture", cuda.cudaStreamBeginCapture(self._stream, mode))
        enqueued = True
        try:
            self._enqueue()
        except BundleError:
            enqueued = False
        # A capture must be ended even when it failed, or the stream stays unusable.
        error, graph = cuda.cudaStreamEndCapture(self._stream)
        if not enqueued or int(error) != 0:
            cuda.cudaGetLastError()  # the failure is dealt with: frames are enqueued without a graph
            return None
        return self._resources.executable(graph)


class _Resources:
    """Everything CUDA gave, given back in the opposite order."""

    def __init__(self, cuda: ModuleType) -> None:
        self._cuda = cuda
        self._held: list[tuple[Any, Any]] = []

    def stream(self) -> Any:
        stream = self._made("cudaStreamCreateWithFlags", self._cuda.cudaStreamNonBlocking)
        self._held.append((self._cuda.cudaStreamDestroy, stream))
        return stream

    def pinned(self, size: int) -> int:
        address = self._made("cudaMallocHost", size)
        self._held.append((self._cuda.cudaFreeHost, address))
        return int(address)

    def device(self, size: int) -> int:
        address = self._made("cudaMalloc", size)
        self._held.append((self._cuda.cudaFree, address))
        return int(address)

    def executable(self, graph: Any) -> Any:
        self._held.append((self._cuda.cudaGraphDestroy, graph))
        executable = self._made("cudaGraphInstantiate", graph, 0)
        self._held.append((self._cuda.cudaGraphExecDestroy, executable))
        return executable

    def free(self) -> None:
        while self._held:
            give_back, what = self._held.pop()
            give_back(what)

    def _made(self, call: str, *arguments: Any) -> Any:
        return cuda_result(call, getattr(self._cuda, call)(*arguments))
