"""The ONNX Runtime backends of the image and the text tower: the reference for all others."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from clipomaly_ros.model.image_tower import (
    FLOAT,
    INPUT,
    OUTPUTS,
    ImageTower,
    Nodes,
    check_finite,
    check_nodes,
    finite_features,
    image_nodes,
)
from clipomaly_ros.model.manifest import IMAGE_FILE, TEXT_FILE, BundleError, Manifest
from clipomaly_ros.model.returned_memory import return_free_memory
from clipomaly_ros.model.tokenizer import ClipTokenizer
from clipomaly_ros.vision.types import DenseFeatures

_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
_TEXT_BATCH = 32
EXPORT_AGAIN = "export the bundle again"


def open_session(
    model: bytes | str, name: str, threads: int = 0, optimise: bool = True
) -> onnxruntime.InferenceSession:
    """Open an ONNX model; BundleError if ONNX Runtime cannot.

    model: its content, or a path to it, which takes a third less memory at the peak.
    threads: of one operator; 0 leaves the choice to ONNX Runtime (one a physical core).
    optimise: False opens faster, to look at the interface only.
    """
    if threads < 0:
        raise BundleError(f"threads: expected 0 (automatic) or more, found {threads}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # A plan of all memory is made from the first run and laid out beside what that run took, which stays
    # taken as well: for convolutions at large sizes 80 MB for no time gained.
    options.enable_mem_pattern = False
    # Threads that wait actively would take the cores from the fusion node and the driver of
    # the sensors between frames.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    available = onnxruntime.get_available_providers()
    wanted = [provider for provider in _PROVIDERS if provider in available] if optimise else _PROVIDERS[-1:]
    try:
        session = onnxruntime.InferenceSession(model, options, providers=list(wanted))
    except Exception as error:  # ONNX Runtime's exceptions share no base class but Exception
        reason = " ".join(str(error).split())[:300]
        raise BundleError(
            f"{name}: ONNX Runtime cannot open it: {reason}; export the bundle again"
        ) from error
    return_free_memory()
    return session


def check_image_interface(session: onnxruntime.InferenceSession, manifest: Manifest) -> None:
    """Raise BundleError unless the image tower takes and gives what the manifest says."""
    check_nodes(IMAGE_FILE, _nodes(session), image_nodes(manifest))


def check_text_interface(session: onnxruntime.InferenceSession, manifest: Manifest) -> None:
    """Raise BundleError unless the text tower takes and gives what the manifest says."""
    expected: tuple[Nodes, Nodes] = (
        {"tokens": ("tensor(int64)", (None, None))},
        {"embeddings": (FLOAT, (None, manifest.embedding_dim))},
    )
    check_nodes(TEXT_FILE, _nodes(session), expected)


class OnnxDenseEncoder(ImageTower):
    """Image tower of a bundle; implements clipomaly_ros.vision.types.DenseEncoder.

    model: content of image.onnx, or a path to it. Not for use by two threads at once.
    """

    def __init__(self, model: bytes | str, manifest: Manifest, threads: int = 0) -> None:
        super().__init__(manifest)
        self._session = open_session(model, IMAGE_FILE, threads)
        check_image_interface(self._session, manifest)

    @property
    def provider(self) -> str:
        """Return the execution provider in use, e.g. CPUExecutionProvider."""
        return str(self._session.get_providers()[0])

    def encode(self, batch: NDArray[np.float32]) -> DenseFeatures:
        """Encode one normalised image, float32 [1, 3, H, W] of input_size.

        VisionError for another type or shape, BundleError if the model fails or gives non-finite values.
        """
        self.check_batch(batch)
        image = {INPUT: np.ascontiguousarray(batch)}
        patches, whole = _run(self._session, IMAGE_FILE, OUTPUTS, image)
        return finite_features(IMAGE_FILE, patches[0], whole[0], EXPORT_AGAIN)


class OnnxTextEncoder:
    """Text tower of a bundle; implements clipomaly_ros.vision.types.TextEncoder.

    model gives the content of text.onnx, or a path to it, for the length of a block; it is called at
    the first encode, so that a vocabulary that is fully cached never costs the memory of the text tower.
    """

    def __init__(
        self,
        model: Callable[[], AbstractContextManager[bytes | str]],
        tokenizer: ClipTokenizer,
        manifest: Manifest,
        threads: int = 0,
    ) -> None:
        self._model = model
        self._tokenizer = tokenizer
        self._manifest = manifest
        self._threads = threads
        self._session: onnxruntime.InferenceSession | None = None

    @property
    def provider(self) -> str:
        """Return the execution provider in use, e.g. CPUExecutionProvider."""
        return str(self._opened().get_providers()[0])

    def encode(self, prompts: Sequence[str]) -> NDArray[np.float32]:
        """Return L2-normalised text embeddings, float32 [N, D]; N may be 0.

        BundleError if the model fails or gives non-finite values.
        """
        tokens = self._tokenizer.tokenise(prompts)
        result = np.empty((len(tokens), self._manifest.embedding_dim), np.float32)
        if not len(tokens):
            return result
        lengths = np.count_nonzero(tokens, axis=1)
        # What follows the end token cannot change a causal tower's embedding: prompts of like
        # length go together, cut to the longest, which saves most of the 77 positions.
        order = np.argsort(lengths, kind="stable")
        for start in range(0, len(order), _TEXT_BATCH):
            rows = order[start : start + _TEXT_BATCH]
            cut = np.ascontiguousarray(tokens[rows, : lengths[rows].max()])
            (result[rows],) = _run(self._opened(), TEXT_FILE, ("embeddings",), {"tokens": cut})
        check_finite(TEXT_FILE, result, advice=EXPORT_AGAIN)
        return result

    def _opened(self) -> onnxruntime.InferenceSession:
        if self._session is None:
            with self._model() as model:
                session = open_session(model, TEXT_FILE, self._threads)
            check_text_interface(session, self._manifest)
            self._session = session
        return self._session


def _run(
    session: onnxruntime.InferenceSession, name: str, outputs: tuple[str, ...], inputs: dict[str, NDArray]
) -> list[NDArray[np.float32]]:
    try:
        return list(session.run(outputs, inputs))
    except Exception as error:  # see open_session
        sizes = ", ".join(f"{key} {value.shape}" for key, value in inputs.items())
        reason = " ".join(str(error).split())[:300]
        raise BundleError(
            f"{name}: ONNX Runtime cannot run it on {sizes}: {reason}; export the bundle again"
        ) from error


def _nodes(session: onnxruntime.InferenceSession) -> tuple[Nodes, Nodes]:
    # A symbol stands for a free size; a free size may be a symbol only.
    inputs, outputs = (
        {
            node.name: (node.type, tuple(size if isinstance(size, int) else None for size in node.shape))
            for node in side
        }
        for side in (session.get_inputs(), session.get_outputs())
    )
    return inputs, outputs
