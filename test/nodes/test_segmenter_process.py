"""The executable as a process: it works, and any signal ends it cleanly."""

import signal

import pytest
from ros_harness import Observer, node_process, wait_until
from segmenter_scene import NODE, image, write_vocabulary
from sensor_msgs.msg import Image

from clipomaly_msgs.msg import AnomalyFrame
from clipomaly_ros.nodes import qos

pytestmark = pytest.mark.dds


@pytest.fixture
def observer():
    with Observer() as node:
        yield node


def start(tiny_bundle, tmp_path, *arguments, **changes):
    parameters = {"bundle": str(tiny_bundle.folder), **write_vocabulary(tmp_path), **changes}
    return node_process("anomaly_segmenter", tmp_path / "log.txt", parameters, arguments)


def ends_cleanly(process, number):
    process.send(number)
    code = process.wait()
    assert code == 0, process.output
    assert "Traceback" not in process.output
    assert "[ERROR]" not in process.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_images_come(observer, tiny_bundle, tmp_path, number):
    renamed = ["-r", "__ns:=/left", "-r", "image_raw:=camera/image"]
    with start(tiny_bundle, tmp_path, *renamed) as process:
        observer.wait_value("/left" + NODE, "state", "active")
        frames = observer.subscribe(AnomalyFrame, "/left/anomalies", qos.RESULTS)
        observer.wait_publishers("/left/anomalies")
        publisher = observer.publisher(Image, "/left/camera/image", qos.SENSOR_IN)
        seconds = iter(range(1, 10_000))

        def answered():
            publisher.publish(image(next(seconds)))
            return len(frames) > 5

        wait_until(answered, "frames")
        ends_cleanly(process, number)
        assert "UNTRAINED MODEL" in process.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_when_it_could_not_be_configured(observer, tiny_bundle, tmp_path, number):
    with start(tiny_bundle, tmp_path, bundle="/nowhere") as process:
        observer.wait_value(NODE, "state", "unconfigured")
        wait_until(lambda: "configure_error" in observer.values(NODE), "the error in the diagnostics")
        process.send(number)
        assert process.wait() == 0, process.output
        assert "/nowhere" in process.output
        assert "Traceback" not in process.output


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_while_it_loads(tiny_bundle, tmp_path, number):
    with start(tiny_bundle, tmp_path) as process:
        wait_until(lambda: "checking the model bundle" in process.output, "loading")
        ends_cleanly(process, number)


def test_two_interrupts_end_it_cleanly_too(observer, tiny_bundle, tmp_path):
    with start(tiny_bundle, tmp_path) as process:
        observer.wait_value(NODE, "state", "active")
        process.send(signal.SIGINT)
        ends_cleanly(process, signal.SIGINT)


@pytest.mark.parametrize("content", ["not: [yaml", "/**:\n  ros__parameters:\n    a: [1, x]\n", None])
def test_a_parameter_file_that_ros_cannot_read_is_one_line_and_exit_code_2(tmp_path, content):
    written = tmp_path / "parameters.yaml"
    if content is not None:
        written.write_text(content)
    with node_process("anomaly_segmenter", tmp_path / "log.txt", parameter_file=written) as process:
        assert process.wait() == 2, process.output
        assert "Traceback" not in process.output
        (line,) = [line for line in process.output.splitlines() if line.startswith("RCLError: ")]
        assert str(written) in line
