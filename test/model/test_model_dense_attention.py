import copy

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import erf, softmax

torch = pytest.importorskip("torch", reason="the export needs torch")

from clipomaly_ros.model.dense_attention import DenseImageTower, TextTower, neighbourhood  # noqa: E402
from clipomaly_ros.model.export import ExportSettings, export_bundle, set_grid  # noqa: E402
from clipomaly_ros.model.manifest import ATTENTION_VARIANTS, BundleError  # noqa: E402
from clipomaly_ros.model.open_clip_source import build_source  # noqa: E402
from clipomaly_ros.model.tokenizer import ClipTokenizer  # noqa: E402
from clipomaly_ros.model.torchvision_operators import import_open_clip  # noqa: E402


def picture(height, width, seed=0):
    return torch.randn((1, 3, height, width), generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("variant", ATTENTION_VARIANTS)
def test_exported_towers_give_the_numbers_of_torch(variant, tiny_config, tmp_path):
    folder = tmp_path / variant
    bundle = export_bundle(
        ExportSettings(str(tiny_config), dense=variant, image_size=(48, 80)), folder, report=lambda line: None
    )
    source = build_source(str(tiny_config))
    set_grid(source.visual, (3, 5))
    image = picture(48, 80, seed=7)
    with torch.no_grad():
        patches, whole = DenseImageTower(source.visual, (3, 5), variant)(image)
        encoded = source.model.encode_image(image, normalize=True)
    found = bundle.image_encoder(threads=1).encode(image.numpy())
    assert bundle.manifest.dense_variant == variant
    assert found.patches.shape == (3, 5, 48)
    np.testing.assert_allclose(found.patches, patches[0], atol=1e-5)
    np.testing.assert_allclose(found.global_embedding, whole[0], atol=1e-5)
    np.testing.assert_allclose(found.global_embedding, encoded[0], atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found.patches, axis=-1), 1, atol=1e-5)


@pytest.mark.parametrize("variant", ATTENTION_VARIANTS)
@pytest.mark.parametrize("name", ["tiny", "ViT-B-32"])
def test_global_embedding_is_encode_image(variant, name, tiny_config):
    source = build_source(str(tiny_config) if name == "tiny" else name, seed=1)
    image = picture(*source.visual.image_size)
    with torch.no_grad():
        _, whole = DenseImageTower(source.visual, source.visual.grid_size, variant).eval()(image)
        expected = source.model.encode_image(image, normalize=True)
    torch.testing.assert_close(whole, expected, atol=1e-6, rtol=0)


def test_vanilla_patches_are_open_clips_last_tokens(tiny_source):
    visual = tiny_source.visual
    image = picture(64, 64)
    with torch.no_grad():
        patches, _ = DenseImageTower(visual, (4, 4), "vanilla")(image)
        (tokens,) = visual.forward_intermediates(
            image, indices=1, normalize_intermediates=True, output_fmt="NLC"
        )["image_intermediates"]
        expected = torch.nn.functional.normalize(tokens @ visual.proj, dim=-1)
    torch.testing.assert_close(patches.reshape(1, 16, -1), expected, atol=1e-6, rtol=0)


def layer_norm(module, x):
    weight, bias = module.weight.numpy(), module.bias.numpy()
    centred = x - x.mean(-1, keepdims=True)
    return centred / np.sqrt((centred**2).mean(-1, keepdims=True) + module.eps) * weight + bias


def linear(module, x):
    return x @ module.weight.numpy().T + module.bias.numpy()


def last_block_by_hand(visual, x, variant, grid):
    """Compute one image's dense embeddings from tokens x [1 + h * w, C] in float64."""
    block = visual.transformer.resblocks[-1]
    width = block.attn.embed_dim // block.attn.num_heads
    joined = layer_norm(block.ln_1, x) @ block.attn.in_proj_weight.numpy().T + block.attn.in_proj_bias.numpy()
    heads = []
    for head in range(block.attn.num_heads):
        start = head * width
        q, k, v = (joined[:, part + start : part + start + width] for part in np.arange(3) * x.shape[1])
        if variant == "maskclip":
            heads.append(v)
        elif variant == "clearclip":
            heads.append(softmax(q @ q.T / np.sqrt(width), axis=-1) @ v)
        elif variant == "sclip":
            heads.append(
                (softmax(q @ q.T / np.sqrt(width), axis=-1) + softmax(k @ k.T / np.sqrt(width), axis=-1)) @ v
            )
        else:
            prior = np.zeros((len(x), len(x)))
            for i in range(1, len(x)):
                for j in range(1, len(x)):
                    (yi, xi), (yj, xj) = divmod(i - 1, grid[1]), divmod(j - 1, grid[1])
                    prior[i, j] = np.exp(-((yi - yj) ** 2 + (xi - xj) ** 2) / (2 * 5.0**2))
            heads.append(softmax(k @ k.T / np.sqrt(width) + prior, axis=-1) @ v)
    out = linear(block.attn.out_proj, np.concatenate(heads, axis=1))
    if variant == "sclip":
        out = x + out
        inner = linear(block.mlp.c_fc, layer_norm(block.ln_2, out))
        out = out + linear(block.mlp.c_proj, inner * 0.5 * (1 + erf(inner / np.sqrt(2))))
    dense = layer_norm(visual.ln_post, out[1:]) @ visual.proj.numpy()
    return dense / np.linalg.norm(dense, axis=1, keepdims=True)


@pytest.mark.parametrize("variant", [name for name in ATTENTION_VARIANTS if name != "vanilla"])
def test_last_block_equals_an_independent_computation(variant, tiny_source):
    visual = tiny_source.visual.requires_grad_(False)
    set_grid(visual, (3, 6))
    image = picture(48, 96)
    with torch.no_grad():
        patches, _ = DenseImageTower(visual, (3, 6), variant)(image)
        tokens = visual.transformer.resblocks[0](visual._embeds(image))[0]
        # Weights that are all alike would hide a swapped q and k.
        assert not torch.allclose(*visual.transformer.resblocks[-1].attn.in_proj_weight.chunk(3)[:2])
    expected = last_block_by_hand(visual, tokens.double().numpy(), variant, (3, 6))
    np.testing.assert_allclose(patches.reshape(18, -1).numpy(), expected, atol=2e-6)


def test_variants_differ_from_each_other(tiny_source):
    with torch.no_grad():
        maps = [
            DenseImageTower(tiny_source.visual, (4, 4), name)(picture(64, 64))[0]
            for name in ATTENTION_VARIANTS
        ]
    for index, one in enumerate(maps):
        for other in maps[index + 1 :]:
            assert (one - other).abs().max() > 1e-3


@settings(max_examples=25, deadline=None)
@given(rows=st.integers(1, 7), columns=st.integers(1, 7), sigma=st.floats(0.5, 9))
def test_neighbourhood_falls_with_distance_and_ignores_the_class_token(rows, columns, sigma):
    prior = neighbourhood(rows, columns, sigma).numpy()
    assert prior.shape == (1 + rows * columns,) * 2
    assert not prior[0].any()
    assert not prior[:, 0].any()
    np.testing.assert_array_equal(prior, prior.T)
    np.testing.assert_array_equal(np.diag(prior)[1:], 1)
    assert (np.diff(prior[1, 1 : 1 + columns]) < 0).all()
    assert (np.diff(prior[1, 1::columns]) < 0).all()


def test_position_embeddings_of_the_own_grid_stay_identical(tiny_source):
    before = tiny_source.visual.positional_embedding
    set_grid(tiny_source.visual, (4, 4))
    assert tiny_source.visual.positional_embedding is before


@pytest.mark.parametrize("size", [(96, 96), (48, 80), (32, 48)])
def test_position_embeddings_are_resized_as_open_clip_does(size, tiny_source):
    open_clip = import_open_clip()
    state = copy.deepcopy(tiny_source.model.state_dict())
    other = open_clip.create_model("test-clip-16", force_image_size=size)
    open_clip.model.resize_pos_embed(state, other)
    set_grid(tiny_source.visual, (size[0] // 16, size[1] // 16))
    torch.testing.assert_close(
        tiny_source.visual.positional_embedding, state["visual.positional_embedding"], atol=1e-7, rtol=0
    )
    assert tiny_source.visual.image_size == size


def test_text_tower_is_encode_text_however_tokens_are_cut(tiny_source, tiny_bundle):
    prompts = ["a", "a photo of a traffic cone.", "long " * 100]
    tokenizer = ClipTokenizer(tiny_bundle.read("vocabulary.txt.gz"))
    tokens = tokenizer.tokenise(prompts)
    tower = TextTower(tiny_source.text, tiny_source.end_token)
    with torch.no_grad():
        expected = tiny_source.model.encode_text(torch.from_numpy(tokens), normalize=True)
        for row, length in enumerate(np.count_nonzero(tokens, axis=1)):
            found = tower(torch.from_numpy(tokens[row : row + 1, :length]))
            torch.testing.assert_close(found, expected[row : row + 1], atol=1e-6, rtol=0)


def test_pooling_at_a_named_end_token(tiny_source):
    model = tiny_source.model
    model.text_pool_type, model.text_eos_id = "eos", 300
    tokens = torch.tensor([[49406, 7, 300, 49407, 0, 0], [49406, 300, 9, 9, 300, 49407]])
    padded = torch.nn.functional.pad(tokens, (0, 71))
    assert tiny_source.end_token == 300
    with torch.no_grad():
        found = TextTower(model, tiny_source.end_token)(tokens)
        torch.testing.assert_close(found, model.encode_text(padded, normalize=True), atol=1e-6, rtol=0)


def test_unknown_variant_is_refused(tiny_source):
    with pytest.raises(BundleError, match="naclip"):
        DenseImageTower(tiny_source.visual, (4, 4), "magic")
