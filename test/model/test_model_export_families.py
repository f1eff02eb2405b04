"""Families of open_clip models beside CLIP's own: what is exported, and what is refused and why."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the export needs torch")

from clipomaly_ros.model.export import ExportSettings, export_bundle  # noqa: E402
from clipomaly_ros.model.manifest import BundleError  # noqa: E402
from clipomaly_ros.model.open_clip_source import build_source, exportable_models  # noqa: E402
from clipomaly_ros.model.torchvision_operators import import_open_clip  # noqa: E402

ALL_SEE_ALL = Path(__file__).parent / "configs" / "test-clip-all-see-all.json"
PROMPTS = ["a cone", "a photo of a fuel truck beside a very long line of baggage carts.", "x"]


def test_a_text_tower_without_causal_mask_agrees_whatever_was_cut_off(tmp_path):
    bundle = export_bundle(
        ExportSettings(str(ALL_SEE_ALL), seed=4), tmp_path / "made", report=lambda line: None
    )
    source = build_source(str(ALL_SEE_ALL), seed=4)
    assert source.text.attn_mask is None
    with torch.no_grad():
        expected = source.model.encode_text(import_open_clip().tokenize(PROMPTS), normalize=True)
    encoder = bundle.text_encoder(1)
    np.testing.assert_allclose(encoder.encode(PROMPTS), expected, atol=1e-5)
    for prompt, row in zip(PROMPTS, expected, strict=True):  # alone, cut to its own length
        np.testing.assert_allclose(encoder.encode([prompt])[0], row, atol=1e-5)


def test_each_family_is_offered_or_refused():
    offered = set(exportable_models(import_open_clip()))
    assert {"ViT-B-32", "ViT-B-16", "ViT-L-14", "convnext_base", "MobileCLIP-S1", "MobileCLIP2-S0"} <= offered
    assert not offered & {"ViT-B-16-SigLIP", "ViT-B-16-SigLIP2", "MobileCLIP-B", "coca_ViT-B-32", "RN50"}


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        ("ViT-B-16-SigLIP", "pools by 'map', so its cells are not in text space"),
        ("MobileCLIP-B", "pools by 'token', so its cells are not in text space"),
        ("ViT-H-14-CLIPA", "another tokenizer than CLIP's"),
    ],
)
def test_what_is_refused_is_refused_before_anything_is_built(model, reason):
    with pytest.raises(BundleError, match=reason):
        build_source(model)
