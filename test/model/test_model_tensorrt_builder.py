"""The real builder of TensorRT-RTX, where it is installed, makes engines of our bundles."""

import importlib.util
from types import ModuleType, SimpleNamespace
from unittest.mock import MagicMock

import numpy as np
import pytest

from clipomaly_ros.model.backends import build_into_cache, least_cosine
from clipomaly_ros.model.engine_cache import EngineCache
from clipomaly_ros.model.engine_key import EngineSettings
from clipomaly_ros.model.half_precision import to_half_precision
from clipomaly_ros.model.manifest import IMAGE_FILE, BundleError
from clipomaly_ros.model.onnx_encoder import OnnxDenseEncoder
from clipomaly_ros.model.tensorrt_builder import build_engine
from clipomaly_ros.model.tensorrt_library import installed, load_library

needs_rtx = pytest.mark.skipif(
    not installed("tensorrt_rtx"),
    reason="TensorRT-RTX is not installed: pip install -c scripts/requirements/constraints.txt "
    "-r scripts/requirements/tensorrt.txt",
)
needs_cuda_bindings = pytest.mark.skipif(
    importlib.util.find_spec("cuda") is None,
    reason="cuda-bindings is not installed, see scripts/requirements/tensorrt.txt",
)


@needs_rtx
@pytest.mark.parametrize("precision", ["fp32", "fp16"])
def test_the_tiny_bundle_builds(tiny_bundle, tmp_path, precision):
    cache, phases = EngineCache(tmp_path), []

    def progress(phase, fraction):
        assert 0.0 <= fraction <= 1.0
        phases.append((phase, fraction))
        return True

    settings = EngineSettings(precision, workspace_mb=256)
    key = build_into_cache(tiny_bundle, "tensorrt_rtx", settings, cache, progress)
    assert phases[0][1] == 0.0
    assert phases[-1][1] == 1.0
    assert len(cache.read(key)) > 10_000
    (record,) = cache.of_model(tiny_bundle.manifest.files[IMAGE_FILE])
    assert record.key == key
    assert record.made_with["bundle"] == tiny_bundle.id
    # The second time nothing is built.
    phases.clear()
    assert build_into_cache(tiny_bundle, "tensorrt_rtx", settings, cache, progress) == key
    assert phases == []


@needs_rtx
def test_a_build_can_be_stopped(tiny_bundle):
    with pytest.raises(BundleError, match="stopped"):
        build_engine(
            load_library("tensorrt_rtx"),
            tiny_bundle.read(IMAGE_FILE),
            EngineSettings("fp32"),
            lambda phase, fraction: False,
        )


@needs_rtx
def test_a_model_that_is_none_is_reported_in_the_parsers_words():
    with pytest.raises(BundleError, match="cannot parse"):
        build_engine(load_library("tensorrt_rtx"), b"not a model", EngineSettings("fp32"))


@needs_rtx
def test_an_unknown_builder_flag_is_refused(tiny_bundle):
    settings = EngineSettings("fp32", builder_flags=("MAGIC",))
    with pytest.raises(BundleError, match="MAGIC"):
        build_engine(load_library("tensorrt_rtx"), tiny_bundle.read(IMAGE_FILE), settings)


@needs_rtx
def test_the_library_has_every_name_that_a_run_uses():
    module = load_library("tensorrt_rtx")
    for owner, names in {
        "Runtime": ("deserialize_cuda_engine",),
        "ICudaEngine": (
            "create_execution_context",
            "get_tensor_dtype",
            "get_tensor_mode",
            "get_tensor_name",
            "get_tensor_shape",
            "num_io_tensors",
        ),
        "IExecutionContext": ("set_tensor_address", "execute_async_v3"),
        "TensorIOMode": ("INPUT",),
        "DataType": ("FLOAT",),
    }.items():
        assert [name for name in names if not hasattr(getattr(module, owner), name)] == []


def test_scratch_memory_is_bounded_and_a_build_without_enough_says_what_to_try():
    """As on a small board: the builder gets its bound, reports an error and returns nothing."""
    config, builder, module = MagicMock(), MagicMock(), ModuleType("tensorrt")
    vars(module).update(
        ILogger=type("ILogger", (), {"INTERNAL_ERROR": 0, "ERROR": 1}),
        IProgressMonitor=type("IProgressMonitor", (), {}),
        NetworkDefinitionCreationFlag=SimpleNamespace(STRONGLY_TYPED=1),
        OnnxParser=MagicMock(),
        BuilderFlag=SimpleNamespace(TF32="tf32"),
        MemoryPoolType=SimpleNamespace(WORKSPACE="workspace"),
    )

    def builder_of(logger):
        builder.create_builder_config.return_value = config
        builder.build_serialized_network.side_effect = lambda *_: logger.log(1, "out of memory")
        return builder

    module.Builder = builder_of
    with pytest.raises(BundleError, match=r"out of memory; try another --workspace, a smaller one"):
        build_engine(module, b"model", EngineSettings("fp32", workspace_mb=256))
    config.set_memory_pool_limit.assert_called_once_with("workspace", 256 << 20)


@needs_cuda_bindings
def test_the_cuda_bindings_have_every_name_that_a_run_uses():
    from clipomaly_ros.model.tensorrt_library import load_cuda

    names = (
        "cudaStreamCreateWithFlags",
        "cudaStreamNonBlocking",
        "cudaStreamDestroy",
        "cudaStreamSynchronize",
        "cudaMallocHost",
        "cudaFreeHost",
        "cudaMalloc",
        "cudaFree",
        "cudaMemcpyAsync",
        "cudaStreamBeginCapture",
        "cudaStreamEndCapture",
        "cudaGraphInstantiate",
        "cudaGraphLaunch",
        "cudaGraphDestroy",
        "cudaGraphExecDestroy",
        "cudaGetLastError",
        "cudaGetDeviceCount",
        "cudaGetDeviceProperties",
        "cudaDriverGetVersion",
        "cudaRuntimeGetVersion",
    )
    cuda = load_cuda()
    assert [name for name in names if not hasattr(cuda, name)] == []
    assert hasattr(cuda.cudaStreamCaptureMode, "cudaStreamCaptureModeThreadLocal")
    assert hasattr(cuda.cudaMemcpyKind, "cudaMemcpyHostToDevice")
    assert hasattr(cuda.cudaMemcpyKind, "cudaMemcpyDeviceToHost")


def test_half_precision_agrees_and_keeps_its_interface(tiny_bundle):
    half = OnnxDenseEncoder(to_half_precision(tiny_bundle.read(IMAGE_FILE)), tiny_bundle.manifest, 1)
    assert least_cosine(half, tiny_bundle.image_encoder(1)) >= 0.999
    height, width = tiny_bundle.manifest.input_size
    assert half.encode(np.zeros((1, 3, height, width), np.float32)).patches.dtype == np.float32


def test_half_precision_refuses_what_is_no_model():
    with pytest.raises(BundleError, match="fp16"):
        to_half_precision(b"not a model")
