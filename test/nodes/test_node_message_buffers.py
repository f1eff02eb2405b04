"""Pixels into messages."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from std_msgs.msg import Header

from clipomaly_ros.nodes.message_buffers import PUBLISHED_ENCODINGS, bytes_field, image_message


@given(st.sampled_from(sorted(PUBLISHED_ENCODINGS)), st.integers(1, 9), st.integers(1, 9), st.data())
def test_image_message_holds_the_pixels(encoding, height, width, data):
    channels, kind = PUBLISHED_ENCODINGS[encoding]
    shape = (height, width) if channels == 1 else (height, width, channels)
    values = np.random.default_rng(data.draw(st.integers(0, 99))).integers(0, 255, shape).astype(kind)
    sliced = values[::-1]  # not contiguous
    message = image_message(sliced, encoding, Header(frame_id="camera"))
    back = np.frombuffer(message.data, kind).reshape(shape)
    assert np.array_equal(back, sliced)
    assert message.step * message.height == len(message.data)
    assert (message.height, message.width) == (height, width)


def test_image_message_refuses_what_does_not_fit():
    for values, encoding in (
        (np.zeros((2, 2), np.uint16), "mono8"),
        (np.zeros((2, 2, 3), np.uint8), "mono8"),
        (np.zeros((2, 2), np.uint8), "bgr8"),
        (np.zeros((2, 2), np.uint8), "yuv422"),
    ):
        with pytest.raises(ValueError, match=r"mono8|bgr8|yuv422"):
            image_message(values, encoding, Header())
    assert bytes_field(np.array([1, 2], np.uint8)).tolist() == [1, 2]
