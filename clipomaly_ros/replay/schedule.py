"""The order in which a bag is played in lockstep: everything a frame needs, then the frame."""

from __future__ import annotations

import bisect
import struct
from collections.abc import Sequence
from dataclasses import dataclass, replace

from clipomaly_ros.replay.bag_reader import Bag, Selection
from clipomaly_ros.replay.bag_types import BagError

LONGEST_WAIT = 1_000_000_000  # for a transform behind a stamp [ns]
# of the messages of one step
_ORDER = ("tf_static", "tf", "legend", "camera_info", "other", "image", "anomalies", "points")


def header_stamp(raw: bytes) -> int:
    """Read the stamp [ns] of a message that begins with std_msgs/Header from its CDR bytes."""
    if len(raw) < 12:
        raise BagError(f"expected at least 12 bytes of CDR with a header, got {len(raw)}")
    order = "<" if raw[1] & 1 else ">"  # bit 0 of the representation identifier: little endian
    seconds, nanoseconds = struct.unpack_from(f"{order}iI", raw, 4)
    return seconds * 1_000_000_000 + nanoseconds


def header_frame(raw: bytes) -> str:
    """Read the frame_id of a message that begins with std_msgs/Header from its CDR bytes."""
    order = "<" if len(raw) > 1 and raw[1] & 1 else ">"
    try:
        (length,) = struct.unpack_from(f"{order}I", raw, 12)
        return struct.unpack_from(f"{max(length, 1) - 1}s", raw, 16)[0].decode()
    except (struct.error, UnicodeDecodeError) as error:
        raise BagError(f"expected CDR with a header, got {len(raw)} bytes that hold none") from error


@dataclass(frozen=True)
class Entry:
    """One message of the bag, without its bytes.

    role: "image", "points", "camera_info", "tf", "tf_static", "anomalies", "legend" or
    "other". time: record time [ns]. stamp: header stamp [ns], 0 where there is none.
    edges: parent, child, stamp of moving transforms.
    """

    role: str
    time: int
    stamp: int = 0
    edges: tuple[tuple[str, str, int], ...] = ()


@dataclass(frozen=True)
class Step:
    """What is published together: places in the bag, and the frame whose result is awaited.

    stamp: of the image [ns], 0 for the messages after the last frame. matched: a cloud
    lies within the slop, so zones must follow; else only an AnomalyFrame. awaited: False
    where recorded AnomalyFrames are played and this image has none: nothing will follow.
    """

    places: tuple[int, ...]
    stamp: int = 0
    matched: bool = False
    awaited: bool = True


def index_bag(bag: Bag, selection: Selection, others: Sequence = ()) -> list[Entry]:
    """Read a bag once and list its messages in recorded order."""
    roles = {
        selection.image.topic: "image",
        selection.points.topic: "points",
        selection.camera_info.topic: "camera_info",
    }
    if selection.anomalies is not None:
        roles[selection.anomalies.topic] = "anomalies"
    if selection.legend is not None:
        roles[selection.legend.topic] = "legend"
    entries = []
    for connection, time, raw in bag.messages([*selection.connections, *others]):
        if connection in (selection.tf, selection.tf_static):
            transforms = bag.read(raw, connection).transforms
            edges = tuple(
                (
                    t.header.frame_id,
                    t.child_frame_id,
                    t.header.stamp.sec * 1_000_000_000 + t.header.stamp.nanosec,
                )
                for t in transforms
            )
            entries.append(Entry("tf" if connection == selection.tf else "tf_static", time, 0, edges))
        elif connection.topic in roles:
            entries.append(Entry(roles[connection.topic], time, header_stamp(raw)))
        else:
            entries.append(Entry("other", time))
    return entries


def record_offset(entries: Sequence[Entry]) -> int:
    """Return by how much the record times lie behind the stamps of images and clouds [ns], as a median."""
    offsets = sorted(entry.time - entry.stamp for entry in entries if entry.role in ("image", "points"))
    return offsets[len(offsets) // 2] if offsets else 0


def on_stamp_time(entries: Sequence[Entry], offset: int) -> list[Entry]:
    """Move the record times back by an offset [ns], for bags written long after the measurement."""
    return [replace(entry, time=entry.time - offset) for entry in entries]


def plan_lockstep(entries: Sequence[Entry], slop: int) -> list[Step]:
    """Group the messages into one step a frame, in the order of the images.

    slop: largest difference between the stamps of an image and its cloud [ns].
    A transform that brackets the stamps from behind is played before the frame although it
    was recorded after it: with the clock standing still it could not arrive otherwise.
    Recorded AnomalyFrames go with the image of the same stamp, after the legends that hold
    for it; those that fit no image are left out.
    """
    images = [place for place, entry in enumerate(entries) if entry.role == "image"]
    clouds = match_clouds(entries, slop)
    brackets = _Brackets(entries)
    recorded = {entry.stamp: place for place, entry in enumerate(entries) if entry.role == "anomalies"}
    legends = [place for place, entry in enumerate(entries) if entry.role == "legend"]
    published = {place for place, entry in enumerate(entries) if entry.role == "anomalies"}
    position, steps = 0, []
    for image in images:
        cloud, frame = clouds.get(image), recorded.get(entries[image].stamp)
        latest = max(entries[image].stamp, entries[cloud].stamp if cloud is not None else 0)
        end = max(image, cloud if cloud is not None else 0, brackets.behind(latest))
        end = max([end, *(place for place in legends if entries[place].stamp <= entries[image].stamp)])
        info = _info_of(entries, image)
        places = [p for p in range(position, end + 1) if p not in published and entries[p].role != "image"]
        if info is not None and info not in published and info > end:
            places.append(info)
        places += [image] if frame is None else [image, frame]
        places.sort(key=lambda place: (_ORDER.index(entries[place].role), place))
        published.update(places)
        while position in published:
            position += 1
        awaited = frame is not None or not recorded
        steps.append(Step(tuple(places), entries[image].stamp, awaited and cloud is not None, awaited))
    rest = tuple(place for place in range(len(entries)) if place not in published)
    return [*steps, Step(rest)] if rest else steps


def match_clouds(entries: Sequence[Entry], slop: int) -> dict[int, int]:
    """Pair each image with the nearest cloud within the slop, each cloud once; places in entries."""
    clouds = sorted((entry.stamp, place) for place, entry in enumerate(entries) if entry.role == "points")
    images = [(entry.stamp, place) for place, entry in enumerate(entries) if entry.role == "image"]
    distances = []
    for stamp, image in images:
        start = bisect.bisect_left(clouds, (stamp - slop, -1))
        for cloud_stamp, cloud in clouds[start:]:
            if cloud_stamp > stamp + slop:
                break
            distances.append((abs(cloud_stamp - stamp), image, cloud))
    pairs: dict[int, int] = {}
    taken: set[int] = set()
    for _, image, cloud in sorted(distances):
        if image not in pairs and cloud not in taken:
            pairs[image] = cloud
            taken.add(cloud)
    return pairs


class _Brackets:
    """For each moving link of the TF tree, where in the bag its transforms lie."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        links: dict[tuple[str, str], list[tuple[int, int]]] = {}
        for place, entry in enumerate(entries):
            if entry.role == "tf":
                for parent, child, stamp in entry.edges:
                    links.setdefault((parent, child), []).append((stamp, place))
        self._links = [sorted(samples) for samples in links.values()]

    def behind(self, stamp: int) -> int:
        """Return the place by which every link has a transform at or after a stamp, -1 if none has."""
        last = -1
        for samples in self._links:
            index = bisect.bisect_left(samples, (stamp, -1))
            if index < len(samples) and samples[index][0] <= stamp + LONGEST_WAIT:
                last = max(last, samples[index][1])
        return last


def _info_of(entries: Sequence[Entry], image: int) -> int | None:
    """Return where the calibration with the image's own stamp lies, if it comes soon after the image."""
    for place in range(image, min(image + 200, len(entries))):
        if entries[place].role == "camera_info" and entries[place].stamp == entries[image].stamp:
            return place
    return None
