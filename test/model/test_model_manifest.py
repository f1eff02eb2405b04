import dataclasses

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.model.manifest import (
    DENSE_VARIANTS,
    REQUIRED_FILES,
    SCORES,
    BundleError,
    Manifest,
    Origin,
    Threshold,
    default_threshold,
    dump_manifest,
    parse_manifest,
)

EXAMPLE = Manifest(
    name="vit-b-16-laion2b",
    version="1.2",
    origin=Origin("ViT-B-16", "laion2b_s34b_b88k", "0a" * 32),
    licence="MIT",
    files=dict.fromkeys(REQUIRED_FILES, "ff" * 32),
    input_size=(336, 448),
    mean=(0.48, 0.45, 0.4),
    std=(0.26, 0.26, 0.27),
    patch_size=16,
    embedding_dim=512,
    logit_scale=100.0,
    dense_variant="naclip",
    context_length=77,
    untrained=False,
    precision="fp32",
    threshold=Threshold("fixed", 0.5),
    templates=("a photo of a {}.",),
)
TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=60)
UNIT = st.floats(0.001, 1)


@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_what_is_written_is_read_again(data):
    draw = data.draw
    mode, value = draw(st.sampled_from(["fixed", "frame_quantile"])), draw(UNIT)
    low = draw(st.none() | st.floats(0.0, value)) if mode == "fixed" else None
    patch = draw(st.integers(4, 64))
    files = {**EXAMPLE.files, "notice.txt": draw(st.text("0123456789abcdef", min_size=64, max_size=64))}
    manifest = dataclasses.replace(
        EXAMPLE,
        name=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", fullmatch=True)),
        version=draw(st.from_regex(r"[A-Za-z0-9][A-Za-z0-9.+-]{0,39}", fullmatch=True)),
        origin=Origin(draw(TEXT), draw(st.none() | TEXT), draw(st.sampled_from([None, "0" * 64, "1e" * 32]))),
        licence=draw(TEXT),
        files=files,
        patch_size=patch,
        input_size=(patch * draw(st.integers(1, 100)), patch * draw(st.integers(1, 100))),
        mean=draw(st.tuples(UNIT, UNIT, UNIT)),
        std=draw(st.tuples(UNIT, UNIT, UNIT)),
        logit_scale=draw(st.floats(0.01, 1000)),
        dense_variant=draw(st.sampled_from(DENSE_VARIANTS)),
        untrained=draw(st.booleans()),
        threshold=Threshold(mode, value, draw(st.sampled_from(SCORES)), low),
        templates=tuple(
            draw(st.lists(TEXT.map(lambda text: text.replace("{}", "") + "{}"), min_size=1, max_size=4))
        ),
    )
    assert parse_manifest(dump_manifest(manifest)) == manifest
    assert len(manifest.id) <= 128


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "../escape", "name"),
        ("name", 7, "name"),
        ("version", 1.0, "version: expected a quoted text"),
        ("origin", {"model": "x"}, "origin: missing pretrained, weights_sha256"),
        ("origin", "hub", "origin: expected a mapping"),
        ("licence", "", "licence"),
        ("input_size", [336, 450], "multiples of patch_size 16"),
        ("input_size", [336], "height and width"),
        ("input_size", 336, "input_size: expected a list"),
        ("input_size", [336.0, 448], "an integer"),
        ("mean", [0.5, 0.5], "three numbers"),
        ("mean", [0.5, 0.5, "0.5"], "a number"),
        ("mean", [0.5, 0.5, float("nan")], "a number"),
        ("std", [0.5, 0, 0.5], "std"),
        ("patch_size", True, "patch_size"),
        ("embedding_dim", 0, "embedding_dim"),
        ("logit_scale", float("inf"), "logit_scale"),
        ("dense_variant", "magic", "naclip"),
        ("dense_variant", [], "naclip"),
        ("context_length", "77", "context_length"),
        ("untrained", "no", "true or false"),
        ("untrained", 0, "true or false"),
        ("precision", "int4", "fp32"),
        ("threshold", {"mode": "guess", "value": 0.5}, "frame_quantile"),
        ("threshold", {"mode": "fixed", "value": 1.5}, "threshold: value"),
        ("threshold", {"mode": "fixed", "value": 0.5, "unit": "m"}, "unknown unit"),
        ("threshold", {"mode": "fixed", "value": 0.5, "low": 0.6}, "threshold: low: .* from 0.0 to 0.5"),
        ("threshold", {"mode": "fixed", "value": 0.5, "low": -0.1}, "threshold: low"),
        ("threshold", {"mode": "fixed", "value": 0.5, "low": float("nan")}, "threshold: low"),
        ("threshold", {"mode": "fixed", "value": 0.5, "low": True}, "threshold: low"),
        ("threshold", {"mode": "frame_quantile", "value": 0.97, "low": 0.5}, "none with mode frame_quantile"),
        ("templates", [], "1 to 100"),
        ("templates", ["a photo"], "exactly once"),
        ("templates", ["{} and {}"], "exactly once"),
        ("templates", "a {}", "a list"),
        ("files", {}, r"image\.onnx"),
        ("files", ["image.onnx"], "mapping"),
        ("format", 2, "expected format 1"),
    ],
)
def test_wrong_fields_are_named(field, value, message):
    content = yaml.safe_load(dump_manifest(EXAMPLE))
    content[field] = value
    with pytest.raises(BundleError, match=message):
        parse_manifest(yaml.safe_dump(content).encode())


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/passwd",
        "/etc/passwd",
        "..",
        ".",
        "a/b.onnx",
        "a\\b",
        ".hidden",
        "",
        "manifest.yaml",
        "x\n",
        3,
    ],
)
def test_file_names_cannot_leave_the_folder(name):
    content = yaml.safe_load(dump_manifest(EXAMPLE))
    content["files"][name] = "0" * 64
    with pytest.raises(BundleError, match="files"):
        parse_manifest(yaml.safe_dump(content).encode())


@pytest.mark.parametrize("digest", ["F" * 64, "f" * 63, 5, None])
def test_hashes_are_64_hexadecimal_digits(digest):
    content = yaml.safe_load(dump_manifest(EXAMPLE))
    content["files"]["image.onnx"] = digest
    with pytest.raises(BundleError, match=r"files: image\.onnx"):
        parse_manifest(yaml.safe_dump(content).encode())


def test_unknown_and_missing_fields_are_named():
    content = yaml.safe_load(dump_manifest(EXAMPLE))
    del content["licence"]
    with pytest.raises(BundleError, match="missing licence; unknown license"):
        parse_manifest(yaml.safe_dump({**content, "license": "MIT"}).encode())


def test_huge_manifests_are_refused():
    with pytest.raises(BundleError, match="bytes"):
        parse_manifest(dump_manifest(EXAMPLE) + b"#" * 70000)


def test_random_weights_get_a_threshold_that_needs_no_absolute_score():
    assert default_threshold(untrained=True) == Threshold("frame_quantile", 0.97)
    assert default_threshold(untrained=False) == Threshold("fixed", 0.5)


def test_manifests_that_recommend_no_low_threshold_read_and_write_as_ever():
    content = yaml.safe_load(dump_manifest(EXAMPLE))
    assert content["threshold"] == {"mode": "fixed", "value": 0.5, "score": "entropy"}
    assert parse_manifest(yaml.safe_dump(content).encode()).threshold.low is None
    content["threshold"] = {"mode": "fixed", "value": 0.5}  # of the first release
    assert parse_manifest(yaml.safe_dump(content).encode()).threshold == Threshold("fixed", 0.5)


def test_manifests_that_recommend_nothing_to_report_read_and_write_as_ever():
    content = yaml.safe_load(dump_manifest(EXAMPLE))
    assert "report_min_probability" not in content
    assert parse_manifest(yaml.safe_dump(content).encode()).report_min_probability is None
    content["report_min_probability"] = 0.45
    read = parse_manifest(yaml.safe_dump(content).encode())
    assert (read.report_min_probability, parse_manifest(dump_manifest(read))) == (0.45, read)
    for wrong in (1.1, True, "likely"):
        content["report_min_probability"] = wrong
        with pytest.raises(BundleError, match="report_min_probability: expected a number"):
            parse_manifest(yaml.safe_dump(content).encode())


@pytest.mark.parametrize("value", ["&a [x, x]\nversion: *a", "9" * 10_000, "2020-99-99", "[" * 3000])
def test_yaml_that_asks_for_too_much_is_refused(value):
    with pytest.raises(BundleError, match=r"manifest\.yaml: expected YAML: .*export the bundle again"):
        parse_manifest(f"format: 1\nname: {value}\n".encode())
