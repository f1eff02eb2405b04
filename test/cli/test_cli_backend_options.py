"""The commands take the backend that they are told or stop; no figure is of another one."""

import sys

import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.model.openvino_encoder import INSTALL, installed

DATA = ("--dataset", "apron", "--root", "ROOT")
COMMANDS = {
    "segment": ("segment", "PICTURES", "-o", "OUT"),
    "evaluate segmentation": ("evaluate", "segmentation", *DATA),
    "evaluate threshold": ("evaluate", "threshold", "--root", "ROOT"),
    "evaluate weights": ("evaluate", "weights", "--root", "ROOT", "-o", "OUT"),
    "bench vision": ("bench", "vision"),
}


@pytest.fixture
def arguments(tiny_bundle, tmp_path, request):
    import cv2
    import numpy as np

    pictures = tmp_path / "pictures"
    pictures.mkdir()
    cv2.imwrite(str(pictures / "one.png"), np.full((48, 64, 3), 90, np.uint8))
    places = {"PICTURES": str(pictures), "OUT": str(tmp_path / "out"), "ROOT": str(tmp_path)}
    words = [places.get(word, word) for word in COMMANDS[request.param]]
    return [*words, "--bundle", str(tiny_bundle.folder), "--backend", "openvino"]


@pytest.mark.parametrize("arguments", COMMANDS, indirect=True)
def test_without_openvino_a_command_stops(arguments, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "openvino", None)  # how Python marks a module that is not there
    assert main(arguments) == 2
    assert "expected the Python module openvino, found none" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("arguments", ["segment"], indirect=True)
def test_a_backend_that_chooses_itself_is_refused(arguments, capsys):
    with pytest.raises(SystemExit) as stopped:
        main([*arguments[:-1], "auto"])
    assert stopped.value.code == 2
    assert "--backend" in capsys.readouterr().err


@pytest.mark.skipif(not installed(), reason=f"OpenVINO is not installed: {INSTALL}")
@pytest.mark.parametrize("arguments", ["segment"], indirect=True)
def test_openvino_segments_a_picture(arguments, tmp_path):
    assert main([*arguments, "--openvino-precision", "f32"]) == 0
    assert list((tmp_path / "out").iterdir())
