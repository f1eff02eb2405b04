"""A small vocabulary, images good and bad, and the segmenter node running on them."""

from __future__ import annotations

import contextlib
from array import array

import cv2
import numpy as np
from ros_harness import REPORTS, spinning
from sensor_msgs.msg import CompressedImage, Image
from std_msgs.msg import Header

from clipomaly_ros.nodes.anomaly_segmenter import AnomalySegmenterNode
from clipomaly_ros.nodes.message_buffers import image_message

NODE = "/anomaly_segmenter"
APPROVED = """
version: 1
templates: ["a photo of {}."]
approved:
  - {name: pavement, group: ground, obstacle: false}
  - {name: person, group: people, report: true}
  - {name: aircraft, group: aircraft}
"""
CANDIDATES = """
version: 1
candidates:
  - {name: wrench, group: tools, synonyms: [spanner]}
  - {name: bolt, group: hardware}
"""


def write_vocabulary(folder, approved=APPROVED, candidates=CANDIDATES):
    """Write the two files and return the parameters that name them."""
    (folder / "approved.yaml").write_text(approved)
    (folder / "candidates.yaml").write_text(candidates)
    return {
        "approved_vocabulary": str(folder / "approved.yaml"),
        "candidate_vocabulary": str(folder / "candidates.yaml"),
        "text_cache": str(folder / "cache"),
        "threads": 2,
    }


def stamped(seconds, frame_id="camera"):
    """Return a header."""
    header = Header(frame_id=frame_id)
    header.stamp.sec, header.stamp.nanosec = divmod(round(seconds * 1e9), 1_000_000_000)
    return header


def pixels(height=96, width=128, seed=0):
    """Return a picture with structure, uint8 [height, width, 3]."""
    picture = np.random.default_rng(seed).integers(0, 255, (height // 8, width // 8, 3)).astype(np.uint8)
    return np.ascontiguousarray(cv2.resize(picture, (width, height), interpolation=cv2.INTER_NEAREST))


def image(seconds, height=96, width=128, frame_id="camera", encoding="bgr8"):
    """Return a good raw image."""
    return image_message(pixels(height, width), encoding, stamped(seconds, frame_id))


def compressed(seconds, data=None, kind="jpeg"):
    """Return a compressed image, a good JPEG unless data are given."""
    content = cv2.imencode(".jpg", pixels())[1].tobytes() if data is None else data
    return CompressedImage(header=stamped(seconds), format=kind, data=array("B", content))


def spoiled(seconds, **changes):
    """Return a raw image with some fields changed."""
    message: Image = image(seconds)
    for name, value in changes.items():
        setattr(message, name, value)
    return message


def arguments(parameters):
    """Return --ros-args that set the parameters."""
    words = ["--ros-args"]
    for name, value in {**REPORTS, **parameters}.items():
        words += ["-p", f"{name}:={str(value).lower() if isinstance(value, bool) else value}"]
    return words


@contextlib.contextmanager
def running_segmenter(parameters, *rules):
    """Run the node in this process, with remapping rules such as "__ns:=/left"."""
    words = arguments(parameters) + [word for rule in rules for word in ("-r", rule)]
    with spinning(lambda context: AnomalySegmenterNode(context=context), words) as node:
        yield node
