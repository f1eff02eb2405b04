"""The made-up apron of the fusion's bench as the messages of its sensors."""

from __future__ import annotations

from array import array
from dataclasses import dataclass

import numpy as np
from geometry_msgs.msg import Quaternion, Transform, TransformStamped, Vector3
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation
from sensor_msgs.msg import CameraInfo, Image, PointCloud2, PointField, RegionOfInterest
from std_msgs.msg import Header
from tf2_msgs.msg import TFMessage

from clipomaly_msgs.msg import AnomalyFrame, AnomalyRegion
from clipomaly_ros.evaluation.bench_fusion_scene import (
    DISTORTION,
    FIELDS,
    HEIGHT,
    MATRIX,
    POINT_STEP,
    WIDTH,
    FusionInput,
    make_input,
)
from clipomaly_ros.hazard.transforms import RigidTransform
from clipomaly_ros.nodes.message_buffers import image_message
from clipomaly_ros.nodes.zone_messages import time_message

FIXED, BASE, CAMERA, LIDAR = "odom", "base_link", "camera_optical", "lidar"


@dataclass(frozen=True, eq=False)
class SensorMessages:
    """One moment of a parked vehicle's sensors; every further one differs by its stamp alone.

    masks: what a perfect segmenter makes of the image. mounting: for /tf_static.
    """

    image: Image
    masks: AnomalyFrame
    camera_info: CameraInfo
    cloud: PointCloud2
    mounting: TFMessage

    def stamped(self, stamp: int) -> tuple[Image, CameraInfo, PointCloud2]:
        """Return image, calibration and cloud of a time [ns]; they are the same objects each time."""
        for message in (self.image, self.camera_info, self.cloud):
            message.header.stamp = time_message(stamp)
        return self.image, self.camera_info, self.cloud

    def stamped_masks(self, stamp: int) -> AnomalyFrame:
        """Return the masks of a time [ns]; it is the same object each time."""
        frame = self.masks
        for message in (frame, frame.label_image, frame.region_image, frame.score_image):
            message.header.stamp = time_message(stamp)
        return frame


def make_messages(points: int, regions: int, seed: int = 0) -> SensorMessages:
    """Make the apron that `make_input` makes, with as many points and things, as messages."""
    made = make_input(points, regions, seed)
    data = array("B")
    data.frombytes(made.data)
    cloud = PointCloud2(
        header=Header(frame_id=LIDAR),
        height=1,
        width=points,
        fields=[PointField(name=f.name, offset=f.offset, datatype=f.datatype, count=1) for f in FIELDS],
        point_step=POINT_STEP,
        row_step=points * POINT_STEP,
        data=data,
        is_dense=True,
    )
    info = CameraInfo(
        header=Header(frame_id=CAMERA),
        width=WIDTH,
        height=HEIGHT,
        distortion_model="plumb_bob",
        d=list(DISTORTION),
        k=np.array(MATRIX),
    )
    mounting = TFMessage(
        transforms=[
            _transform(BASE, made.fixed_from_cloud),
            _transform(LIDAR, made.fixed_from_cloud),
            _transform(CAMERA, made.fixed_from_camera),
        ]
    )
    image = image_message(_picture(made, seed), "rgb8", Header(frame_id=CAMERA))
    return SensorMessages(image, _masks(made), info, cloud, mounting)


def _masks(made: FusionInput) -> AnomalyFrame:
    """Return the drawn regions, each with the label of its number."""
    header = Header(frame_id=CAMERA)
    regions = []
    for region in made.regions:
        x, y, width, height = region.box
        regions.append(
            AnomalyRegion(
                id=region.id,
                label=region.id,
                score=region.score,
                bounding_box=RegionOfInterest(x_offset=x, y_offset=y, width=width, height=height),
                pixel_area=int(np.count_nonzero(made.region_image == region.id)),
                state=region.state,
            )
        )
    return AnomalyFrame(
        header=header,
        label_image=image_message(made.region_image, "mono8", header),
        region_image=image_message(made.region_image, "mono8", header),
        score_image=image_message(np.zeros((HEIGHT // 16, WIDTH // 16), np.uint16), "mono16", header),
        regions=regions,
        vocabulary_hash="0" * 64,
        legend_id="0" * 64,
        model_id="drawn masks",
        model_hash="0" * 64,
    )


def _picture(made: FusionInput, seed: int) -> NDArray[np.uint8]:
    """Paint grey ground and one bright colour for each thing, uint8 [720, 1280, 3]."""
    generator = np.random.default_rng(seed)
    colours = generator.integers(30, 256, (256, 3))
    colours[0] = 120
    noise = generator.integers(-12, 13, (HEIGHT, WIDTH, 1))
    return np.clip(colours[made.region_image] + noise, 0, 255).astype(np.uint8)


def _transform(child: str, place: RigidTransform) -> TransformStamped:
    x, y, z = place.translation.tolist()
    qx, qy, qz, qw = Rotation.from_matrix(place.rotation).as_quat().tolist()
    return TransformStamped(
        header=Header(frame_id=FIXED),
        child_frame_id=child,
        transform=Transform(translation=Vector3(x=x, y=y, z=z), rotation=Quaternion(x=qx, y=qy, z=qz, w=qw)),
    )
