"""Which backend runs: the choice, the fallback that is said, and the refusal."""

import hashlib
import subprocess
import sys

import pytest

from clipomaly_ros.cli import main
from clipomaly_ros.model import backends, tensorrt_library
from clipomaly_ros.model.backends import open_image_encoder
from clipomaly_ros.model.engine_cache import EngineCache
from clipomaly_ros.model.engine_key import EngineKey, EngineSettings
from clipomaly_ros.model.manifest import IMAGE_FILE, BundleError
from clipomaly_ros.model.onnx_encoder import OnnxDenseEncoder
from clipomaly_ros.model.openvino_encoder import OPENVINO_PRECISIONS
from clipomaly_ros.model.tensorrt_library import Gpu, engine_target

GPU = Gpu("NVIDIA Orin", "8.7", 13000, 13000)
OTHER_GPU = Gpu("NVIDIA Thor", "11.0", 13000, 13000)
VERSION = "10.9.0.34"


class Library:
    """A library that is there; what it would do on a GPU is not part of these tests."""

    __name__ = "tensorrt"
    __version__ = VERSION


class Engine:
    """Stands where the encoder of an engine would; says which engine it was given."""

    graph = True

    def __init__(self, module, cuda, engine, manifest):
        self.engine = engine


@pytest.fixture
def no_library(monkeypatch):
    monkeypatch.setattr(tensorrt_library, "_found", lambda module: False)


@pytest.fixture
def gpu_machine(monkeypatch):
    """Return the calls of the builder on a machine with TensorRT and a GPU."""
    builds = []

    def build(module, model, settings, progress=None):
        builds.append((hashlib.sha256(model).hexdigest(), settings))
        return b"built"

    monkeypatch.setattr(backends, "installed_libraries", lambda: ["tensorrt"])
    monkeypatch.setattr(backends, "load_library", lambda library: Library)
    monkeypatch.setattr(backends, "load_cuda", lambda: None)
    monkeypatch.setattr(backends, "find_gpu", lambda cuda: GPU)
    monkeypatch.setattr(backends, "TensorRtDenseEncoder", Engine)
    monkeypatch.setattr(backends, "least_cosine", lambda encoder, reference: 1.0)
    monkeypatch.setattr(Engine, "close", lambda self: None, raising=False)
    monkeypatch.setattr(backends, "build_engine", build)
    return builds


def keep(folder, bundle, gpu=GPU, settings=EngineSettings(), engine=b"kept"):  # noqa: B008 - frozen
    key = EngineKey(engine_target("tensorrt", VERSION, bundle.manifest, gpu), settings)
    EngineCache(folder).obtain(key, lambda: (engine, {}))
    return folder / f"{key.digest}.engine"


def test_auto_without_an_engine_is_onnxruntime_and_no_fallback(tiny_bundle, tmp_path):
    opened = open_image_encoder(tiny_bundle, "auto", tmp_path)
    assert isinstance(opened.encoder, OnnxDenseEncoder)
    assert opened.backend.startswith("onnxruntime ")
    assert opened.fallback == ""


def test_onnxruntime_ignores_engines(tiny_bundle, tmp_path, gpu_machine):
    keep(tmp_path, tiny_bundle)
    opened = open_image_encoder(tiny_bundle, "onnxruntime", tmp_path)
    assert (opened.backend.split()[0], opened.fallback) == ("onnxruntime", "")


def test_auto_takes_an_engine_that_fits(tiny_bundle, tmp_path, gpu_machine):
    keep(tmp_path, tiny_bundle)
    opened = open_image_encoder(tiny_bundle, "auto", tmp_path)
    assert opened.encoder.engine == b"kept"
    assert opened.backend.startswith("tensorrt 10.9.0.34 fp16 engine ")
    assert opened.fallback == ""
    assert gpu_machine == []


@pytest.mark.parametrize("mismatch", backends.MISMATCHES)
def test_auto_never_builds_and_says_what_does_not_fit(tiny_bundle, tmp_path, gpu_machine, mismatch):
    keep(tmp_path, tiny_bundle, OTHER_GPU)
    opened = open_image_encoder(tiny_bundle, "auto", tmp_path, mismatch)
    assert isinstance(opened.encoder, OnnxDenseEncoder)
    assert "NVIDIA Thor instead of NVIDIA Orin" in opened.fallback
    assert gpu_machine == []


def test_a_damaged_engine_is_not_loaded(tiny_bundle, tmp_path, gpu_machine):
    keep(tmp_path, tiny_bundle).write_bytes(b"kepT")
    lines = []
    opened = open_image_encoder(tiny_bundle, "auto", tmp_path, say=lines.append)
    assert isinstance(opened.encoder, OnnxDenseEncoder)
    assert "undamaged" in opened.fallback
    assert "sha256" in lines[0]


@pytest.mark.parametrize("state", ["missing", "mismatch", "damaged"])
def test_rebuild_builds_with_the_old_settings(tiny_bundle, tmp_path, gpu_machine, state):
    settings = EngineSettings() if state == "missing" else EngineSettings("fp32", 64, 5)
    if state == "mismatch":
        keep(tmp_path, tiny_bundle, OTHER_GPU, settings)
    elif state == "damaged":
        keep(tmp_path, tiny_bundle, GPU, settings).write_bytes(b"")
    opened = open_image_encoder(tiny_bundle, "tensorrt", tmp_path, "rebuild")
    assert opened.encoder.engine == b"built"
    assert opened.fallback == ""
    assert gpu_machine == [(tiny_bundle.manifest.files[IMAGE_FILE], settings)]
    # What was built is found the next time.
    assert open_image_encoder(tiny_bundle, "tensorrt", tmp_path, "refuse").encoder.engine == b"built"


def test_refuse_raises_and_fallback_falls_back(tiny_bundle, tmp_path, gpu_machine):
    with pytest.raises(BundleError, match="build-engine"):
        open_image_encoder(tiny_bundle, "tensorrt", tmp_path, "refuse")
    opened = open_image_encoder(tiny_bundle, "tensorrt", tmp_path, "fallback")
    assert isinstance(opened.encoder, OnnxDenseEncoder)
    assert "build-engine" in opened.fallback
    assert gpu_machine == []


def test_an_engine_that_disagrees_is_not_kept(tiny_bundle, tmp_path, gpu_machine, monkeypatch):
    monkeypatch.setattr(backends, "least_cosine", lambda encoder, reference: 0.99)
    opened = open_image_encoder(tiny_bundle, "tensorrt", tmp_path, "rebuild")
    assert "0.99000" in opened.fallback
    assert EngineCache(tmp_path).of_model(tiny_bundle.manifest.files[IMAGE_FILE]) == []


def test_a_build_that_runs_out_of_memory_falls_back_and_leaves_nothing(
    tiny_bundle, tmp_path, gpu_machine, monkeypatch
):
    def build(module, model, settings, progress=None):
        raise BundleError("cannot build an engine: out of memory")

    monkeypatch.setattr(backends, "build_engine", build)
    opened = open_image_encoder(tiny_bundle, "tensorrt", tmp_path, "rebuild")
    assert isinstance(opened.encoder, OnnxDenseEncoder)
    assert "out of memory" in opened.fallback
    assert EngineCache(tmp_path).of_model(tiny_bundle.manifest.files[IMAGE_FILE]) == []


@pytest.mark.parametrize("backend", ["auto", "tensorrt"])
def test_without_the_library_it_falls_back_and_says_so(tiny_bundle, tmp_path, no_library, backend):
    keep(tmp_path, tiny_bundle)
    opened = open_image_encoder(tiny_bundle, backend, tmp_path, "rebuild")
    assert isinstance(opened.encoder, OnnxDenseEncoder)
    assert "tensorrt" in opened.fallback
    assert "found none" in opened.fallback


def test_without_the_library_refuse_is_an_error(tiny_bundle, tmp_path, no_library):
    with pytest.raises(BundleError, match="expected the Python module tensorrt"):
        open_image_encoder(tiny_bundle, "tensorrt", tmp_path, "refuse")


@pytest.fixture
def no_openvino(monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)  # how Python marks a module that is not there


@pytest.mark.parametrize("mismatch", ["rebuild", "fallback"])
@pytest.mark.parametrize("precision", OPENVINO_PRECISIONS)
def test_without_openvino_it_falls_back_and_says_so(tiny_bundle, no_openvino, mismatch, precision):
    opened = open_image_encoder(
        tiny_bundle, "openvino", engine_mismatch=mismatch, openvino_precision=precision
    )
    assert isinstance(opened.encoder, OnnxDenseEncoder)
    assert opened.backend.startswith("onnxruntime ")
    assert "OpenVINO is not used: expected the Python module openvino, found none" in opened.fallback
    assert "openvino.txt" in opened.fallback


def test_without_openvino_refuse_is_an_error(tiny_bundle, no_openvino):
    with pytest.raises(BundleError, match="expected the Python module openvino, found none"):
        open_image_encoder(tiny_bundle, "openvino", engine_mismatch="refuse")


def test_a_wrong_openvino_precision_is_an_error_whatever_runs(tiny_bundle):
    with pytest.raises(BundleError, match="openvino_precision: expected one of f32, bf16, found 'int4'"):
        open_image_encoder(tiny_bundle, "onnxruntime", openvino_precision="int4")


def test_openvino_is_imported_only_when_it_is_chosen(tiny_bundle):
    code = "import sys; from pathlib import Path; import clipomaly_ros.nodes.anomaly_segmenter\n"
    code += "from clipomaly_ros.model.backends import open_image_encoder\n"
    code += "from clipomaly_ros.model.bundle import load_bundle\n"
    code += "open_image_encoder(load_bundle(Path(sys.argv[1])))\n"
    code += "print([m for m in sys.modules if m.split('.')[0] == 'openvino'])"
    command = [sys.executable, "-c", code, str(tiny_bundle.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("backend", "mismatch", "word"), [("cuda", "rebuild", "backend"), ("auto", "ignore", "engine_mismatch")]
)
def test_an_unknown_choice_is_an_error(tiny_bundle, tmp_path, backend, mismatch, word):
    with pytest.raises(BundleError, match=word):
        open_image_encoder(tiny_bundle, backend, tmp_path, mismatch)


def test_the_command_says_what_is_missing(tiny_bundle, tmp_path, no_library, capsys):
    arguments = ["build-engine", "--bundle", str(tiny_bundle.folder), "--cache", str(tmp_path)]
    assert main.main(arguments) == 2
    assert "expected the Python module tensorrt, found none" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []
