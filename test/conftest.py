"""Give every test run its own DDS domain, log folder and transport, however pytest was started."""

import dataclasses
import hashlib
import importlib.metadata
import importlib.util
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from clipomaly_ros.replay.domains import HeldDomain

ROOT = Path(__file__).resolve().parent.parent

if importlib.util.find_spec("hypothesis") is not None:  # rosdep does not bring it
    from hypothesis import HealthCheck, settings

    # How long an example takes depends on what else the machine does: no verdict hangs on it.
    # On a desk every run draws new examples; continuous integration judges a change by the same ones.
    settings.register_profile(
        "clipomaly",
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow],
        derandomize=os.environ.get("CLIPOMALY_TEST_EXAMPLES") == "fixed",
    )
    settings.load_profile("clipomaly")

_LOGS = tempfile.TemporaryDirectory(prefix="clipomaly_test_logs_")

# Held until this process ends: another run at the same time gets another one.
_DOMAIN = HeldDomain()

# Set before any test module imports rclpy or a message.
os.environ["ROS_DOMAIN_ID"] = str(_DOMAIN.number)
os.environ["ROS_AUTOMATIC_DISCOVERY_RANGE"] = "LOCALHOST"
os.environ["ROS_PYTHON_CHECK_FIELDS"] = "1"
os.environ["ROS_LOG_DIR"] = _LOGS.name
# Nothing is left outside this folder.
os.environ["TORCHINDUCTOR_CACHE_DIR"] = _LOGS.name
os.environ["CLIPOMALY_CACHE"] = str(ROOT / ".cache" / "test")
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
# Jazzy's Fast DDS 2 reads the first name, Kilted's Fast DDS 3 the second.
_PROFILE = "FASTRTPS" if os.environ.get("ROS_DISTRO") == "jazzy" else "FASTDDS"
os.environ[f"{_PROFILE}_DEFAULT_PROFILES_FILE"] = str(ROOT / "config" / "fastdds_large_messages.xml")

BUNDLE_KEPT = 24 * 3600.0  # seconds since a run began to use it
TINY_CONFIG = ROOT / "test" / "model" / "configs" / "test-clip-16.json"


def _export_key():
    """Hash what an exported bundle depends on: our export code, the config, the libraries."""
    digest = hashlib.sha256()
    for path in sorted([*(ROOT / "clipomaly_ros" / "model").glob("*.py"), TINY_CONFIG]):
        digest.update(path.read_bytes())
    for package in ("torch", "open_clip_torch", "onnx"):
        digest.update(importlib.metadata.version(package).encode())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="session")
def tiny_bundle(request):
    """Return a loaded ModelBundle: a random ViT of 2 layers, 48 dimensions, 96 x 128 pixel, patch 16.

    Exported once by the real command in a process of its own, so that the tests of the run
    time stay free of torch; kept in pytest's cache folder for later runs.
    """
    from clipomaly_ros.model.bundle import load_bundle

    missing = [name for name in ("torch", "open_clip", "onnx") if importlib.util.find_spec(name) is None]
    if missing:
        pytest.skip(f"the export needs {', '.join(missing)}")
    cache = Path(request.config.cache.mkdir("tiny_bundle"))
    kept = cache / _export_key()
    folder = kept / "tiny"
    kept.mkdir(exist_ok=True)
    os.utime(kept)  # in use
    for old in cache.iterdir():
        # Other sources, other bundle; but a run with those may be under way.
        if time.time() - old.stat().st_mtime > BUNDLE_KEPT:
            shutil.rmtree(old, ignore_errors=True)
    if not folder.exists():
        command = [sys.executable, "-m", "clipomaly_ros.cli.main", "export", "--model", str(TINY_CONFIG)]
        command += ["--image-size", "96", "128", "--name", "tiny", "-o", str(folder)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        # The export appears in one step; another run at the same time may have been first.
        assert done.returncode == 0 or (folder / "manifest.yaml").is_file(), done.stdout + done.stderr
    return load_bundle(folder)


@pytest.fixture
def spoiled_bundle(tiny_bundle, tmp_path):
    """Return the folder of a bundle whose image tower answers with NaN, its hashes right."""
    import numpy as np

    from clipomaly_ros.model.manifest import dump_manifest

    onnx = pytest.importorskip("onnx", reason="to spoil a model")
    copy = Path(shutil.copytree(tiny_bundle.folder, tmp_path / "spoiled"))
    model = onnx.load_model_from_string((copy / "image.onnx").read_bytes())
    for weights in model.graph.initializer:
        if weights.data_type == onnx.TensorProto.FLOAT:
            nowhere = np.full_like(onnx.numpy_helper.to_array(weights), np.nan)
            weights.CopyFrom(onnx.numpy_helper.from_array(nowhere, weights.name))
    content = model.SerializeToString()
    (copy / "image.onnx").write_bytes(content)
    files = {**tiny_bundle.manifest.files, "image.onnx": hashlib.sha256(content).hexdigest()}
    (copy / "manifest.yaml").write_bytes(
        dump_manifest(dataclasses.replace(tiny_bundle.manifest, files=files))
    )
    return copy
