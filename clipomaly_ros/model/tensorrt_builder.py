"""ONNX to a TensorRT engine, as a strongly typed network. Needs the library, but for RTX no GPU."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import ModuleType
from typing import Any

from clipomaly_ros.model.engine_key import EngineSettings
from clipomaly_ros.model.half_precision import to_half_precision
from clipomaly_ros.model.manifest import IMAGE_FILE, BundleError
from clipomaly_ros.model.tensorrt_library import library_logger, said

MIB = 1 << 20
Progress = Callable[[str, float], bool]  # phase, fraction of it that is done -> go on?


def build_engine(
    module: ModuleType,
    model: bytes,
    settings: EngineSettings,
    progress: Progress = lambda phase, fraction: True,
) -> bytes:
    """Build an engine of fixed shapes from the fp32 model of a bundle.

    progress is called from the builder's threads with outermost phase and its fraction;
    False stops the build. BundleError with the parser's or the builder's own words.
    """
    if settings.precision == "fp16":
        model = to_half_precision(model)
    logger = library_logger(module)
    logger.problems.clear()
    builder = module.Builder(logger)
    network = builder.create_network(1 << int(module.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    _parse(module, network, logger, model)
    config = builder.create_builder_config()
    config.builder_optimization_level = settings.optimisation_level
    # TF32 keeps 10 bits of a product's factors: an fp32 engine would no longer agree with the reference.
    config.clear_flag(module.BuilderFlag.TF32)
    for name in settings.builder_flags:
        if name not in module.BuilderFlag.__members__:
            raise BundleError(
                f"builder flags: expected some of {', '.join(module.BuilderFlag.__members__)}, found {name!r}"
            )
        config.set_flag(module.BuilderFlag.__members__[name])
    if settings.workspace_mb:
        config.set_memory_pool_limit(module.MemoryPoolType.WORKSPACE, settings.workspace_mb * MIB)
    monitor = _make_monitor(module, progress)  # must outlive the build
    config.progress_monitor = monitor
    serialised = builder.build_serialized_network(network, config)
    if monitor.stopped:
        raise BundleError("the build was stopped before the engine was finished")
    if serialised is None:
        raise BundleError(
            f"{IMAGE_FILE}: {module.__name__} cannot build an engine: {said(logger.problems)}; "
            "try another --workspace, a smaller one where memory ran out, or use onnxruntime"
        )
    return bytes(serialised)


def _parse(module: ModuleType, network: Any, logger: Any, model: bytes) -> None:
    parser = module.OnnxParser(network, logger)
    if parser.parse(model):
        return
    errors = [parser.get_error(index) for index in range(parser.num_errors)]
    words = [f"{error.node_operator() or 'model'}: {' '.join(error.desc().split())}" for error in errors]
    raise BundleError(
        f"{IMAGE_FILE}: {module.__name__} cannot parse it: {said(words or logger.problems)}; "
        "export the bundle again"
    )


def _make_monitor(module: ModuleType, progress: Progress) -> Any:
    class Monitor(module.IProgressMonitor):  # type: ignore[name-defined, misc]
        """Hands the outermost phases on; a build has several threads."""

        def __init__(self) -> None:
            module.IProgressMonitor.__init__(self)
            self.stopped = False
            self._steps: dict[str, int] = {}
            self._lock = threading.Lock()

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            """Note a phase that begins."""
            with self._lock:
                if parent_phase is None:
                    self._steps[phase_name] = max(num_steps, 1)
                    self._tell(phase_name, 0.0)

        def step_complete(self, phase_name: str, step: int) -> bool:
            """Note a step that is done; False cancels the build."""
            with self._lock:
                if phase_name in self._steps:
                    self._tell(phase_name, min((step + 1) / self._steps[phase_name], 1.0))
                return not self.stopped

        def phase_finish(self, phase_name: str) -> None:
            """Note a phase that ends."""
            with self._lock:
                if self._steps.pop(phase_name, None) is not None and not self.stopped:
                    self._tell(phase_name, 1.0)

        def _tell(self, phase: str, fraction: float) -> None:
            # An exception would cross the library's C++ frames and end the process.
            try:
                go_on = progress(phase, fraction)
            except BaseException:
                go_on = False
            self.stopped = self.stopped or go_on is False

    return Monitor()
