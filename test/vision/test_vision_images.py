"""Decoding: every encoding against OpenCV or numpy, and everything that must be refused."""

import array
import os
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from clipomaly_ros.vision import images
from clipomaly_ros.vision.images import KNOWN_ENCODINGS, decode_compressed, decode_image
from clipomaly_ros.vision.types import VisionError


def random_rgb(height, width, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def padded(rows, extra):
    """Return the rows as bytes with `extra` bytes of padding behind each, and the step."""
    rows = np.ascontiguousarray(rows)
    flat = rows.reshape(rows.shape[0], -1).view(np.uint8)
    full = np.full((flat.shape[0], flat.shape[1] + extra), 0xAB, np.uint8)
    full[:, : flat.shape[1]] = flat
    return full.tobytes(), full.shape[1]


sizes = st.tuples(st.integers(1, 40), st.integers(1, 40))


@settings(max_examples=60, deadline=None)
@given(
    sizes, st.sampled_from(["rgb8", "bgr8", "rgba8", "bgra8", "8UC3"]), st.integers(0, 7), st.integers(0, 99)
)
def test_colour_encodings_give_back_the_pixels(size, encoding, extra, seed):
    rgb = random_rgb(*size, seed)
    order = {"rgb8": [0, 1, 2], "bgr8": [2, 1, 0], "8UC3": [2, 1, 0]}.get(encoding)
    stored = (
        rgb[:, :, order] if order else cv2.cvtColor(rgb, getattr(cv2, f"COLOR_RGB2{encoding[:4].upper()}"))
    )
    data, step = padded(stored, extra)
    decoded = decode_image(encoding, data, *size, step, False)
    np.testing.assert_array_equal(decoded, rgb)
    assert decoded.flags.c_contiguous
    assert decoded.dtype == np.uint8


@settings(max_examples=30, deadline=None)
@given(sizes, st.booleans(), st.sampled_from(["mono16", "16UC1"]), st.integers(0, 3))
def test_16_bit_grey_keeps_its_value_in_both_byte_orders(size, big, encoding, pairs):
    values = np.random.default_rng(1).integers(0, 65536, size, dtype=np.uint16)
    data, step = padded(values.astype(">u2" if big else "<u2"), 2 * pairs)
    decoded = decode_image(encoding, data, *size, step, big)
    assert np.abs(decoded[:, :, 0] - values / 257.0).max() <= 0.51
    assert (decoded == decoded[:, :, :1]).all()


@pytest.mark.parametrize("encoding", ["mono8", "8UC1"])
@pytest.mark.parametrize("wrap", [bytes, bytearray, memoryview, lambda b: array.array("B", b)])
def test_8_bit_grey_from_any_buffer(encoding, wrap):
    values = random_rgb(5, 7)[:, :, 0]
    decoded = decode_image(encoding, wrap(values.tobytes()), 5, 7, 7, 0)
    np.testing.assert_array_equal(decoded, np.repeat(values[:, :, None], 3, axis=2))


@pytest.mark.parametrize("encoding", ["yuv422", "uyvy", "yuv422_yuy2", "yuyv"])
def test_yuv_follows_itu_r_bt601(encoding):
    # One colour for each pair of pixels, so that sharing the chroma loses nothing.
    rgb = np.repeat(random_rgb(6, 4, 3), 2, axis=1).astype(float)
    y = 16 + rgb @ np.array([65.481, 128.553, 24.966]) / 255
    u = (128 + rgb @ np.array([-37.797, -74.203, 112.0]) / 255)[:, ::2]
    v = (128 + rgb @ np.array([112.0, -93.786, -18.214]) / 255)[:, ::2]
    if encoding in ("yuv422", "uyvy"):
        packed = np.stack([u, y[:, ::2], v, y[:, 1::2]], axis=2)
    else:
        packed = np.stack([y[:, ::2], u, y[:, 1::2], v], axis=2)
    data = np.rint(packed).astype(np.uint8).reshape(6, 16)
    decoded = decode_image(encoding, data, 6, 8, 16, False)
    assert np.abs(decoded - rgb).max() <= 4


@pytest.mark.parametrize("pattern", ["rggb", "bggr", "gbrg", "grbg"])
def test_bayer_patterns_are_named_by_their_first_block(pattern):
    # A mosaic of a smooth picture with three different channels: every mix-up of rows, columns
    # or red and blue is far off.
    height, width = 32, 48
    rows, columns = np.mgrid[:height, :width]
    rgb = np.stack([40 + 2 * columns, 120 + rows, 200 - 3 * rows], axis=2).astype(np.uint8)
    mosaic = np.empty((height, width), np.uint8)
    for index, channel in enumerate(pattern):
        r, c = divmod(index, 2)
        mosaic[r::2, c::2] = rgb[r::2, c::2, "rgb".index(channel)]
    decoded = decode_image(f"bayer_{pattern}8", mosaic.tobytes(), height, width, width, False)
    error = np.abs(decoded.astype(int) - rgb)[2:-2, 2:-2]
    assert error.max() <= 3


@pytest.mark.parametrize("encoding", KNOWN_ENCODINGS)
def test_every_encoding_refuses_truncated_data_and_a_short_step(encoding):
    step = 4 * 8
    assert decode_image(encoding, bytes(step * 6), 6, 8, step, False).shape == (6, 8, 3)
    with pytest.raises(VisionError, match="truncated"):
        decode_image(encoding, bytes(step * 6 - 1), 6, 8, step, False)
    with pytest.raises(VisionError, match="step 7 is too small"):
        decode_image(encoding, bytes(step * 6), 6, 8, 7, False)
    with pytest.raises(VisionError, match="truncated"):
        decode_image(encoding, b"", 6, 8, step, False)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rgb16", bytes(100), 2, 2, 12), "unknown image encoding 'rgb16'; known encodings: rgb8"),
        (("", bytes(100), 2, 2, 12), "unknown image encoding ''"),
        (("rgb8", b"", 0, 0, 0), "empty image"),
        (("rgb8", bytes(100), -1, 2, 6), "empty image"),
        (("mono8", b"", 100_000, 100_000, 100_000), "at most"),
        (("yuv422", bytes(100), 2, 3, 6), "even width"),
        (("bayer_rggb8", bytes(100), 2, 8, 8), "at least 3"),
        (("mono16", bytes(100), 2, 2, 5), "multiple of 2"),
        (("mono8", "text", 2, 2, 2), "buffer of bytes"),
        (("mono8", None, 2, 2, 2), "buffer of bytes"),
    ],
)
def test_unusable_images_are_refused(arguments, message):
    with pytest.raises(VisionError, match=message):
        decode_image(*arguments, False)


@pytest.mark.parametrize("format", ["jpeg", "bgr8; jpeg compressed bgr8", "", "JPG"])
def test_jpeg(format):
    rgb = cv2.resize(random_rgb(6, 8), (160, 120), interpolation=cv2.INTER_CUBIC)
    _, data = cv2.imencode(".jpg", rgb[:, :, ::-1], [cv2.IMWRITE_JPEG_QUALITY, 95])
    decoded = decode_compressed(data.tobytes(), format)
    assert decoded.shape == rgb.shape
    assert np.abs(decoded.astype(int) - rgb).mean() < 4


@pytest.mark.parametrize("shape", [(9, 7, 3), (9, 7, 4), (9, 7)])
def test_png_is_exact(shape):
    pixels = np.random.default_rng(2).integers(0, 256, shape, dtype=np.uint8)
    _, data = cv2.imencode(".png", pixels)
    expected = pixels[:, :, 2::-1] if len(shape) == 3 else np.repeat(pixels[:, :, None], 3, axis=2)
    np.testing.assert_array_equal(decode_compressed(array.array("B", data.tobytes()), "png"), expected)


def encoded(suffix):
    return cv2.imencode(suffix, random_rgb(40, 60))[1].tobytes()


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
@settings(max_examples=40, deadline=None)
@given(share=st.floats(0, 0.999))
def test_cut_files_are_refused(suffix, share):
    data = encoded(suffix)
    with pytest.raises(VisionError):
        decode_compressed(data[: int(len(data) * share)], "")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200), st.sampled_from([b"", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"]), st.booleans())
def test_garbage_is_refused(data, head, tail):
    with pytest.raises(VisionError):
        decode_compressed(head + data + (b"IEND\xff\xd9" if tail else b""), "jpeg")


def test_damaged_files_are_refused_or_decoded_but_nothing_else():
    data = bytearray(encoded(".png"))
    data[60:70] = bytes(10)
    with pytest.raises(VisionError):
        decode_compressed(bytes(data), "png")


def test_a_header_that_asks_for_too_much_is_refused_before_decoding(monkeypatch):
    for suffix in (".png", ".jpg"):
        data = encoded(suffix)
        monkeypatch.setattr(images, "MAX_PIXELS", 40 * 60)
        assert decode_compressed(data, "").shape == (40, 60, 3)
        monkeypatch.setattr(images, "MAX_PIXELS", 40 * 60 - 1)
        with pytest.raises(VisionError, match="60x40"):
            decode_compressed(data, "")


@pytest.mark.parametrize("format", ["tiff", "16UC1; compressedDepth png", "h264"])
def test_other_formats_are_named(format):
    with pytest.raises(VisionError, match="known formats: jpeg, png"):
        decode_compressed(encoded(".png"), format)


def test_a_real_photograph_survives_every_way_in():
    root = Path(os.environ.get("CLIPOMALY_DATA", Path(__file__).resolve().parents[3] / "shared" / "data"))
    file = root / "anomaly_pair" / "image.png"
    if not file.is_file():
        pytest.skip(f"real data missing: {file}")
    rgb = decode_compressed(file.read_bytes(), "png")
    assert rgb.shape[2] == 3
    bgr = rgb[:, :, ::-1]
    height, width = rgb.shape[:2]
    np.testing.assert_array_equal(decode_image("bgr8", bgr.tobytes(), height, width, 3 * width, 0), rgb)
    jpeg = cv2.imencode(".jpg", bgr)[1].tobytes()
    assert np.abs(decode_compressed(jpeg, "jpeg").astype(int) - rgb).mean() < 5
