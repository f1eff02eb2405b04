"""`clipomaly segment` on good and bad pictures, folders, videos and names."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.cli.segment_results import overlay_picture, whole_file
from clipomaly_ros.cli.segment_sources import MAX_SIDE, Video, find_sources, read_picture, shown
from clipomaly_ros.replay.video import VideoWriter
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import VisionError
from clipomaly_ros.vocabulary.loading import load_vocabulary


def picture(height=60, width=80, channels=3, dtype=np.uint8):
    rng = np.random.default_rng(height * width)
    shape = (height, width) if channels == 1 else (height, width, channels)
    return rng.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


def encoded(image, suffix=".png"):
    return cv2.imencode(suffix, image)[1].tobytes()


def with_segment(jpeg, payload):
    """Put an APP1 segment behind a JPEG's start marker."""
    return jpeg[:2] + b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload + jpeg[2:]


def exif(orientation):
    entry = b"\x12\x01\x03\x00\x01\x00\x00\x00" + bytes([orientation, 0, 0, 0])
    return b"Exif\0\0II*\0\x08\0\0\0\x01\0" + entry + b"\0\0\0\0"


def files_below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_a_folder_with_all_sorts_of_pictures(segment, tmp_path, capsys):
    folder, out = tmp_path / "in", tmp_path / "out"
    good = {
        "grey.png": encoded(picture(channels=1)),
        "deep.png": encoded(picture(dtype=np.uint16)),
        "alpha.png": encoded(picture(channels=4)),
        "one.png": encoded(picture(1, 1)),
        "wide.png": encoded(picture(2, 700)),
        "sub/Rüfe \x07.jpg": encoded(picture(), ".jpg"),
        "sub/same.jpg": encoded(picture(), ".jpg"),
        "sub/same.png": encoded(picture()),
    }
    jpeg = encoded(picture(), ".jpg")
    bad = {
        "cut.jpg": jpeg[: len(jpeg) // 2],
        "empty.png": b"",
        "noise.mp4": bytes(range(256)),
        "text.png": b"not a picture",
        "preview.jpg": with_segment(jpeg, jpeg[:-2] + b"\xff\xd9")[: len(jpeg) + 300],
    }
    for name, data in (good | bad | {"notes.txt": b"hello", ".hidden.jpg": b"x"}).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(data)

    assert segment(folder, extra=["--json"]) == 1
    said = capsys.readouterr()
    records = [json.loads(line) for line in said.out.splitlines()]
    assert {record["picture"] for record in records} == {str(folder / name) for name in good}
    assert f"not usable: {len(bad)}\n" in said.err
    for name in bad:
        assert f"{name}: " in said.err
    assert "left out, neither picture nor video: 1\n" in said.err
    assert "\x07" not in said.err
    assert "WARNING" in said.err
    assert all(record["untrained"] for record in records)

    assert len(files_below(out)) == 4 * len(good)
    assert {"sub/same.json", "sub/same_2.json"} <= set(files_below(out))
    for path in out.rglob("*.json"):
        record = json.loads(path.read_text())
        shape = (record["height"], record["width"])
        labels, score = (
            cv2.imdecode(np.fromfile(out / record["files"][kind], np.uint8), cv2.IMREAD_UNCHANGED)
            for kind in ("labels", "score")
        )
        assert labels.shape == score.shape == shape
        assert score.dtype == np.uint16
        known = {item["label"] for item in record["legend"]} | {record["unlabelled"]}
        assert set(np.unique(labels)) <= known
        for region in record["regions"]:
            x, y, width, height = region["box"]
            assert 0 <= x < x + width <= shape[1]
            assert 0 <= y < y + height <= shape[0]
            assert 0 <= region["score"] <= 1
            assert region["candidates"]

    # A later run leaves the results out, whatever lies above them.
    assert len(find_sources([tmp_path], out).sources) == len(good | bad)


@pytest.mark.parametrize(
    ("names", "reason"),
    [
        ([""], "empty"),
        (["x" * 10_000], "10000 bytes long"),
        (["a\x1b[2Jb"], "control character U+001B"),
        (["cone", "Cone"], "the same as"),
        (["airplane"], "a synonym of the approved entry 'aircraft'"),
        (["luggage"], "a synonym of the candidate entry 'suitcase'"),
    ],
)
def test_unusable_names_are_refused_in_one_short_line_before_any_result(
    segment, tmp_path, capsys, names, reason
):
    (tmp_path / "a.png").write_bytes(encoded(picture()))
    assert segment(tmp_path / "a.png", names=names) == 2
    error = capsys.readouterr().err
    assert reason in error
    assert error.count("\n") == 1
    assert error.rstrip("\n").isprintable()
    assert len(error) < 300
    assert not (tmp_path / "out").exists()


def test_names_in_any_script_become_candidates_of_the_run(segment, tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(encoded(picture()))
    config = tmp_path / "all.yaml"
    config.write_text("top_words: 100\nmin_region_area: 1\n")
    extra = ["--json", "--config", str(config)]
    assert segment(tmp_path / "a.png", names=["Bremsklötze", "輪止め"], extra=extra) == 0
    record = json.loads(capsys.readouterr().out)
    sources = {item["name"]: item["source"] for region in record["regions"] for item in region["candidates"]}
    assert {"bremsklötze", "輪止め"} & set(sources)
    assert all(sources.get(name, "operator") == "operator" for name in ("bremsklötze", "輪止め"))


def test_weights_that_are_no_numbers_are_refused_before_any_result(spoiled_bundle, tmp_path, capsys):
    (tmp_path / "a.png").write_bytes(encoded(picture()))
    folders = ["-o", str(tmp_path / "out"), "--bundle", str(spoiled_bundle)]
    assert main(["segment", str(tmp_path / "a.png"), *folders]) == 2
    assert "image.onnx: expected finite embeddings" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_a_video_becomes_a_video_and_a_line_a_frame(segment, tmp_path):
    path = tmp_path / "drive.webm"
    with VideoWriter(path, 10.0) as writer:
        for step in range(5):
            writer.write(np.roll(picture(96, 128), 8 * step, axis=1))
    assert segment(path, extra=["--limit", "3"]) == 0
    out = tmp_path / "out"
    assert files_below(out) == ["drive.jsonl", "drive_overlay.webm"]
    lines = [json.loads(line) for line in (out / "drive.jsonl").read_text().splitlines()]
    assert [line["frame"] for line in lines] == [0, 1, 2]
    assert [line["time"] for line in lines] == pytest.approx([0.0, 0.1, 0.2])
    assert all((line["width"], line["height"]) == (128, 96) for line in lines)
    with Video(out / "drive_overlay.webm") as video:
        assert sum(1 for _ in video.frames()) == 3


def test_paths_without_anything_to_do_are_errors_before_the_model_is_loaded(tmp_path, capsys):
    empty, file = tmp_path / "empty", tmp_path / "a.png"
    empty.mkdir()
    file.write_bytes(encoded(picture()))
    for paths, out, reason in (
        ([empty], tmp_path / "out", "no picture and no video"),
        ([tmp_path / "missing"], tmp_path / "out", "found none"),
        ([file], file, "is a file"),
        ([tmp_path], tmp_path, "another folder"),
    ):
        command = ["segment", *map(str, paths), "-o", str(out), "--bundle", "nowhere"]
        assert main(command) == 2
        error = capsys.readouterr().err
        assert reason in error
        assert error.count("\n") == 1
    assert files_below(tmp_path) == ["a.png"]


@pytest.mark.parametrize("orientation", range(1, 9))
def test_photographs_are_turned_as_viewers_turn_them(tmp_path, orientation):
    upright = np.zeros((32, 48, 3), np.uint8)
    upright[:16, :16] = (200, 40, 40)
    # What a camera stores so that the orientation makes it upright (TIFF 6.0, tag 274).
    stored = {
        1: upright,
        2: upright[:, ::-1],
        3: upright[::-1, ::-1],
        4: upright[::-1],
        5: upright.transpose(1, 0, 2),
        6: np.rot90(upright),
        7: np.rot90(upright.transpose(1, 0, 2), 2),
        8: np.rot90(upright, -1),
    }[orientation]
    data = cv2.imencode(".jpg", np.ascontiguousarray(stored[..., ::-1]), [cv2.IMWRITE_JPEG_QUALITY, 100])[1]
    path = tmp_path / "photo.jpg"
    path.write_bytes(with_segment(data.tobytes(), exif(orientation)))
    rgb = read_picture(path)
    assert rgb.shape == upright.shape
    assert np.abs(rgb.astype(int) - upright).mean() < 4


def test_sixteen_bits_are_scaled_from_their_full_range(tmp_path):
    deep = np.array([[0, 128, 257, 65535]], np.uint16)
    path = tmp_path / "deep.png"
    path.write_bytes(encoded(deep))
    assert read_picture(path)[0, :, 0].tolist() == [0, 0, 1, 255]


@pytest.mark.parametrize(("height", "width"), [(1, MAX_SIDE + 1), (MAX_SIDE + 1, 1)])
def test_pictures_that_no_result_could_hold_are_refused(tmp_path, height, width):
    path = tmp_path / "long.png"
    path.write_bytes(encoded(np.zeros((height, width), np.uint8)))
    with pytest.raises(VisionError, match="sides of at most"):
        read_picture(path)


def test_8k_and_non_contiguous_pictures(tiny_bundle, words):
    table = build_text_table(load_vocabulary(*words), tiny_bundle.text_encoder(1))
    settings = SegmenterSettings(threshold_mode="frame_quantile", threshold=0.0, quantile=0.9)
    segmenter = AnomalySegmenter(tiny_bundle.image_encoder(1), table, settings)
    small = picture(90, 120)
    strange = np.asfortranarray(small[::-1])[::-1]
    assert not strange.flags.c_contiguous
    plain, other = (
        overlay_picture(image, segmenter.segment(image), "tiny", True) for image in (small, strange)
    )
    np.testing.assert_array_equal(plain, other)
    large = np.broadcast_to(np.uint8(90), (4320, 7680, 3))
    result = segmenter.segment(large)
    assert result.labels.shape == (4320, 7680)
    overlay = overlay_picture(large, result, "tiny", True)
    assert overlay.shape[0] == 4320
    assert overlay.shape[1] > 7680


def test_a_file_appears_whole_or_not_at_all(tmp_path):
    def fail():
        with whole_file(tmp_path / "a.json") as part:
            part.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert files_below(tmp_path) == []
    with whole_file(tmp_path / "sub" / "a.json") as part:
        part.write_text("whole")
        assert not (tmp_path / "sub" / "a.json").exists()
    assert files_below(tmp_path) == ["sub/a.json"]


def test_results_of_equal_names_stay_apart(tmp_path):
    for name in ("x/a.png", "y/a.png", "y/a.jpg", "y/a_2.png"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    sources = find_sources([tmp_path / "x", tmp_path / "y", tmp_path / "x" / "a.png"], tmp_path / "o").sources
    assert len({source.name for source in sources}) == len(sources) == 5


def test_paths_are_shown_in_one_line():
    text = shown(Path("a\nb\x1b" + "c" * 5000 + "\udcff"))
    assert text.isprintable()
    assert len(text) <= 300
