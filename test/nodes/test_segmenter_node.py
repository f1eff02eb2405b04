"""The segmenter over DDS: good images out as frames, bad ones counted by name, and it goes on."""

from array import array

import numpy as np
import pytest
from cv_bridge import CvBridge
from ros_harness import Observer, wait_until
from segmenter_scene import (
    NODE,
    compressed,
    image,
    running_segmenter,
    spoiled,
    stamped,
    write_vocabulary,
)
from sensor_msgs.msg import CompressedImage, Image

from clipomaly_msgs.msg import AnomalyFrame, LabelLegend
from clipomaly_ros.nodes import diagnostics, qos
from clipomaly_ros.nodes.anomaly_frame_input import read_anomaly_frame

pytestmark = pytest.mark.dds


class Scene:
    """A running segmenter, something that sends images to it, and what came back."""

    def __init__(self, observer, message_type, topic, namespace=""):
        self.observer, self.seconds, self.name = observer, 100.0, namespace + NODE
        observer.wait_value(self.name, "state", "active")
        self.frames = observer.subscribe(AnomalyFrame, f"{namespace}/anomalies", qos.RESULTS)
        self.legends = observer.subscribe(LabelLegend, f"{namespace}/legend", qos.LATCHED)
        observer.wait_publishers(f"{namespace}/anomalies")
        self.publisher = observer.publisher(message_type, namespace + topic, qos.SENSOR_IN)
        # That the publisher knows of the subscription does not mean that the subscription knows of
        # the publisher yet; until then best-effort images are lost.
        unusable = {Image: image, CompressedImage: compressed}[message_type](0)

        def heard():
            self.publisher.publish(unusable)
            return "dropped_zero_stamp" in observer.values(self.name)

        wait_until(heard, "an image counted")

    def later(self):
        self.seconds += 0.1
        return self.seconds

    def result_of(self, message):
        """Send a good image and wait for its frame."""
        stamp = message.header.stamp
        self.publisher.publish(message)
        return wait_until(
            lambda: next((frame for frame in self.frames if frame.header.stamp == stamp), None),
            f"a frame with the stamp {stamp.sec}.{stamp.nanosec:09d}",
        )

    def counted(self, counter, message):
        """Send a bad image, wait for its counter to go up, and return the detail."""
        before = int(self.observer.values(self.name).get(counter, "0"))
        self.publisher.publish(message)
        self.observer.wait_count(self.name, counter, before + 1)
        return self.observer.values(self.name)[f"{counter}.last"]


@pytest.fixture(scope="module")
def parameters(tiny_bundle, tmp_path_factory):
    return {"bundle": str(tiny_bundle.folder), **write_vocabulary(tmp_path_factory.mktemp("vocabulary"))}


@pytest.fixture(scope="module")
def scene(parameters):
    with Observer() as observer, running_segmenter(parameters):
        yield Scene(observer, Image, "/image_raw")


@pytest.fixture(scope="module")
def compressed_scene(parameters):
    """The base topic is remapped; the compressed one follows."""
    chosen = {**parameters, "image_transport": "compressed"}
    rules = ("__ns:=/left", "image_raw:=camera/image")
    with Observer("observer_compressed") as observer, running_segmenter(chosen, *rules):
        yield Scene(observer, CompressedImage, "/camera/image/compressed", "/left")


def test_a_frame_carries_the_images_stamp_and_is_complete(scene, tiny_bundle):
    sent = image(scene.later(), frame_id="front_camera")
    frame = scene.result_of(sent)
    assert frame.header == sent.header
    read = read_anomaly_frame(frame)
    assert read.size == (128, 96)
    assert frame.model_id == tiny_bundle.id
    assert frame.model_hash == tiny_bundle.hash
    assert frame.untrained
    stages = [latency.stage for latency in frame.latencies]
    assert stages[:2] == ["queue", "decode"]
    assert stages[-1] == "total"
    assert "encode" in stages
    wait_until(lambda: any(legend.legend_id == frame.legend_id for legend in scene.legends), "its legend")
    legend = next(legend for legend in scene.legends if legend.legend_id == frame.legend_id)
    labels = {entry.label for entry in legend.entries}
    found = set(np.unique(np.frombuffer(frame.label_image.data, np.uint8)).tolist())
    assert found <= labels | {AnomalyFrame.UNLABELLED_MONO8}


def test_random_weights_are_said_in_the_diagnostics(scene):
    assert "random" in scene.observer.values(NODE)["untrained"]
    assert scene.observer.level(NODE) != diagnostics.OK


@pytest.mark.parametrize(
    ("counter", "changes", "words"),
    [
        ("dropped_zero_stamp", {"header": stamped(0)}, "/image_raw"),
        ("dropped_empty_frame_id", {"header": stamped(90, "")}, "/image_raw"),
        ("dropped_unknown_encoding", {"encoding": "cmyk8"}, "cmyk8"),
        ("dropped_unknown_encoding", {"encoding": ""}, "''"),
        ("dropped_wrong_size", {"width": 0}, "0x96"),
        ("dropped_wrong_size", {"height": 0}, "128x0"),
        ("dropped_wrong_size", {"step": 100}, "step"),
        ("dropped_wrong_size", {"width": 5000}, "5000"),
        ("dropped_truncated_data", {"data": array("B", bytes(1000))}, "1000"),
        ("dropped_truncated_data", {"data": array("B")}, "got 0"),
        ("dropped_truncated_data", {"height": 97}, "97"),
    ],
)
def test_a_bad_image_is_counted_and_the_next_good_one_comes_through(scene, counter, changes, words):
    detail = scene.counted(counter, spoiled(scene.later(), **changes))
    assert words in detail
    assert "/image_raw" in detail
    scene.result_of(image(scene.later()))


def test_a_stamp_that_comes_twice_is_counted(scene):
    first = image(scene.later())
    scene.result_of(first)
    scene.counted("dropped_duplicate_stamp", first)
    scene.result_of(image(scene.later()))


def test_stamps_that_go_back_start_afresh(scene):
    scene.result_of(image(scene.later()))
    earlier = image(50.0)
    detail = scene.counted("time_jump_backward", earlier)
    assert "went back" in detail
    wait_until(lambda: any(frame.header == earlier.header for frame in scene.frames), "the frame after it")
    before = int(scene.observer.values(NODE)["time_jump_backward"])
    for step in range(1, 4):
        scene.result_of(image(50.0 + 0.1 * step))
    scene.result_of(image(scene.later()))
    scene.observer.wait_count(NODE, "frames_out", 4)
    assert int(scene.observer.values(NODE)["time_jump_backward"]) == before


def test_another_size_is_noted_and_used(scene):
    scene.result_of(image(scene.later()))
    detail = scene.counted("image_size_changed", image(scene.later(), 64, 200))
    assert "128x96" in detail
    assert "200x64" in detail
    frame = scene.result_of(image(scene.later(), 64, 200))
    assert (frame.label_image.width, frame.label_image.height) == (200, 64)
    scene.result_of(image(scene.later()))


@pytest.mark.parametrize("encoding", ["rgb8", "mono16"])
def test_other_encodings_are_understood(scene, encoding):
    message = image(scene.later())
    if encoding == "mono16":
        data = np.arange(96 * 128, dtype=">u2").tobytes()
        message.step, message.is_bigendian, message.data = 256, 1, array("B", data)
    message.encoding = encoding
    scene.result_of(message)


def test_overlay_is_made_only_for_those_who_listen(scene):
    overlays = scene.observer.subscribe(Image, "/overlay", qos.RESULTS)
    wait_until(lambda: scene.observer.node.count_subscribers("/overlay"), "the subscription")

    def shown():
        message = image(scene.later())
        scene.result_of(message)
        return overlays

    drawn = wait_until(shown, "an overlay")[-1]
    assert drawn.header in [frame.header for frame in scene.frames]
    assert drawn.encoding == "bgr8"
    picture = CvBridge().imgmsg_to_cv2(drawn, "bgr8")
    assert picture.shape == (96, 128, 3)
    banner = picture[:3, :, :].reshape(-1, 3)
    assert np.median(banner, axis=0).tolist() == [0, 0, 200]  # red, in the order blue, green, red


def test_many_images_at_once_lose_the_older_ones_by_count(scene):
    before = int(scene.observer.values(NODE).get("frames_replaced", "0"))

    def flooded():
        for _ in range(20):
            scene.publisher.publish(image(scene.later(), 480, 640))
        return int(scene.observer.values(NODE).get("frames_replaced", "0")) > before

    wait_until(flooded, "frames_replaced")
    scene.result_of(image(scene.later()))


def test_compressed_images_are_decoded(compressed_scene):
    scene = compressed_scene
    frame = scene.result_of(compressed(scene.later()))
    assert (frame.label_image.width, frame.label_image.height) == (128, 96)


@pytest.mark.parametrize(
    ("counter", "data", "kind"),
    [
        ("dropped_undecodable_image", b"no picture at all", "jpeg"),
        ("dropped_undecodable_image", b"\xff\xd8\xff\xe0 cut", "jpeg"),
        ("dropped_undecodable_image", b"\x89PNG\r\n\x1a\n", "png"),
        ("dropped_truncated_data", b"", "jpeg"),
        ("dropped_undecodable_image", None, "tiff"),
    ],
)
def test_bad_compressed_images_are_counted(compressed_scene, counter, data, kind):
    scene = compressed_scene
    scene.counted(counter, compressed(scene.later(), data, kind))
    scene.result_of(compressed(scene.later()))


def test_a_compressed_zero_stamp_is_refused(compressed_scene):
    scene = compressed_scene
    detail = scene.counted("dropped_zero_stamp", compressed(0))
    assert "/left/camera/image/compressed" in detail
    scene.result_of(compressed(scene.later()))
