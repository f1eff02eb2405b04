"""The vision path in one call: RGB image in, labels, score and named regions out."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from clipomaly_ros.vision.assembly import label_regions, paint_regions, published_regions
from clipomaly_ros.vision.encoding import encode_image
from clipomaly_ros.vision.image_view import ImageView
from clipomaly_ros.vision.images import MAX_PIXELS
from clipomaly_ros.vision.inner_labels import inner_labels
from clipomaly_ros.vision.masked_crops import combine, embed_crops, most_unknown
from clipomaly_ros.vision.naming import RegionName, name_regions, pool_regions, used_entries
from clipomaly_ros.vision.region_of_interest import placed, roi_window
from clipomaly_ros.vision.region_size import GroundView, SizeLimits
from clipomaly_ros.vision.regions import Component, PictureScale, find_components, unknown_mask
from clipomaly_ros.vision.reported import ReportedRegion, find_reported
from clipomaly_ros.vision.score_fusion import ScoreFusion
from clipomaly_ros.vision.segmentation import label_picture, label_type, legend_of, unlabelled
from clipomaly_ros.vision.settings import SegmenterSettings
from clipomaly_ros.vision.smoothing import ScoreSmoother
from clipomaly_ros.vision.tagger import TaggedTable, Tagging, tagged_table
from clipomaly_ros.vision.types import AnomalyResult, DenseEncoder, TextTable, VisionError
from clipomaly_ros.vision.unknown_score import score_patches
from clipomaly_ros.vision.upsampling import PatchInterpolation, patch_interpolation

__all__ = ["AnomalySegmenter", "SegmenterSettings"]

Map = NDArray[np.float32]


class AnomalySegmenter:
    """Finds and names what the known vocabulary does not explain, one image at a time.

    Raises VisionError for a table, a fusion or an image that cannot be used. `segment` and `set_table`
    may be called from different threads: an image is worked on with one table throughout.
    fusion: makes the unknown score of several sources, in place of settings.unknown_score.
    tagging: gives the candidates of settings.name_words "tagger" and "both".
    """

    def __init__(
        self,
        encoder: DenseEncoder,
        table: TextTable,
        settings: SegmenterSettings,
        fusion: ScoreFusion | None = None,
        tagging: Tagging | None = None,
    ) -> None:
        if (tagging is None) != (settings.name_words == "dictionary"):
            raise VisionError(
                f"name_words is {settings.name_words!r}, and there is {'no' if tagging is None else 'a'} "
                "tagger: 'tagger' and 'both' need one, and it has no use without them"
            )
        if fusion is not None:
            fusion.check_view(ImageView.of(settings))
        self.settings = settings
        self._encoder = encoder
        self._fusion, self._tagging = fusion, tagging
        self._tables = self._tables_of(table)
        self._smoother = ScoreSmoother(settings.smoothing_time)
        _size_limits(settings, (1, 1), (0, 0), (1, 1))  # says at once what is missing

    @property
    def table(self) -> TextTable:
        """Return the table that the next image will be worked on with."""
        return self._tables[0]

    def set_table(self, table: TextTable) -> None:
        """Use another table from the next image on; an unusable one changes nothing."""
        self._tables = self._tables_of(table)

    def _tables_of(self, table: TextTable) -> tuple[TextTable, TaggedTable | None]:
        _checked_table(table)
        if self._fusion is not None:
            self._fusion.check(table)
        if self._tagging is None:
            return table, None
        tagged = tagged_table(table, self._tagging, self.settings.name_words)
        _checked_table(tagged.table)
        return table, tagged

    def segment(self, rgb: NDArray[np.uint8], stamp: float | None = None) -> AnomalyResult:
        """Segment one image, uint8 [H, W, 3] RGB of any size and memory layout.

        stamp: time of measurement [s] of an image in a sequence, for smoothing over time only.
        latencies: stages "preprocess", "encode", "score", "regions", "naming", "labels"; "tags" before
        "naming" where a tagger was asked, which happens only for images with unknown regions.
        """
        _check_image(rgb)
        size = (rgb.shape[0], rgb.shape[1])
        x, y, width, height = window = roi_window(size, self.settings.roi)
        result = self._segment(rgb[y : y + height, x : x + width], (x, y), size, stamp)
        if (height, width) == size:
            return result
        return placed(result, window, size, _scaled(size, self.settings.score_scale))

    def _segment(
        self, rgb: NDArray[np.uint8], offset: tuple[int, int], whole: tuple[int, int], stamp: float | None
    ) -> AnomalyResult:
        """Segment a window, at x, y = offset, of an image whose height, width are `whole`."""
        # One reference each, so that a swap by another thread waits for the next image.
        (table, tagged), settings, encoder = self._tables, self.settings, self._encoder
        size = (rgb.shape[0], rgb.shape[1])
        watch = _Stopwatch()
        dimension = table.embeddings.shape[1]
        encoded = encode_image(rgb, encoder, dimension, settings.fit, settings.tiles, settings.tile_overlap)
        watch.seconds |= {"preprocess": encoded.preprocessing, "encode": encoded.encoding}
        features, letterbox, patches = encoded.features, encoded.letterbox, encoded.features.patches
        with watch.stage("score"):
            scale = PictureScale(_scaled(size, settings.score_scale), size)
            to_working = patch_interpolation(letterbox, scale.size)
            if self._fusion is None:
                small, known = score_patches(patches, table, settings.unknown_score, settings.logit_scale)
            else:
                known = patches @ table.embeddings[: table.approved_count].T
                small = self._fusion.score(
                    rgb,
                    features,
                    letterbox,
                    table,
                    # Its windows are no image of the camera; the mirrored image must have the same patches.
                    lambda picture: (
                        encode_image(
                            picture,
                            encoder,
                            dimension,
                            settings.fit,
                            settings.tiles if picture.shape == rgb.shape else (1, 1),
                            settings.tile_overlap,
                        ).features
                    ),
                )
            small = self._smoother.smooth(small, stamp, letterbox, table)
            score = to_working.upsample(small)
        with watch.stage("regions"):
            limits = (settings.min_region_area, settings.max_region_area_fraction * size[0] * size[1])
            mask = unknown_mask(
                score,
                settings.threshold_mode,
                settings.threshold,
                settings.quantile,
                settings.threshold_low,
            )
            unknown, dropped = find_components(
                mask.view(np.uint8),
                scale,
                *limits,
                settings.max_regions,
                _size_limits(settings, whole, offset, size),
            )
        naming_table = table if tagged is None else tagged.table
        allowed: NDArray[np.intp] | None = None
        if tagged is not None and self._tagging is not None and unknown:
            with watch.stage("tags"):
                allowed = tagged.words(self._tagging.tagger.present(rgb, features.global_embedding))
        with watch.stage("naming"):
            names = self._names(
                rgb, unknown, score, scale, patches, to_working, naming_table, allowed, settings
            )
        with watch.stage("labels"):
            used = used_entries(names, settings.name_mode)
            legend, used_labels = legend_of(naming_table.entries, table.approved_count, used)
            dtype = label_type(len(legend))
            winners = known.argmax(axis=2)
            labels = label_picture(known, patch_interpolation(letterbox, size), dtype, winners)
            reported: list[ReportedRegion] = []
            if settings.report_known:
                reported, cut = find_reported(
                    labels,
                    known,
                    table,
                    unknown,
                    to_working,
                    scale,
                    settings.logit_scale,
                    settings.report_min_probability,
                    limits,
                    settings.max_regions,
                    winners,
                )
                dropped += cut
            inner = {}
            if settings.name_mode == "all":
                inner = inner_labels(unknown, names, patches, to_working, naming_table, used_labels)
            regions = label_regions(unknown, names, reported, table, used_labels, unlabelled(dtype), inner)
            region_image = paint_regions(regions, labels, scale)
            published = published_regions(regions, score, scale)
        return AnomalyResult(labels, region_image, score, published, legend, watch.seconds, dropped)

    def _names(
        self,
        rgb: NDArray[np.uint8],
        unknown: list[Component],
        score: Map,
        scale: PictureScale,
        patches: Map,
        interpolation: PatchInterpolation,
        table: TextTable,
        allowed: NDArray[np.intp] | None,
        settings: SegmenterSettings,
    ) -> list[RegionName]:
        if not unknown:
            return []
        embeddings = pool_regions(patches, interpolation, unknown)
        if settings.name_evidence != "pooled":
            places = most_unknown(unknown, score, scale, settings.crop_regions)
            crops = embed_crops(
                rgb,
                [unknown[place] for place in places],
                scale,
                self._encoder,
                settings.fit,
                patches.shape[2],
            )
            embeddings = combine(embeddings, crops, places, settings.name_evidence)
        return name_regions(
            embeddings,
            table,
            settings.top_words,
            settings.logit_scale,
            settings.name_min_probability,
            settings.name_margin,
            settings.synonym_similarity,
            allowed,
        )


class _Stopwatch:
    """Duration of each stage [s], in order of execution."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[name] = time.perf_counter() - start


def _size_limits(
    settings: SegmenterSettings, size: tuple[int, int], offset: tuple[int, int], window: tuple[int, int]
) -> SizeLimits | None:
    if not settings.min_region_size and not settings.max_region_size:
        return None
    view = GroundView(size, settings.camera_height, settings.camera_pitch, settings.camera_fov)
    return SizeLimits(view, settings.min_region_size, settings.max_region_size, offset, window)


def _scaled(size: tuple[int, int], factor: float) -> tuple[int, int]:
    return max(1, round(size[0] * factor)), max(1, round(size[1] * factor))


def _check_image(rgb: NDArray[np.uint8]) -> None:
    if not isinstance(rgb, np.ndarray) or rgb.dtype != np.uint8 or rgb.ndim != 3 or rgb.shape[2] != 3:
        got = f"{rgb.dtype} {rgb.shape}" if isinstance(rgb, np.ndarray) else type(rgb).__name__
        raise VisionError(f"expected an RGB image, uint8 [H, W, 3], got {got}")
    if not 0 < rgb.shape[0] * rgb.shape[1] <= MAX_PIXELS:
        raise VisionError(f"expected 1 to {MAX_PIXELS} pixels, got {rgb.shape[1]}x{rgb.shape[0]}")


def _checked_table(table: TextTable) -> TextTable:
    expected = len(table.entries)
    if table.embeddings.ndim != 2 or len(table.embeddings) != expected:
        raise VisionError(
            f"text table: expected [{expected}, D] for {expected} entries, got {table.embeddings.shape}"
        )
    if not 2 <= table.approved_count <= expected:
        raise VisionError(f"text table: expected at least 2 approved classes, got {table.approved_count}")
    label_type(expected)
    if not np.isfinite(table.embeddings).all():
        raise VisionError("text table: expected finite embeddings")
    return table
