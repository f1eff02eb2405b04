"""Speed of the segmenter: each stage, the whole frame, dictionary sizes, and the naive way."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from std_msgs.msg import Header

from clipomaly_ros.evaluation.bench_machine import resident_memory
from clipomaly_ros.evaluation.bench_timing import Timing
from clipomaly_ros.evaluation.segmenter_source import SegmenterSource
from clipomaly_ros.nodes.anomaly_frame_message import Origin, anomaly_frame
from clipomaly_ros.nodes.image_input import decode
from clipomaly_ros.nodes.message_buffers import image_message
from clipomaly_ros.vision.letterbox import Letterbox, preprocess
from clipomaly_ros.vision.segmenter import AnomalySegmenter
from clipomaly_ros.vision.settings import SegmenterSettings
from clipomaly_ros.vision.types import DenseEncoder, DenseFeatures, TextTable, VisionError
from clipomaly_ros.vision.unknown_score import class_probabilities
from clipomaly_ros.vision.upsampling import patch_interpolation
from clipomaly_ros.vocabulary.entries import Entry

Picture = NDArray[np.uint8]
WARM_UP = 2  # frames that are not counted: caches, lazily allocated memory
ENCODING = "bgr8"  # of the camera's images, whose channels have to be turned round


@dataclass(frozen=True)
class VisionTimings:
    """One case: the same segmenter on frames of one size.

    stages: by name in order of execution. frame: everything from the camera's message to the
    filled message of what was found.
    rest: the frame without the encoder call. cpu: processor time of the frame, all threads.
    ratio: median over the frames of frame / bare encoder call, which is made after each frame.
    encoder, encoder_cpu: the bare encoder call by the clock and in processor time. regions: of a
    frame, mean. memory: resident size after a tenth of the frames and after the last [MiB].
    """

    name: str
    size: tuple[int, int]
    words: int
    stages: dict[str, Timing]
    frame: Timing
    rest: Timing
    cpu: Timing
    ratio: float
    encoder: Timing
    encoder_cpu: Timing
    regions: float
    memory: tuple[float, float]

    @property
    def rate(self) -> float:
        """Return frames per second at the median."""
        return 1000.0 / self.frame.median

    @property
    def growth(self) -> float:
        """Return by what share the memory grew while the case ran."""
        return self.memory[1] / self.memory[0] - 1.0


def measure(
    name: str,
    encoder: DenseEncoder,
    table: TextTable,
    settings: SegmenterSettings,
    pictures: Sequence[Picture],
    frames: int,
) -> VisionTimings:
    """Play the pictures round and round; WARM_UP frames before are not counted.

    pictures: RGB, uint8 [H, W, 3]. They come as uncompressed images of a camera and each result
    goes into a message, as in the node; publishing is left out.
    """
    segmenter = AnomalySegmenter(encoder, table, settings)
    images = [image_message(picture[..., ::-1], ENCODING, Header()) for picture in pictures]
    origin = Origin(table.vocabulary_hash, name, "", False)
    size = (pictures[0].shape[0], pictures[0].shape[1])
    letterbox = Letterbox.fit(size, encoder.input_size, encoder.patch_size, settings.fit)
    stages: dict[str, Timing] = {}
    frame, rest, cpu, ratios, regions = Timing(), Timing(), Timing(), [], []
    bare_calls, bare_cpu, settled = Timing(), Timing(), resident_memory()
    for index in range(-WARM_UP, frames):
        picture = pictures[index % len(pictures)]
        cpu_start, start = time.process_time(), time.perf_counter()
        rgb = decode(images[index % len(images)])
        decoded = time.perf_counter()
        result = segmenter.segment(rgb)
        segmented = time.perf_counter()
        latencies = {"decode": decoded - start, **result.latencies}
        anomaly_frame(result, images[0].header, origin, latencies)
        latencies["message"] = time.perf_counter() - segmented
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        bare, on_processor = _seconds_of_encoder(encoder, picture, letterbox)
        if index < 0:
            continue
        for stage, value in latencies.items():
            stages.setdefault(stage, Timing()).values.append(1000 * value)
        frame.values.append(1000 * seconds)
        rest.values.append(1000 * (seconds - result.latencies["encode"]))
        cpu.values.append(1000 * cpu_seconds)
        ratios.append(seconds / bare)
        bare_calls.values.append(1000 * bare)
        bare_cpu.values.append(1000 * on_processor)
        if index == frames // 10:
            settled = resident_memory()
        regions.append(len(result.regions))
    return VisionTimings(
        name,
        size,
        len(table.entries) - table.approved_count,
        stages,
        frame,
        rest,
        cpu,
        float(np.median(ratios)),
        bare_calls,
        bare_cpu,
        float(np.mean(regions)),
        (settled, resident_memory()),
    )


def _seconds_of_encoder(encoder: DenseEncoder, picture: Picture, letterbox: Letterbox) -> tuple[float, float]:
    """Return how long a call takes by the clock and in processor time of all threads [s]."""
    batch = preprocess(picture, letterbox, encoder.mean, encoder.std)
    cpu_start, start = time.process_time(), time.perf_counter()
    encoder.encode(batch)
    return time.perf_counter() - start, time.process_time() - cpu_start


class FixedEncoder:
    """A DenseEncoder whose patches are given: what the frame costs apart from the encoder.

    patches: float32 [h, w, D] of the whole input.
    """

    def __init__(self, like: DenseEncoder, patches: NDArray[np.float32]) -> None:
        self.input_size, self.patch_size = like.input_size, like.patch_size
        self.mean, self.std = like.mean, like.std
        whole = patches.mean(axis=(0, 1))
        self._features = DenseFeatures(patches, whole / max(float(np.linalg.norm(whole)), 1e-6))

    @classmethod
    def of_picture(cls, encoder: DenseEncoder, picture: Picture, fit: str) -> FixedEncoder:
        """Return one that always gives the patches of this picture."""
        letterbox = Letterbox.fit(picture.shape[:2], encoder.input_size, encoder.patch_size, fit)
        batch = preprocess(picture, letterbox, encoder.mean, encoder.std)
        return cls(encoder, encoder.encode(batch).patches)

    def encode(self, batch: NDArray[np.float32]) -> DenseFeatures:
        """Return the given patches."""
        return self._features


def noise_patches(source: SegmenterSource, seed: int, spread: float) -> NDArray[np.float32]:
    """Return patches that each show another class at random, float32 [h, w, D], L2-normalised.

    spread: length of the noise added to the class's embedding. The worst case for regions:
    every patch is an island.
    """
    generator = np.random.default_rng(seed)
    rows, columns = (side // source.encoder.patch_size for side in source.encoder.input_size)
    shown = generator.integers(source.table.approved_count, size=(rows, columns))
    patches = source.table.embeddings[shown]
    noise = generator.standard_normal(patches.shape, np.float32)
    patches = patches + np.float32(spread) * noise / np.linalg.norm(noise, axis=-1, keepdims=True)
    return np.asarray(patches / np.linalg.norm(patches, axis=-1, keepdims=True), dtype=np.float32)


def noise_settings(settings: SegmenterSettings) -> SegmenterSettings:
    """Return settings under which noise falls apart into as many regions as it can."""
    return replace(
        settings,
        threshold_mode="frame_quantile",
        threshold=0.0,
        quantile=0.8,
        min_region_area=1,
        max_regions=512,
    )


def resized_table(table: TextTable, words: int, seed: int) -> TextTable:
    """Return the table with so many candidates; those beyond its own have random directions."""
    if words < 0:
        raise VisionError(f"words: expected 0 or more, got {words}")
    count = table.approved_count + words
    extra = max(0, count - len(table.entries))
    generator = np.random.default_rng(seed)
    random = generator.standard_normal((extra, table.embeddings.shape[1]), np.float32)
    random /= np.linalg.norm(random, axis=1, keepdims=True)
    entries = table.entries[:count] + tuple(Entry(f"word {i}", "random") for i in range(extra))
    return replace(table, entries=entries, embeddings=np.concatenate([table.embeddings[:count], random]))


def naive_frame(
    encoder: DenseEncoder, table: TextTable, settings: SegmenterSettings, picture: Picture
) -> Callable[[], None]:
    """Return the textbook way after the encoder, kept for comparison.

    Scores of all approved classes at source size, then softmax, entropy and argmax over them.
    """
    size = (picture.shape[0], picture.shape[1])
    letterbox = Letterbox.fit(size, encoder.input_size, encoder.patch_size, settings.fit)
    patches = encoder.encode(preprocess(picture, letterbox, encoder.mean, encoder.std)).patches
    valid = patches[letterbox.valid]
    interpolation = patch_interpolation(letterbox, size)

    def work() -> None:
        cosines = valid @ table.embeddings[: table.approved_count].T
        large = np.stack([interpolation.upsample(c) for c in np.moveaxis(cosines, 2, 0)], axis=2)
        probabilities = class_probabilities(large, settings.logit_scale)
        -(probabilities * np.log(np.maximum(probabilities, 1e-12))).sum(axis=2)
        probabilities.argmax(axis=2)

    return work


def measure_work(work: Callable[[], None], times: int) -> Timing:
    """Time a piece of work; one run before is not counted."""
    work()
    timing = Timing()
    for _ in range(times):
        start = time.perf_counter()
        work()
        timing.values.append(1000 * (time.perf_counter() - start))
    return timing
