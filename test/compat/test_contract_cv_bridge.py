"""What cv_bridge does, whichever implementation is importable: the real one or compat/."""

import itertools
from array import array

import cv2
import cv_bridge
import numpy as np
import pytest
from cv_bridge import CvBridge, CvBridgeError
from hypothesis import given
from hypothesis import strategies as st
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

STAND_IN = "compat" in cv_bridge.__file__
BAYER = [f"bayer_{order}" for order in ("rggb", "bggr", "gbrg", "grbg")]
CHANNELS = {"mono": 1, "bgr": 3, "rgb": 3, "bgra": 4, "rgba": 4} | dict.fromkeys(BAYER, 1)
ENCODINGS = (
    {f"{name}{bits}": (f"uint{bits}", n) for name, n in CHANNELS.items() for bits in (8, 16)}
    | {"yuv422": ("uint8", 2), "yuv422_yuy2": ("uint8", 2)}
    | {
        f"{depth}C{n}": (dtype, n)
        for (depth, dtype), n in itertools.product(
            {
                "8U": "uint8",
                "8S": "int8",
                "16U": "uint16",
                "16S": "int16",
                "32S": "int32",
                "32F": "float32",
                "64F": "float64",
            }.items(),
            (1, 2, 3, 4),
        )
    }
    | {"8U": ("uint8", 1), "16U": ("uint16", 1), "32F": ("float32", 1)}
)
# Real releases before NumPy 2 call a method that NumPy 2 has removed.
BIG_ENDIAN = pytest.mark.xfail(
    not STAND_IN and np.lib.NumpyVersion(np.__version__) >= "2.0.0",
    raises=AttributeError,
    strict=False,
    reason="big-endian images need a cv_bridge made for NumPy 2",
)


def picture(dtype, channels, height=4, width=6, seed=0):
    rng, kind = np.random.default_rng(seed), np.dtype(dtype)
    shape = (height, width) if channels == 1 else (height, width, channels)
    if kind.kind == "f":
        return rng.normal(size=shape).astype(kind)
    limits = np.iinfo(kind)
    return rng.integers(limits.min, limits.max, shape, kind, endpoint=True)


def image_message(pixels, encoding, pad=0, big=False):
    """Build the message by hand: rows of pixels and `pad` bytes of rubbish."""
    rows = pixels.astype(pixels.dtype.newbyteorder(">" if big else "<")).tobytes()
    length = len(rows) // pixels.shape[0]
    data = array("B")
    for row in range(pixels.shape[0]):
        data.frombytes(rows[row * length : (row + 1) * length] + b"\xaa" * pad)
    return Image(
        height=pixels.shape[0],
        width=pixels.shape[1],
        encoding=encoding,
        step=length + pad,
        is_bigendian=int(big),
        data=data,
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_pixels_survive_the_way_there_and_back(encoding):
    pixels = picture(*ENCODINGS[encoding])
    header = Header(frame_id="camera")
    msg = CvBridge().cv2_to_imgmsg(pixels, encoding, header)
    assert (msg.height, msg.width, msg.encoding) == (4, 6, encoding)
    assert msg.step == pixels.nbytes // 4
    assert msg.header.frame_id == "camera"
    assert not msg.is_bigendian
    assert isinstance(msg.data, array)
    assert msg.data.tobytes() == pixels.tobytes()
    back = CvBridge().imgmsg_to_cv2(msg)
    assert back.dtype == pixels.dtype
    np.testing.assert_array_equal(back, pixels)


@given(st.sampled_from(sorted(ENCODINGS)), st.integers(1, 5), st.integers(1, 7), st.integers(0, 4))
def test_padding_by_whole_pixels_is_left_out(encoding, height, width, extra):
    dtype, channels = ENCODINGS[encoding]
    pixels = picture(dtype, channels, height, width, seed=extra)
    msg = image_message(pixels, encoding, pad=extra * np.dtype(dtype).itemsize * channels)
    np.testing.assert_array_equal(CvBridge().imgmsg_to_cv2(msg), pixels)


@pytest.mark.skipif(not STAND_IN, reason="the real cv_bridge returns a sheared image, without an error")
def test_the_stand_in_refuses_padding_by_parts_of_a_pixel():
    with pytest.raises(CvBridgeError, match="step of 19"):
        CvBridge().imgmsg_to_cv2(image_message(picture("uint8", 3), "bgr8", pad=1))


@BIG_ENDIAN
@pytest.mark.parametrize("encoding", ["mono16", "16UC1", "bgr16", "rgba16", "16SC1", "32FC1"])
def test_big_endian_data_come_out_in_native_order(encoding):
    dtype, channels = ENCODINGS[encoding]
    pixels = picture(dtype, channels)
    found = CvBridge().imgmsg_to_cv2(image_message(pixels, encoding, pad=8 * channels, big=True))
    assert found.dtype.isnative
    np.testing.assert_array_equal(found, pixels)


def test_a_big_endian_array_says_so_in_its_message():
    pixels = picture("uint16", 1)
    msg = CvBridge().cv2_to_imgmsg(pixels.astype(">u2"), "mono16")
    assert msg.is_bigendian
    assert msg.data.tobytes() == pixels.astype(">u2").tobytes()


@pytest.mark.parametrize(
    ("dtype", "channels", "name"), [("uint8", 1, "8UC1"), ("uint16", 3, "16UC3"), ("float32", 2, "32FC2")]
)
def test_passthrough_names_the_pixel_type(dtype, channels, name):
    pixels = picture(dtype, channels)
    assert CvBridge().cv2_to_imgmsg(pixels).encoding == name
    assert CvBridge().dtype_with_channels_to_cvtype2(pixels.dtype, channels) == name
    assert CvBridge().encoding_to_dtype_with_channels(name) == (dtype, channels)


def test_a_third_axis_of_one_channel_is_dropped_on_the_way_back():
    msg = CvBridge().cv2_to_imgmsg(picture("uint8", 1)[:, :, None], "mono8")
    assert CvBridge().imgmsg_to_cv2(msg).shape == (4, 6)


def test_a_view_that_is_not_contiguous_is_copied_in_order():
    pixels = picture("uint8", 3)[:, ::-1, ::-1]
    np.testing.assert_array_equal(CvBridge().imgmsg_to_cv2(CvBridge().cv2_to_imgmsg(pixels, "rgb8")), pixels)


@pytest.mark.parametrize("encoding", ["jpeg", "bgr12", "8UC", "BGR8", "uyvy", "passthrough"])
def test_an_unknown_encoding_is_an_error_that_names_it(encoding):
    msg = image_message(picture("uint8", 3), encoding)
    with pytest.raises(CvBridgeError, match=encoding):
        CvBridge().imgmsg_to_cv2(msg)


def test_an_encoding_that_does_not_fit_the_array_is_an_error():
    for pixels, encoding in (
        (picture("uint8", 1), "bgr8"),
        (picture("uint16", 1), "mono8"),
        (picture("uint8", 3), "bgra8"),
        (picture("uint8", 3), "nonsense"),
    ):
        with pytest.raises(CvBridgeError, match=encoding):
            CvBridge().cv2_to_imgmsg(pixels, encoding)


def test_truncated_data_are_an_error():
    msg = image_message(picture("uint8", 3), "bgr8")
    msg.data = msg.data[:-1]
    with pytest.raises(TypeError):  # CvBridgeError is one
        CvBridge().imgmsg_to_cv2(msg)
    assert issubclass(CvBridgeError, TypeError)


def test_only_arrays_are_taken():
    for convert in (CvBridge().cv2_to_imgmsg, CvBridge().cv2_to_compressed_imgmsg):
        with pytest.raises(TypeError):
            convert([[1, 2], [3, 4]])


def test_an_array_without_an_encoding_is_an_error():
    with pytest.raises((CvBridgeError, KeyError)):
        CvBridge().cv2_to_imgmsg(np.zeros((2, 2), np.complex64))


COLOURS = ("mono", "bgr", "rgb", "bgra", "rgba")


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize(
    ("source", "target"),
    [*itertools.permutations(COLOURS, 2), *itertools.product(BAYER, ("mono", "bgr", "rgb"))],
)
def test_colours_convert_as_opencv_does(source, target, bits):
    pixels = picture(f"uint{bits}", CHANNELS[source], 8, 8)
    found = CvBridge().imgmsg_to_cv2(image_message(pixels, f"{source}{bits}"), f"{target}{bits}")
    name = {"mono": "GRAY", **dict(zip(BAYER, ("BayerBG", "BayerRG", "BayerGR", "BayerGB"), strict=True))}
    code = f"COLOR_{name.get(source, source.upper())}2{name.get(target, target.upper())}"
    np.testing.assert_array_equal(found, cv2.cvtColor(pixels, getattr(cv2, code)))


@pytest.mark.parametrize(("source", "code"), [("yuv422", "UYVY"), ("yuv422_yuy2", "YUY2")])
@pytest.mark.parametrize("target", COLOURS)
def test_packed_yuv_converts_as_opencv_does(source, code, target):
    pixels = picture("uint8", 2)
    name = "GRAY" if target == "mono" else target.upper()
    found = CvBridge().imgmsg_to_cv2(image_message(pixels, source), f"{target}8")
    expected = cv2.cvtColor(pixels, getattr(cv2, f"COLOR_YUV2{name}_{code}"))
    np.testing.assert_array_equal(found, expected.reshape(found.shape))


def test_8_and_16_bits_are_scaled_to_each_other():
    small = np.arange(256, dtype=np.uint8).reshape(16, 16)
    large = CvBridge().imgmsg_to_cv2(image_message(small, "mono8"), "mono16")
    np.testing.assert_array_equal(large, small.astype(np.uint16) * 257)
    every = np.arange(65536, dtype=np.uint16).reshape(256, 256)
    found = CvBridge().imgmsg_to_cv2(image_message(every, "mono16"), "mono8")
    np.testing.assert_array_equal(found, np.rint(every / 257.0).astype(np.uint8))
    colour = CvBridge().imgmsg_to_cv2(image_message(small, "mono8"), "rgb16")
    np.testing.assert_array_equal(colour, np.repeat(large[:, :, None], 3, axis=2))


@pytest.mark.parametrize(
    ("source", "target"),
    [("8UC3", "bgr8"), ("16UC1", "mono16"), ("bgr8", "8UC1"), ("8UC3", "8UC1"), ("mono8", "bayer_rggb8")],
)
def test_conversions_that_make_no_sense_are_errors(source, target):
    with pytest.raises(CvBridgeError):
        CvBridge().imgmsg_to_cv2(image_message(picture(*ENCODINGS[source]), source), target)


def test_generic_encodings_convert_by_depth_alone():
    pixels = picture("uint16", 1)
    as_float = CvBridge().imgmsg_to_cv2(image_message(pixels, "16UC1"), "32FC1")
    np.testing.assert_array_equal(as_float, pixels.astype(np.float32))
    np.testing.assert_array_equal(
        CvBridge().imgmsg_to_cv2(image_message(picture("uint8", 3), "bgr8"), "8UC3"), picture("uint8", 3)
    )


@pytest.mark.parametrize(("dtype", "channels"), [("uint8", 1), ("uint8", 3), ("uint8", 4), ("uint16", 1)])
def test_png_survives_the_way_there_and_back(dtype, channels):
    pixels = picture(dtype, channels)
    msg = CvBridge().cv2_to_compressed_imgmsg(pixels, "png")
    assert msg.format == "png"
    assert isinstance(msg.data, array)
    np.testing.assert_array_equal(CvBridge().compressed_imgmsg_to_cv2(msg), pixels)


def test_jpeg_comes_back_as_bgr_and_near():
    pixels = np.full((16, 16, 3), (200, 100, 50), np.uint8)
    msg = CvBridge().cv2_to_compressed_imgmsg(pixels)
    assert msg.format == "jpg"
    found = CvBridge().compressed_imgmsg_to_cv2(msg)
    assert np.abs(found.astype(int) - pixels).max() <= 3
    assert np.array_equal(CvBridge().compressed_imgmsg_to_cv2(msg, "rgb8"), found[:, :, ::-1])


def test_what_opencv_cannot_read_gives_none_and_what_it_cannot_write_an_error():
    assert CvBridge().compressed_imgmsg_to_cv2(CompressedImage(format="jpg", data=array("B", b"no"))) is None
    with pytest.raises((CvBridgeError, cv2.error)):
        CvBridge().cv2_to_compressed_imgmsg(picture("uint8", 3), "nonsense")
