"""`clipomaly segment`: pictures and videos with masks, names and scores drawn in, for people."""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

from clipomaly_ros.cli.backend_options import add_backend_arguments
from clipomaly_ros.cli.evaluate_segmentation import (
    add_fusion_argument,
    add_tagger_arguments,
    with_fusion_of,
    with_tagger_of,
)
from clipomaly_ros.cli.segment_results import (
    json_text,
    overlay_picture,
    result_record,
    whole_file,
    write_results,
)
from clipomaly_ros.cli.segment_sources import Source, Video, find_sources, read_picture, shown
from clipomaly_ros.evaluation.segmenter_source import SegmenterSource, load_segmenter_source, read_settings
from clipomaly_ros.nodes.segmenter_loading import bundle_path
from clipomaly_ros.replay.video import VideoWriter
from clipomaly_ros.vision.segmenter import AnomalySegmenter
from clipomaly_ros.vision.types import AnomalyResult, VisionError

UNTRAINED = "WARNING: the weights of {} are random: names and scores mean nothing"


def positive(text: str) -> int:
    """Parse a whole number above 0."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"expected a whole number above 0, got '{text}'")
    return int(text)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of the command."""
    parser.add_argument("paths", type=Path, nargs="+", metavar="PATH", help="picture, video or folder")
    parser.add_argument("-o", "--out", type=Path, required=True, metavar="DIR", help="folder of the results")
    parser.add_argument("--bundle", default="", metavar="DIR", help="model bundle (default: the package's)")
    parser.add_argument("--approved", type=Path, metavar="FILE", help="vocabulary of the approved classes")
    parser.add_argument("--candidates", type=Path, metavar="FILE", help="vocabulary of candidate names")
    parser.add_argument(
        "--names", nargs="+", default=[], metavar="NAME", help="further candidate names, for this run only"
    )
    parser.add_argument(
        "--config",
        type=Path,
        metavar="YAML",
        help="settings of the segmenter, one key each, over the bundle's",
    )
    add_fusion_argument(parser)
    add_tagger_arguments(parser)
    add_backend_arguments(parser)
    parser.add_argument("--threads", type=int, default=0, help="threads of the encoder (default: all)")
    parser.add_argument(
        "--limit", type=positive, metavar="N", help="only the first N files, and N frames of each video"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON line a picture or video frame")


def run(options: argparse.Namespace) -> int:
    """Work through all files; 1 when some could not be used, which are named at the end."""
    found = find_sources(options.paths, options.out)
    settings = read_settings(options.config) if options.config else None
    source = load_segmenter_source(
        bundle_path(options.bundle),
        options.approved,
        options.candidates,
        options.threads,
        names=options.names,
        backend=options.backend,
        openvino_precision=options.openvino_precision,
    )
    options.out.mkdir(parents=True, exist_ok=True)
    if source.untrained:
        print(UNTRAINED.format(source.name), file=sys.stderr)
    source = with_fusion_of(source, options.score_fusion, options.threads)
    source = with_tagger_of(source, options, settings)
    segmenter = AnomalySegmenter(
        source.encoder, source.table, source.settings(settings), source.fusion, source.tagging
    )
    work = _Work(source, segmenter, options)
    chosen = found.sources[: options.limit]
    with tqdm(chosen, desc="segmenting", unit="file", leave=False, disable=None) as bar:
        for item in bar:
            (work.video if item.is_video else work.picture)(item)
    return work.summary(found.others)


@dataclass
class _Work:
    """The results so far. unusable: files with the reason; only reading a file may fail for one."""

    source: SegmenterSource
    segmenter: AnomalySegmenter
    options: argparse.Namespace
    unusable: list[tuple[Path, str]] = field(default_factory=list)
    pictures: int = 0
    frames: int = 0
    regions: int = 0

    def picture(self, item: Source) -> None:
        try:
            rgb = read_picture(item.path)
        except (VisionError, OSError) as error:
            self._refuse(item, error)
            return
        result, record = self._segment(rgb, item)
        overlay = overlay_picture(rgb, result, self.source.name, self.source.untrained)
        write_results(self.options.out, item.name, result, overlay, record)
        self.pictures += 1
        self._say(record)

    def video(self, item: Source) -> None:
        try:
            video = Video(item.path)
        except (VisionError, OSError, UnicodeError) as error:
            self._refuse(item, error)
            return
        base = self.options.out / item.name
        count = 0
        with (
            video,
            whole_file(base.with_name(f"{base.name}.jsonl")) as lines_path,
            whole_file(base.with_name(f"{base.name}_overlay.webm")) as video_path,
            lines_path.open("w", encoding="utf-8") as lines,
            VideoWriter(video_path, video.rate) as writer,
            tqdm(total=video.announced or None, unit="frame", leave=False, disable=None) as bar,
        ):
            for rgb in video.frames():
                result, record = self._segment(rgb, item, count / video.rate)
                record |= {"frame": count, "time": round(count / video.rate, 6)}
                lines.write(json_text(record) + "\n")
                writer.write(overlay_picture(rgb, result, self.source.name, self.source.untrained))
                self._say(record)
                count += 1
                bar.update()
                if count == self.options.limit:
                    break
        self.frames += count
        if count != self.options.limit and video.is_cut_off(count):
            reason = f"cut off: only {count} of {video.announced} frames could be read"
            self._refuse(item, VisionError(reason))

    def summary(self, others: int) -> int:
        """Say on stderr what was done and what was not, and return the exit code."""
        parts = [f"pictures: {self.pictures}"] + ([f"video frames: {self.frames}"] if self.frames else [])
        print(f"{', '.join(parts)}, regions: {self.regions}, in {shown(self.options.out)}", file=sys.stderr)
        if others:
            print(f"left out, neither picture nor video: {others}", file=sys.stderr)
        if self.unusable:
            print(f"not usable: {len(self.unusable)}", file=sys.stderr)
            for path, reason in self.unusable:
                print(f"  {shown(path)}: {reason}", file=sys.stderr)
        return 1 if self.unusable else 0

    def _segment(
        self, rgb: NDArray[np.uint8], item: Source, stamp: float | None = None
    ) -> tuple[AnomalyResult, dict[str, Any]]:
        result = self.segmenter.segment(rgb, stamp)
        self.regions += len(result.regions)
        return result, result_record(str(item.path), result, self.source.name, self.source.untrained)

    def _say(self, record: dict[str, Any]) -> None:
        if self.options.json:
            tqdm.write(json_text(record), file=sys.stdout)

    def _refuse(self, item: Source, error: Exception) -> None:
        self.unusable.append((item.path, " ".join(str(error).split())))
