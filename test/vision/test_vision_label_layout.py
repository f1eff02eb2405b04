"""Labels keep inside the picture and apart from each other."""

from hypothesis import given
from hypothesis import strategies as st

from clipomaly_ros.vision.label_layout import LabelLayout

boxes = st.tuples(st.integers(-50, 700), st.integers(-50, 400), st.integers(0, 300), st.integers(0, 300))
sizes = st.tuples(st.integers(5, 200), st.integers(5, 30))


def overlap(a, b):
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


@given(st.lists(st.tuples(sizes, boxes, st.booleans()), max_size=12))
def test_labels_lie_in_the_picture(labels):
    layout = LabelLayout(640, 360)
    for (width, height), box, below in labels:
        left, top = layout.place(width, height, box, below)
        assert 0 <= left <= 640 - width
        assert 0 <= top <= 360 - height


@given(st.lists(st.integers(0, 600), min_size=2, max_size=10), st.integers(100, 200), st.booleans())
def test_labels_of_neighbours_do_not_overlap(columns, y, below):
    layout, placed = LabelLayout(640, 400), []
    layout.reserve(0, 0, 640, 20)
    for x in columns:
        left, top = layout.place(90, 14, (x, y, 30, 20), below)
        placed.append((left, top, left + 90, top + 14))
    assert not any(overlap(a, b) for i, a in enumerate(placed) for b in placed[:i])
    assert not any(overlap((0, 0, 640, 20), rectangle) for rectangle in placed)


@given(sizes, boxes.filter(lambda b: b[1] >= 40 and b[1] + b[3] <= 320 and 0 <= b[0] <= 440), st.booleans())
def test_a_lonely_label_touches_its_box(size, box, below):
    left, top = LabelLayout(640, 360).place(*size, box, below)
    assert left == box[0]
    assert top == (box[1] + box[3] if below else box[1] - size[1])


def test_where_nothing_is_free_a_label_is_placed_all_the_same():
    layout = LabelLayout(100, 50)
    layout.reserve(0, 0, 100, 50)
    assert layout.place(60, 10, (10, 20, 5, 5)) == (10, 10)
    assert layout.place(300, 80, (10, 20, 5, 5)) == (0, 0)  # larger than the picture
