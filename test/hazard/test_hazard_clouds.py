import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from clipomaly_ros.hazard.clouds import MAX_POINTS, PointField, parse_cloud
from clipomaly_ros.hazard.types import HazardError

FORMATS = {1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 8: "f8"}


@st.composite
def clouds(draw):
    """A cloud of any layout, with the points that are in it."""
    kinds = {axis: draw(st.sampled_from([7, 8])) for axis in "xyz"}
    for name in draw(st.lists(st.sampled_from(["intensity", "ring", "time", "rgb", "X"]), unique=True)):
        kinds[name] = draw(st.sampled_from(list(FORMATS)))
    order = draw(st.permutations(list(kinds)))
    big, offset, fields = draw(st.booleans()), 0, []
    for name in order:
        offset += draw(st.integers(0, 5))  # padding
        fields.append(PointField(name, offset, kinds[name], draw(st.sampled_from([0, 1]))))
        offset += int(FORMATS[kinds[name]][1])
    point_step = offset + draw(st.integers(0, 7))
    width, height = draw(st.integers(1, 8)), draw(st.integers(1, 5))
    row_step = width * point_step + draw(st.integers(0, 9))
    generator = np.random.default_rng(draw(st.integers(0, 1000)))
    buffer = generator.integers(0, 255, height * row_step, dtype=np.uint8)
    xyz = generator.normal(0, 30, (height, width, 3)).astype(np.float32)
    for field in fields:
        if field.name in "xyz":
            code = (">" if big else "<") + FORMATS[field.datatype]
            view = np.ndarray((height, width), code, buffer, field.offset, (row_step, point_step))
            view[...] = xyz[..., "xyz".index(field.name)]
    return (fields, buffer.tobytes(), width, height, point_step, row_step, big), xyz.reshape(-1, 3)


@given(clouds(), st.sampled_from([bytes, bytearray, memoryview, lambda data: array.array("B", data)]))
def test_any_layout_gives_its_points(cloud, kind):
    layout, xyz = cloud
    parsed = parse_cloud(layout[0], kind(layout[1]), *layout[2:])
    assert parsed.xyz.dtype == np.float32
    assert (parsed.xyz == xyz).all()
    assert (parsed.non_finite, parsed.zero) == (0, 0)


@given(clouds(), st.data())
def test_cut_off_data_are_refused(cloud, data):
    layout, _ = cloud
    fields, content, width, height, point_step, row_step, big = layout
    needed = (height - 1) * (row_step if height > 1 else 0) + width * point_step
    kept = data.draw(st.integers(0, needed - 1))
    with pytest.raises(HazardError, match="cut off"):
        parse_cloud(fields, content[:kept], width, height, point_step, row_step, big)


XYZ = [PointField("x", 0, 7), PointField("y", 4, 7), PointField("z", 8, 7)]


def parse(points, fields=XYZ, **changes):
    data = np.asarray(points, "<f4").tobytes()
    count = len(data) // 12
    layout = {"width": count, "height": 1, "point_step": 12, "row_step": len(data), "is_bigendian": False}
    return parse_cloud(fields, data, **{**layout, **changes})


def test_points_without_a_position_are_left_out_and_counted():
    cloud = parse([[1, 2, 3], [np.nan, 0, 0], [0, 0, 0], [4, 5, np.inf], [0, 0, 1], [-np.inf, np.nan, 0]])
    assert cloud.xyz.tolist() == [[1, 2, 3], [0, 0, 1]]
    assert (cloud.non_finite, cloud.zero) == (3, 1)


def test_float64_beyond_float32_counts_as_infinite():
    fields = [PointField("x", 0, 8), PointField("y", 8, 8), PointField("z", 16, 8)]
    data = np.array([[1e300, 0, 0], [1, 2, 3]]).tobytes()
    cloud = parse_cloud(fields, data, 2, 1, 24, 48, False)
    assert cloud.xyz.tolist() == [[1, 2, 3]]
    assert cloud.non_finite == 1


def test_huge_but_finite_coordinates_are_kept():
    cloud = parse([[1e30, -1e30, 2], [1, 2, 3], [0, 1e38, 0]])
    assert len(cloud.xyz) == 3
    assert (cloud.non_finite, cloud.zero) == (0, 0)


def test_an_empty_cloud_is_a_cloud():
    assert parse(np.empty((0, 3))).xyz.shape == (0, 3)


def test_an_unset_row_step_is_no_obstacle_in_a_flat_cloud():
    assert len(parse([[1, 2, 3], [4, 5, 6]], row_step=0).xyz) == 2


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"fields": []}, "fields: none"),
        ({"fields": XYZ[:2]}, "'z'.*x:7@0, y:7@4"),
        ({"fields": [*XYZ, PointField("x", 0, 7)]}, "got 2"),
        ({"fields": [PointField("x", 0, 5), *XYZ[1:]]}, "datatype 5"),
        ({"fields": [PointField("x", 0, 7, 3), *XYZ[1:]]}, "float32"),
        ({"fields": [*XYZ[:2], PointField("z", 9, 7)]}, "does not fit"),
        ({"fields": [PointField("x", -4, 7), *XYZ[1:]]}, "does not fit"),
        ({"width": MAX_POINTS, "height": 2}, "at most"),
        ({"width": 2**32 - 1, "height": 2**32 - 1}, "at most"),
        ({"width": -1}, "at most"),
        ({"width": 1, "height": 2, "row_step": 11}, "row_step"),
        ({"width": 3}, "cut off"),
        ({"point_step": 0}, "does not fit"),
    ],
)
def test_layouts_that_cannot_be_are_refused(changes, word):
    with pytest.raises(HazardError, match=word):
        parse([[1, 2, 3], [4, 5, 6]], **changes)
