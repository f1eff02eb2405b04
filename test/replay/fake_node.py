"""Stand-ins for the two executables: real processes on the real topics, without any algorithm.

$FAKE_BEHAVIOUR: "", "drop N" (no result for frame N), "die N" (exit at frame N), "deaf"
(SIGINT is ignored), "refuse" (configuration fails).
"""

import contextlib
import os
import signal
import sys

import rclpy
import rclpy.signals
from rclpy.executors import ExternalShutdownException
from rclpy.lifecycle import LifecycleNode, TransitionCallbackReturn
from rclpy.qos import qos_profile_sensor_data
from rclpy.qos_overriding_options import QoSOverridingOptions
from sensor_msgs.msg import CameraInfo, CompressedImage, Image, PointCloud2
from tf2_msgs.msg import TFMessage

from clipomaly_msgs.msg import AnomalyFrame, HazardZoneArray, StageLatency


class FakeNode(LifecycleNode):
    def __init__(self, name):
        super().__init__(name, automatically_declare_parameters_from_overrides=True)
        words = os.environ.get("FAKE_BEHAVIOUR", "").split()
        self.behaviour, self.number = (words or [""])[0], int(words[1]) if len(words) > 1 else -1
        self.seen = 0
        if name == "anomaly_segmenter":
            self.out = self.create_publisher(AnomalyFrame, "anomalies", 5)
            topic = self.resolve_topic_name("image_raw") + "/compressed"
            self.listen(CompressedImage, topic, self.segment)
        else:
            self.out = self.create_publisher(HazardZoneArray, "hazard_zones", 5)
            self.clouds = []
            self.listen(PointCloud2, "points", self.clouds.append)
            self.listen(CameraInfo, "camera_info", lambda _: None)
            self.create_subscription(TFMessage, "/tf", lambda _: None, 10)
            self.create_subscription(TFMessage, "/tf_static", lambda _: None, 10)
            self.waiting = []
            self.create_subscription(AnomalyFrame, "anomalies", self.waiting.append, 10)
            self.create_timer(0.02, self.fuse, clock=rclpy.clock.Clock())

    def listen(self, kind, topic, callback):
        # As the real nodes: best effort, unless the replay overrides it.
        overrides = QoSOverridingOptions.with_default_policies()
        profile = qos_profile_sensor_data
        self.create_subscription(kind, topic, callback, profile, qos_overriding_options=overrides)

    def on_configure(self, state):
        if self.behaviour == "refuse" and self.get_name() == "anomaly_segmenter":
            self.get_logger().error("configure failed: the bundle's hash is wrong")
            return TransitionCallbackReturn.FAILURE
        return TransitionCallbackReturn.SUCCESS

    def segment(self, image):
        self.seen += 1
        if self.behaviour == "die" and self.seen == self.number:
            print("about to fail", flush=True)
            os._exit(3)
        if self.behaviour == "drop" and self.seen == self.number:
            return
        header = image.header
        pictures = [
            Image(header=header, height=48, width=64, encoding="mono8", step=64, data=bytes(48 * 64))
            for _ in range(3)
        ]
        self.out.publish(
            AnomalyFrame(
                header=header,
                label_image=pictures[0],
                region_image=pictures[1],
                score_image=pictures[2],
                model_id="fake",
                untrained=True,
                latencies=[StageLatency(stage="total", duration=0.001)],
            )
        )

    def fuse(self):
        def stamp(message):
            return message.header.stamp.sec * 10**9 + message.header.stamp.nanosec

        for frame in list(self.waiting):
            for cloud in self.clouds:
                if abs(stamp(cloud) - stamp(frame)) <= 50_000_000:
                    self.waiting.remove(frame)
                    array = HazardZoneArray(
                        cloud_stamp=cloud.header.stamp, camera_frame=frame.header.frame_id
                    )
                    array.header.stamp = frame.header.stamp
                    array.header.frame_id = self.get_parameter("fixed_frame").value
                    self.out.publish(array)
                    break


def main():
    rclpy.init()
    node = FakeNode(sys.argv[1])
    if node.behaviour == "deaf":
        rclpy.signals.uninstall_signal_handlers()
        signal.signal(signal.SIGINT, signal.SIG_IGN)
    if node.trigger_configure() == TransitionCallbackReturn.SUCCESS:
        node.trigger_activate()
    with contextlib.suppress(KeyboardInterrupt, ExternalShutdownException):
        rclpy.spin(node)
    node.destroy_node()
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
