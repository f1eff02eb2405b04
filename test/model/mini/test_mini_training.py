"""A training of a few steps: it learns, is reproducible, and its weights make a bundle."""

from pathlib import Path

import numpy as np
import pytest
import torch

from clipomaly_ros.model.dense_attention import TextTower
from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.mini.phrasings import align_phrasings, contrast, draw_banks
from clipomaly_ros.model.mini.pictures import STRANGE, Picture
from clipomaly_ros.model.mini.session import prepare
from clipomaly_ros.model.mini.training import TrainingSettings, save_weights, train
from clipomaly_ros.model.open_clip_source import build_source
from clipomaly_ros.vocabulary.entries import Entry, Vocabulary

CONFIGURATION = Path(__file__).parents[3] / "models" / "configs" / "apron-mini.json"
VOCABULARY = Vocabulary(
    approved=(Entry("pavement", "surface"), Entry("sky", "sky")),
    candidates=(Entry("suitcase", "baggage"), Entry("wrench", "tools", synonyms=("spanner",))),
    templates=("a photo of a {}.",),
)


def pictures():
    rgb = np.full((128, 160, 3), 120, np.uint8)
    labels = np.zeros((128, 160), np.uint8)
    rgb[:50], labels[:50] = (90, 140, 220), 1
    rgb[70:100, 60:100], labels[70:100, 60:100] = (200, 20, 20), 255
    box = np.float32([[60, 70, 100, 100]])
    places = np.float32([[80, 85]])
    kinds, known = ("thing",), np.array([False])
    return [Picture(rgb, labels, box, np.int64([word]), places, kinds, known) for word in (0, STRANGE)]


@pytest.mark.parametrize(
    "odd",
    [
        {"rate": 0.0},
        {"rate": float("nan")},
        {"seed": -1},
        {"threads": -1},
        {"text_steps": -1},
        {"mass_weight": -0.1},
    ],
)
def test_odd_settings_are_refused(odd):
    with pytest.raises(BundleError, match="training: expected"):
        TrainingSettings(**odd)


def test_captions_never_hold_what_is_held_out():
    _, captions = prepare(CONFIGURATION, 0, VOCABULARY, ["suitcase"])
    assert [entry.name for entry in captions.candidates] == ["suitcase"]
    assert not {"wrench", "spanner", "suitcase", "sky"} & set(captions.strange)
    drawn = captions.draw(np.random.default_rng(0))
    assert (drawn.approved, drawn.candidates) == (2, 1)
    assert len(drawn.tokens) > 3


def test_a_short_training_learns_and_repeats_itself(tmp_path):
    settings = TrainingSettings(text_steps=4, steps=40, batch=2, side=64, rate=2e-3, seed=1)
    curves = []
    for _ in range(2):
        source, captions = prepare(CONFIGURATION, 1, VOCABULARY, ["suitcase"])
        mean, record = train(source, pictures(), captions, settings, lambda row: None, every=10)
        curves.append([row["known"] for row in record.rows])
    assert curves[0] == pytest.approx(curves[1], rel=0.05)
    assert curves[0][-1] < 0.8 * curves[0][0]
    save_weights(mean, tmp_path / "weights.safetensors")
    loaded = build_source(str(CONFIGURATION), str(tmp_path / "weights.safetensors"))
    assert not loaded.untrained
    kept = mean.state_dict()
    for name, value in loaded.model.state_dict().items():
        # half precision keeps 11 bits
        np.testing.assert_allclose(value.numpy(), kept[name].numpy(), rtol=1e-3, atol=2e-3, err_msg=name)


def test_a_training_goes_on_from_the_weights_of_an_earlier_one(tmp_path):
    file = tmp_path / "weights.safetensors"
    source, captions = prepare(CONFIGURATION, 1, VOCABULARY, ["suitcase"])
    settings = TrainingSettings(text_steps=4, steps=40, batch=2, side=64, rate=2e-3, seed=1)
    mean, first = train(source, pictures(), captions, settings, lambda row: None, every=10)
    save_weights(mean, file)
    source, captions = prepare(CONFIGURATION, 2, VOCABULARY, ["suitcase"], file)
    texts = {name: value.clone() for name, value in source.text.state_dict().items()}
    settings = TrainingSettings(text_steps=0, steps=10, batch=2, side=64, rate=1e-4, seed=2)
    _, second = train(source, pictures(), captions, settings, lambda row: None, every=10)
    assert second.rows[0]["known"] < 0.8 * first.rows[0]["known"]
    for name, value in source.text.state_dict().items():
        if name != "logit_scale" and not name.startswith("visual."):  # this model's texts are the whole of it
            torch.testing.assert_close(value, texts[name], rtol=0, atol=0)


def test_phrasings_of_one_meaning_come_together_and_strange_words_with_them():
    source, captions = prepare(CONFIGURATION, 2, VOCABULARY, ["suitcase"])
    tower = TextTower(source.text, source.end_token)
    align_phrasings(tower, captions, 60, seed=2)
    first, second = draw_banks(tower, captions, 2, seed=9)
    similarity = (first @ second.T).numpy()
    named = similarity[:3, :3]
    assert np.diag(named).min() > named[~np.eye(3, dtype=bool)].max()
    assert similarity[3:, 3:].mean() > similarity[3:, :3].max()


def test_contrast_is_lowest_where_meanings_are_one_direction_each():
    meanings = torch.tensor([0, 0, 1, 1])
    apart, mixed = torch.eye(4)[[0, 0, 1, 1]], torch.eye(4)[[0, 1, 0, 1]]
    assert contrast(apart, meanings) < 0.01
    assert contrast(mixed, meanings) > 5.0


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"text_steps": -1}, {"batch": 1}, {"side": 60}])
def test_impossible_settings_are_refused(wrong):
    with pytest.raises(BundleError, match="expected steps"):
        TrainingSettings(**wrong)
