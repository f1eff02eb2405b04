import os
import subprocess
import sys

import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.model.bundle import load_bundle
from clipomaly_ros.model.manifest import Threshold

pytest.importorskip("torch", reason="the export needs torch")


def test_command_writes_a_bundle_below_models_and_says_what_it_is(tiny_config, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["export", "--model", str(tiny_config), "--image-size", "48", "64", "--dense", "maskclip"]
    assert main(arguments) == 0
    last = capsys.readouterr().out.splitlines()[-1]
    folder = tmp_path / "models" / "test-clip-16-untrained"
    assert str(folder) in last
    assert "test-clip-16-untrained@1" in last
    assert "UNTRAINED" in last
    bundle = load_bundle(folder)
    assert bundle.manifest.dense_variant == "maskclip"
    assert [path.name for path in (tmp_path / "models").iterdir()] == [folder.name]

    assert main(arguments) == 2
    assert "--overwrite" in capsys.readouterr().err
    recommended = ["--threshold", "0.9", "--low-threshold", "0.6", "--score", "margin"]
    recommended += ["--report-min-probability", "0.45"]
    assert main([*arguments, "--overwrite", "--bundle-version", "2", "--seed", "9", *recommended]) == 0
    again = load_bundle(folder)
    assert again.manifest.threshold == Threshold("fixed", 0.9, "margin", 0.6)
    assert (bundle.manifest.report_min_probability, again.manifest.report_min_probability) == (None, 0.45)
    assert again.id == "test-clip-16-untrained@2"
    assert again.hash != bundle.hash


def test_a_folder_that_is_no_bundle_is_never_replaced(tiny_config, tmp_path, capsys):
    (tmp_path / "thesis.txt").write_text("years of work")
    assert main(["export", "--model", str(tiny_config), "-o", str(tmp_path), "--overwrite"]) == 2
    assert "choose another" in capsys.readouterr().err
    assert (tmp_path / "thesis.txt").read_text() == "years of work"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "ViT-B16"], "did you mean"),
        (["--model", "ViT-B-16", "--pretrained", "nope"], "its tags: openai"),
        (["--model", "ViT-B-16-SigLIP"], "plain ViT"),
        (["--model", "ViT-B-32", "--image-size", "224", "230"], "nearest: 224 224"),
        (["--model", "ViT-B-32", "--seed", "-1"], "seed: expected"),
        (["--model", "ViT-B-32", "--name", "../outside"], "name: expected"),
        (
            ["--model", "ViT-B-32", "--threshold", "1.5"],
            "threshold: value: expected a number from 0.0 to 1.0",
        ),
        (
            ["--model", "ViT-B-32", "--threshold", "0.5", "--low-threshold", "0.6"],
            "threshold: low: expected a number from 0.0 to 0.5",
        ),
        (["--model", "ViT-B-32", "--low-threshold", "0.3"], "expected --threshold beside it"),
        (
            ["--model", "ViT-B-32", "--report-min-probability", "nan"],
            "report_min_probability: expected a number from 0.0 to 1.0",
        ),
    ],
)
def test_unusable_input_is_one_line_and_exit_code_2(arguments, message, tmp_path, capsys):
    assert main(["export", *arguments, "-o", str(tmp_path / "b")]) == 2
    error = capsys.readouterr().err.strip().splitlines()[-1]
    assert error.startswith("clipomaly export: ")
    assert message in error
    assert not (tmp_path / "b").exists()


def test_missing_packages_are_named(tmp_path, monkeypatch, capsys):
    import importlib.util

    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "open_clip" else find(name))
    assert main(["export", "--model", "ViT-B-32", "-o", str(tmp_path / "b")]) == 2
    assert "missing open_clip_torch" in capsys.readouterr().err


def test_loading_and_running_a_bundle_imports_no_torch(tiny_bundle):
    code = (
        "import sys, numpy\n"
        "from pathlib import Path\n"
        "from clipomaly_ros.model.bundle import load_bundle\n"
        "bundle = load_bundle(Path(sys.argv[1]))\n"
        "encoder = bundle.image_encoder(threads=1)\n"
        "encoder.encode(numpy.zeros((1, 3, *encoder.input_size), numpy.float32))\n"
        "bundle.text_encoder(threads=1).encode(['a cone'])\n"
        "heavy = {'torch', 'torchvision', 'open_clip', 'onnx', 'timm'} & set(sys.modules)\n"
        "sys.exit(', '.join(heavy) if heavy else 0)\n"
    )
    command = [sys.executable, "-c", code, str(tiny_bundle.folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=dict(os.environ))
    assert done.returncode == 0, done.stderr
