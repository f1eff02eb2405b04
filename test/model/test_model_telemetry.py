"""ONNX Runtime reports nothing about its use and leaves no identifier in the home folder."""

import os
import subprocess
import sys
from pathlib import Path

import onnxruntime
import pytest

CODE = """
import sys
if sys.argv[2] == "ours":
    import clipomaly_ros.model.onnx_encoder
import onnxruntime
onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
"""


def files_left_by(model: Path, home: Path, by: str) -> list[Path]:
    home.mkdir()
    environment = {
        k: v for k, v in os.environ.items() if k not in ("ORT_DISABLE_TELEMETRY", "XDG_CACHE_HOME")
    }
    subprocess.run(
        [sys.executable, "-c", CODE, str(model), by], env={**environment, "HOME": str(home)}, check=True
    )
    return [path for path in home.rglob("*") if path.is_file()]


@pytest.mark.skipif(
    not (Path(onnxruntime.__file__).parent / "Privacy.md").exists(),
    reason="this ONNX Runtime has no telemetry",
)
def test_a_session_leaves_no_identifier_and_no_store_of_events(tmp_path: Path, tiny_bundle):
    assert files_left_by(tiny_bundle.folder / "text.onnx", tmp_path / "home", "ours") == []
