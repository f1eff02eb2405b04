"""The aligner: what it learns, how it goes on after a stop, and that it is what gets exported."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the aligner needs torch")

from clipomaly_ros.cli.main import main  # noqa: E402
from clipomaly_ros.model.aligner.modules import AlignedTextTower, Aligner, AlignerShape  # noqa: E402
from clipomaly_ros.model.aligner.storage import AlignerOrigin, load_aligner, save_aligner  # noqa: E402
from clipomaly_ros.model.aligner.training import (  # noqa: E402
    AlignerSettings,
    KnownPatches,
    train_aligner,
)
from clipomaly_ros.model.bundle import load_bundle  # noqa: E402
from clipomaly_ros.model.dense_attention import TextTower  # noqa: E402
from clipomaly_ros.model.export import ExportSettings, clip_vocabulary, export_bundle  # noqa: E402
from clipomaly_ros.model.manifest import BundleError  # noqa: E402
from clipomaly_ros.model.open_clip_source import build_source  # noqa: E402
from clipomaly_ros.model.tokenizer import ClipTokenizer  # noqa: E402

CONFIG = Path(__file__).parents[1] / "configs" / "test-clip-16.json"
WORDS = ("road", "sky", "car")
ROOM = ExportSettings(str(CONFIG), image_size=(32, 64))
SETTINGS = AlignerSettings(contexts=2, steps=30, batch=64, rate=0.02, keep_every=10, seed=5)


def quiet(line):
    """Report nothing."""


@pytest.fixture(scope="module")
def source():
    return build_source(str(CONFIG), seed=0)


@pytest.fixture(scope="module")
def patches(source):
    """Return three clouds of patches that have nothing to do with the texts of their classes."""
    generator = np.random.default_rng(0)
    classes = generator.integers(3, size=300)
    values = generator.normal(size=(3, 48))[classes] + 0.3 * generator.normal(size=(300, 48))
    values /= np.linalg.norm(values, axis=1, keepdims=True)
    tokenizer = ClipTokenizer(clip_vocabulary().read_bytes(), 75)
    prompts = [tokenizer.tokenise([f"a {word}.", f"the {word}"])[:, :7] for word in WORDS]
    return KnownPatches(values.astype(np.float16), classes, prompts)


def train(source, patches, folder, settings=SETTINGS, report=lambda row: None):
    return train_aligner(source, patches, np.array([320, 1125]), settings, folder, "cpu", report)


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first.parameters(), second.parameters(), strict=True))


def test_an_interrupted_training_ends_as_if_it_had_not_been(source, patches, tmp_path):
    frozen = [value.clone() for value in source.model.parameters()]
    whole, curve = train(source, patches, tmp_path / "whole")
    assert curve[-1]["accuracy"] > 0.9
    assert curve[-1]["alignment"] < curve[0]["alignment"]

    class StoppedError(Exception):
        pass

    def stop(row):
        if row["step"] == 14:
            raise StoppedError

    with pytest.raises(StoppedError):
        train(source, patches, tmp_path / "parts", report=stop)
    steps = []
    again, others = train(source, patches, tmp_path / "parts", report=lambda row: steps.append(row["step"]))
    assert steps == list(range(11, 31))
    assert same(again, whole)
    assert others == curve
    assert all(torch.equal(a, b) for a, b in zip(frozen, source.model.parameters(), strict=True))
    with pytest.raises(BundleError, match="new folder"):
        train(source, patches, tmp_path / "parts", AlignerSettings(contexts=3, steps=30))
    (tmp_path / "parts" / "state.safetensors").write_bytes(b"no tensors")
    with pytest.raises(BundleError, match="safetensors"):
        train(source, patches, tmp_path / "parts")


def test_a_fresh_aligner_is_the_identity(source):
    aligner = Aligner(AlignerShape(0, 64, 48, 12))
    values = torch.nn.functional.normalize(torch.randn(5, 48), dim=-1)
    torch.testing.assert_close(aligner.project(values), values)
    tokens = torch.tensor([[49406, 320, 1125, 49407, 0, 0]])
    plain = TextTower(source.text, None)(tokens)
    torch.testing.assert_close(AlignedTextTower(source.text, None, aligner.context)(tokens), plain)


def test_the_contexts_stand_before_the_words(source):
    """An embedding table that holds the contexts as words of their own gives the same through open_clip."""
    context = torch.randn(2, 64, generator=torch.Generator().manual_seed(1)) * 0.1
    tower = AlignedTextTower(source.text, None, context)
    tokens = torch.tensor([[49406, 320, 1125, 49407, 0], [49406, 518, 49407, 0, 0]])
    table = source.model.token_embedding.weight
    kept = table[[1000, 1001]].clone()
    with torch.no_grad():
        table[1000], table[1001] = context
        words = torch.zeros(2, source.model.context_length, dtype=torch.int64)
        words[:, 0], words[:, 1], words[:, 2], words[:, 3:7] = 49406, 1000, 1001, tokens[:, 1:]
        expected = source.model.encode_text(words, normalize=True)
        table[[1000, 1001]] = kept
        torch.testing.assert_close(tower(tokens), expected, atol=1e-5, rtol=0)


def test_a_text_tower_that_sees_what_follows_is_refused():
    own = build_source(str(CONFIG), seed=0)
    own.text.attn_mask = None
    with pytest.raises(BundleError, match="causal text tower"):
        AlignedTextTower(own.text, None, torch.zeros(2, 64))


def test_the_bundle_holds_the_aligner(source, patches, tmp_path):
    aligner, _ = train(source, patches, tmp_path / "state")
    origin = AlignerOrigin("test-clip-16", None, None, 0, "naclip")
    save_aligner(tmp_path / "aligner", aligner, origin, {"data": "clouds"})
    settings = ExportSettings(str(CONFIG), image_size=(32, 64), aligner=tmp_path / "aligner")
    aligned = export_bundle(settings, tmp_path / "aligned", report=quiet)
    plain = export_bundle(ROOM, tmp_path / "plain", report=quiet)
    assert aligned.manifest.context_length == 75
    assert len(aligned.manifest.aligner) == 64
    assert plain.manifest.aligner is None
    assert "aligner" not in (plain.folder / "manifest.yaml").read_text()

    image = np.random.default_rng(0).normal(size=(1, 3, 32, 64)).astype(np.float32)
    before, after = plain.image_encoder().encode(image), aligned.image_encoder().encode(image)
    np.testing.assert_allclose(after.global_embedding, before.global_embedding, atol=1e-6)
    # The projection once more, in numpy.
    down, bias, up = (value.detach().numpy() for value in (*aligner.down.parameters(), aligner.up.weight))
    expected = before.patches + np.maximum(before.patches @ down.T + bias, 0) @ up.T
    expected /= np.linalg.norm(expected, axis=-1, keepdims=True)
    assert np.abs(expected - before.patches).max() > 0.01
    np.testing.assert_allclose(after.patches, expected, atol=1e-4)

    prompts = ["a road.", "a photo of a very long train of baggage carts", "Größe " * 60]
    texts = aligned.text_encoder().encode(prompts)
    tokens = torch.from_numpy(ClipTokenizer(clip_vocabulary().read_bytes(), 75).tokenise(prompts))
    with torch.no_grad():
        wanted = AlignedTextTower(source.text, None, aligner.context)(tokens)
    np.testing.assert_allclose(texts, wanted, atol=1e-4)
    assert np.abs(texts - plain.text_encoder().encode(prompts)).max() > 0.01
    assert load_bundle(aligned.folder).manifest == aligned.manifest


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": "ViT-B-16"}, "train another"),
        ({"seed": 4}, "train another"),
        ({"dense_variant": "maskclip"}, "train another"),
    ],
)
def test_an_aligner_of_another_model_is_refused(tmp_path, change, words):
    values = {"model": "test-clip-16", "pretrained": None, "weights_sha256": None, "seed": 0,
              "dense_variant": "naclip"} | change  # fmt: skip
    save_aligner(tmp_path / "a", Aligner(AlignerShape(1, 64, 48, 4)), AlignerOrigin(**values), {})
    settings = ExportSettings(str(CONFIG), image_size=(32, 64), aligner=tmp_path / "a")
    with pytest.raises(BundleError, match=words):
        export_bundle(settings, tmp_path / "b", report=quiet)
    assert not (tmp_path / "b").exists()


def test_damaged_aligners_are_refused(tmp_path):
    origin = AlignerOrigin("test-clip-16", None, None, 0, "naclip")
    aligner = Aligner(AlignerShape(1, 64, 48, 4))
    save_aligner(tmp_path / "a", aligner, origin, {})
    assert same(load_aligner(tmp_path / "a")[0], aligner)
    record = tmp_path / "a" / "aligner.json"
    content = json.loads(record.read_text())
    for change in ({"format": 9}, {"shape": {"contexts": 1}}, {"shape": {**content["shape"], "hidden": 5}}):
        record.write_text(json.dumps({**content, **change}))
        with pytest.raises(BundleError, match="expected"):
            load_aligner(tmp_path / "a")
    with torch.no_grad():
        aligner.up.weight[0, 0] = torch.nan
    save_aligner(tmp_path / "a", aligner, origin, {})
    with pytest.raises(BundleError, match="finite"):
        load_aligner(tmp_path / "a")
    with pytest.raises(BundleError, match="JSON"):
        load_aligner(tmp_path / "nothing")


@pytest.mark.parametrize(
    "wrong", [{"contexts": 65}, {"steps": 0}, {"rate": 0.0}, {"rate": float("nan")}, {"anchor": -1.0}]
)
def test_settings_out_of_range_are_refused(wrong):
    with pytest.raises(BundleError, match="expected"):
        AlignerSettings(**wrong)


def write_streets(root, split="train"):
    """Write two pictures in the folders of Cityscapes: road below, sky above, a car, and a border."""
    for name, shift in (("a_000", 0), ("a_001", 20)):
        rgb, labels = np.zeros((64, 128, 3), np.uint8), np.zeros((64, 128), np.uint8)
        rgb[:32], labels[:32] = (230, 160, 90), 23
        rgb[32:], labels[32:] = (90, 90, 90), 7
        rgb[32:56, 30 + shift : 70 + shift], labels[32:56, 30 + shift : 70 + shift] = (20, 20, 200), 26
        for kind, ending, content in (
            ("leftImg8bit", "leftImg8bit", rgb),
            ("gtFine", "gtFine_labelIds", labels),
        ):
            path = root / kind / split / "a" / f"{name}_{ending}.png"
            path.parent.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(path), content)
    return root


def test_the_command_trains_and_export_takes_it(tmp_path, capsys):
    data = write_streets(tmp_path / "streets")
    model = ["--model", str(CONFIG), "--image-size", "64", "128"]
    command = ["train-aligner", *model, "--data", str(data), "-o", str(tmp_path / "out"), "--contexts", "1",
               "--steps", "4", "--batch", "32", "--threads", "1", "--device", "cpu"]  # fmt: skip
    assert main(command) == 0
    assert "3 classes" in capsys.readouterr().out
    record = json.loads((tmp_path / "out" / "aligner.json").read_text())
    assert record["record"]["classes"] == ["road", "sky", "car"]
    first = (tmp_path / "out" / "aligner.safetensors").read_bytes()
    assert main(command) == 0  # goes on with what is there, which is all
    assert (tmp_path / "out" / "aligner.safetensors").read_bytes() == first
    assert main([*command[:-6], "--steps", "9", "--batch", "32"]) == 2
    assert "new folder" in capsys.readouterr().err
    exported = ["export", *model, "--aligner", str(tmp_path / "out"), "-o", str(tmp_path / "bundle")]
    assert main(exported) == 0
    assert load_bundle(tmp_path / "bundle").manifest.aligner is not None
    assert main(["train-aligner", *model, "--data", str(write_streets(tmp_path / "measure", "val")),
                 "--split", "./val/", "-o", str(tmp_path / "no")]) == 2  # fmt: skip
    assert "only measures" in capsys.readouterr().err
