"""An image tagger with one output a tag, run by ONNX Runtime."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
import onnxruntime
from numpy.typing import NDArray

from clipomaly_ros.model.manifest import BundleError
from clipomaly_ros.model.onnx_encoder import open_session

_NAME = "tagger.onnx"


class OnnxTagger:
    """Implements clipomaly_ros.vision.tagger.Tagger; Recognize Anything is one (arXiv 2306.03514).

    model: ONNX with one input, float32 [1, 3, H, W], and one output, float32 [1, T]; a free batch size will
    do. tags, thresholds: T each; a tag is present if its probability exceeds its threshold.
    mean, std: of the RGB channels, 0 to 1. logits: the output is to go through the sigmoid.
    BundleError for a model that does not fit or cannot run. Not for use by two threads at once.
    """

    def __init__(
        self,
        model: bytes,
        tags: Sequence[str],
        thresholds: Sequence[float],
        input_size: tuple[int, int],
        mean: tuple[float, float, float],
        std: tuple[float, float, float],
        logits: bool,
        threads: int = 0,
    ) -> None:
        self._session = open_session(model, _NAME, threads)
        self._input = _check_interface(self._session, input_size, len(tags))
        self._tags, self._size = tuple(tags), input_size
        limits = np.asarray(thresholds, np.float64)
        if logits:
            # sigmoid(x) > t holds where x > ln(t / (1 - t)); 0 and 1 give -inf and inf.
            with np.errstate(divide="ignore"):
                limits = np.log(limits) - np.log1p(-limits)
        self._limits = limits
        self._factor = (1.0 / (255.0 * np.array(std))).astype(np.float32)
        self._shift = (np.array(mean) / np.array(std)).astype(np.float32)

    @property
    def tags(self) -> tuple[str, ...]:
        """Return all words it knows."""
        return self._tags

    @property
    def provider(self) -> str:
        """Return the execution provider in use, e.g. CPUExecutionProvider."""
        return str(self._session.get_providers()[0])

    def present(self, rgb: NDArray[np.uint8], global_embedding: NDArray[np.float32]) -> NDArray[np.intp]:
        """Return which tags an image, uint8 [H, W, 3], has; the embedding of another model is not used."""
        height, width = self._size
        # Shrinking takes the mean of what a pixel shows, as the filtered resizing of RAM's training does.
        shrinks = rgb.shape[0] > height or rgb.shape[1] > width
        way = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
        picture = cv2.resize(rgb, (width, height), interpolation=way)
        batch = (picture * self._factor - self._shift).transpose(2, 0, 1)[None]
        try:
            (scores,) = self._session.run(None, {self._input: np.ascontiguousarray(batch)})
        except Exception as error:  # ONNX Runtime's exceptions share no base class but Exception
            reason = " ".join(str(error).split())[:300]
            raise BundleError(f"{_NAME}: ONNX Runtime cannot run it: {reason}") from error
        if scores.shape != (1, len(self._tags)) or not np.isfinite(scores).all():
            raise BundleError(
                f"{_NAME}: expected {len(self._tags)} finite scores, one a tag, found {scores.shape}; "
                "export the tagger again"
            )
        return np.asarray(np.flatnonzero(scores[0] > self._limits), dtype=np.intp)


def _check_interface(session: onnxruntime.InferenceSession, size: tuple[int, int], tags: int) -> str:
    """Return the input's name; BundleError unless the model takes the image and gives one score a tag."""
    for side, found, expected in (
        ("input", session.get_inputs(), (3, *size)),
        ("output", session.get_outputs(), (tags,)),
    ):
        shown = "; ".join(f"{node.name} {node.type} {node.shape}" for node in found)
        if len(found) != 1 or found[0].type != "tensor(float)" or len(found[0].shape) != len(expected) + 1:
            raise BundleError(f"{_NAME}: expected one {side}, float [1, {_listed(expected)}], found {shown}")
        batch, *sizes = found[0].shape
        # A symbol stands for a free size, which is checked when the model has run.
        fits = all(got == want for got, want in zip(sizes, expected, strict=True) if isinstance(got, int))
        if not fits or (isinstance(batch, int) and batch != 1):
            what = f"; the tag list has {tags} tags" if side == "output" else ""
            raise BundleError(f"{_NAME}: expected {side} [1, {_listed(expected)}], found {shown}{what}")
    return str(session.get_inputs()[0].name)


def _listed(sizes: Sequence[int]) -> str:
    return ", ".join(map(str, sizes))
