"""Which images the segmenter takes for one sequence: those of one camera."""

from types import SimpleNamespace

import numpy as np
import pytest
from sensor_msgs.msg import Image

from clipomaly_ros.nodes.segmenter_frames import FrameWork
from clipomaly_ros.vision.types import VisionError


class Watched:
    """A segmenter that notes the stamps it is given and gives nothing back."""

    def __init__(self):
        self.stamps = []

    def segment(self, rgb, stamp=None):
        self.stamps.append(stamp)
        raise VisionError("nothing to see")


def image(camera, second):
    message = Image(height=2, width=3, encoding="rgb8", step=9)
    message.header.frame_id, message.header.stamp.sec = camera, second
    message.data.frombytes(np.zeros(18, np.uint8).tobytes())
    return message


def test_the_image_of_another_camera_begins_a_sequence():
    segmenter = Watched()
    health = SimpleNamespace(fact=lambda *a, **k: None, count=lambda *a, **k: None)
    bundle = SimpleNamespace(id="m@1", hash="0", untrained=False)
    table = SimpleNamespace(vocabulary_hash="h", approved_count=2, entries=(1, 2, 3))
    frames = FrameWork(segmenter, bundle, table, health, SimpleNamespace(), 0.0)
    for second, camera in enumerate(("left", "left", "right", "right", "left"), start=10):
        with pytest.raises(VisionError):
            frames.process(image(camera, second), 0.0, lambda: True)
    assert segmenter.stamps == [10.0, 11.0, None, 13.0, None]
