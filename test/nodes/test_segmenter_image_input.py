"""Images that cv_bridge cannot give unharmed are the reason why they are decoded from the message."""

from array import array

import numpy as np
import pytest
from cv_bridge import CvBridge, CvBridgeError
from hypothesis import given
from hypothesis import strategies as st
from segmenter_scene import stamped
from sensor_msgs.msg import Image

from clipomaly_ros.nodes.image_input import check_image, decode
from clipomaly_ros.nodes.message_checks import BadMessage


def padded(rows, encoding, padding, **fields):
    """Return a message of rows, each followed by bytes that are no pixels."""
    height, width = rows.shape[:2]
    flat = np.ascontiguousarray(rows).reshape(height, -1).view(np.uint8)
    data = np.pad(flat, ((0, 0), (0, padding)), constant_values=255)
    return Image(
        header=stamped(1.0),
        height=height,
        width=width,
        encoding=encoding,
        step=data.shape[1],
        data=array("B", data.tobytes()),
        **fields,
    )


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 7))
def test_rows_padded_by_any_number_of_bytes_are_read(height, width, padding):
    pixels = np.random.default_rng(height * 10 + width).integers(0, 256, (height, width, 3)).astype(np.uint8)
    message = padded(pixels, "rgb8", padding)
    check_image(message)
    assert np.array_equal(decode(message), pixels)


def test_cv_bridge_has_no_right_answer_for_rows_padded_by_part_of_a_pixel():
    pixels = np.arange(5 * 33 * 3, dtype=np.uint8).reshape(5, 33, 3)
    message = padded(pixels, "rgb8", 1)
    assert np.array_equal(decode(message), pixels)
    try:
        sheared = CvBridge().imgmsg_to_cv2(message)
    except (CvBridgeError, ValueError, TypeError):
        return
    assert not np.array_equal(sheared, pixels)


@pytest.mark.parametrize("big", [False, True])
def test_both_byte_orders_are_read(big):
    values = np.linspace(0, 65535, 4 * 6).reshape(4, 6).astype(">u2" if big else "<u2")
    message = padded(values, "mono16", 2, is_bigendian=int(big))
    expected = np.rint(values.astype(np.float64) * 255 / 65535)
    assert np.abs(decode(message)[..., 0] - expected).max() <= 1


def test_rows_shorter_than_their_pixels_are_refused():
    message = padded(np.zeros((4, 6, 3), np.uint8), "rgb8", 0)
    message.step = 17
    with pytest.raises(BadMessage, match="17"):
        decode(message)
