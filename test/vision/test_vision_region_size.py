"""Sizes in metres against points projected through a pinhole camera, and limits that err on the safe side."""

import numpy as np
import pytest
from colour_world import ColourEncoder, WordEncoder, place, scene, vocabulary
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from clipomaly_ros.vision.region_size import GroundView, SizeLimits
from clipomaly_ros.vision.segmenter import AnomalySegmenter, SegmenterSettings
from clipomaly_ros.vision.text_table import build_text_table
from clipomaly_ros.vision.types import VisionError


def project(view, ahead, side, up):
    """Return u, v of a point so far ahead of the camera on the ground's plane, to the right, and up [m]."""
    sin, cos = np.sin(view.pitch), np.cos(view.pitch)
    below = view.height - up
    depth, down = ahead * cos + below * sin, below * cos - ahead * sin
    centre = [(side_length - 1) / 2 for side_length in view.image_size[::-1]]
    return view.focal * side / depth + centre[0], view.focal * down / depth + centre[1], depth


views = st.builds(
    GroundView,
    st.tuples(st.integers(50, 3000), st.integers(50, 4000)),
    st.floats(0.3, 20),
    st.floats(-0.3, 0.8),
    st.floats(0.3, 2.2),
)


@given(views, st.floats(2, 80), st.floats(-10, 10), st.floats(0.1, 5))
@settings(max_examples=60, deadline=None)
def test_the_width_of_what_faces_the_camera_comes_back(view, ahead, side, width):
    u0, v, depth = project(view, ahead, side, 0.0)
    u1, _, _ = project(view, ahead, side + width, 0.0)
    assume(depth > 0.5)
    assert view.depth(v) == pytest.approx(depth, rel=1e-6)
    # Boxes are whole pixels, but the geometry holds for fractions; an empty box ends half a pixel higher.
    assert view.size((u0, v + 0.5, u1 - u0, 0)) == pytest.approx(width, rel=1e-3)


def test_the_horizon_has_no_size():
    view = GroundView((480, 640), 1.5, 0.0, 1.0)
    assert view.depth(239.5) == np.inf
    assert view.depth(100) == np.inf
    assert view.depth(240) > view.depth(300) > view.depth(479) > 0


@pytest.mark.parametrize(
    ("box", "verdict"),
    [
        ((300, 400, 10, 10), -1),
        ((300, 400, 60, 30), 0),
        ((300, 300, 400, 60), 1),
        ((300, 100, 5, 5), 0),  # above the horizon
        ((300, 470, 5, 10), 0),  # at the lower border
        ((0, 400, 10, 10), 0),  # cut off on the left
        ((630, 400, 10, 10), 0),  # and on the right
        ((0, 300, 400, 60), 1),
    ],
)
def test_only_what_can_be_told_is_left_out(box, verdict):
    view = GroundView((480, 640), 1.5, 0.0, 1.0)
    assert SizeLimits(view, 0.2, 2.5, (0, 0), (480, 640)).verdict(box) == verdict
    assert SizeLimits(view, 0.0, 0.0, (0, 0), (480, 640)).verdict(box) == 0


def make(**changes):
    table = build_text_table(vocabulary(), WordEncoder())
    chosen = SegmenterSettings(threshold=0.7, logit_scale=20.0, **changes)
    return AnomalySegmenter(ColourEncoder(), table, chosen)


def test_the_same_pixels_are_large_far_away_and_small_near():
    rgb = scene()
    place(rgb, "suitcase", 96, 192, 64, 32)
    place(rgb, "suitcase", 320, 256, 64, 32)
    mounting = {"camera_height": 2.0, "camera_pitch": 0.05, "camera_fov": 1.0}
    view = GroundView((320, 480), 2.0, 0.05, 1.0)
    both = make(**mounting).segment(rgb)
    far, near = sorted(both.regions, key=lambda region: region.box[1])
    sizes = [view.size(region.box) for region in (far, near)]
    assert sizes[0] > 1.3 * sizes[1]
    between = sum(sizes) / 2
    small = make(max_region_size=between, **mounting).segment(rgb)
    assert [region.box for region in small.regions] == [near.box]
    assert small.dropped_regions == 1
    large = make(min_region_size=between, **mounting).segment(rgb)
    assert [region.box for region in large.regions] == [far.box]
    assert large.dropped_regions == 0


def test_limits_without_mounting_and_limits_that_exclude_all_are_refused():
    with pytest.raises(VisionError, match="camera_height"):
        make(min_region_size=0.1)
    with pytest.raises(VisionError, match="max_region_size"):
        make(min_region_size=0.5, max_region_size=0.4, camera_height=1.0)
