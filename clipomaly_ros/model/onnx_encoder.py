"""The ONNX Runtime backends of the image and the text tower: the reference for all others."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from clipomaly_ros.model.manifest import IMAGE_FILE, TEXT_FILE, BundleError, Manifest
from clipomaly_ros.model.tokenizer import ClipTokenizer
from clipomaly_ros.vision.types import DenseFeatures, VisionError

_PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
_TEXT_BATCH = 32


def open_session(
    model: bytes, name: str, threads: int = 0, optimise: bool = True
) -> onnxruntime.InferenceSession:
    """Open an ONNX model; BundleError if ONNX Runtime cannot.

    threads: of one operator; 0 leaves the choice to ONNX Runtime (one a physical core).
    optimise: False opens faster, to look at the interface only.
    """
    if threads < 0:
        raise BundleError(f"threads: expected 0 (automatic) or more, found {threads}")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.log_severity_level = 3
    # Threads that wait actively would take the cores from the fusion node and the driver of
    # the sensors between frames.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if not optimise:
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    available = onnxruntime.get_available_providers()
    wanted = [provider for provider in _PROVIDERS if provider in available] if optimise else _PROVIDERS[-1:]
    try:
        return onnxruntime.InferenceSession(model, options, providers=list(wanted))
    except Exception as error:  # ONNX Runtime's exceptions share no base class but Exception
        reason = " ".join(str(error).split())[:300]
        raise BundleError(
            f"{name}: ONNX Runtime cannot open it: {reason}; export the bundle again"
        ) from error


def check_image_interface(session: onnxruntime.InferenceSession, manifest: Manifest) -> None:
    """Raise BundleError unless the image tower takes and gives what the manifest says."""
    height, width = manifest.input_size
    rows, columns = height // manifest.patch_size, width // manifest.patch_size
    _check_interface(
        session,
        IMAGE_FILE,
        {"image": ("tensor(float)", (1, 3, height, width))},
        {
            "patches": ("tensor(float)", (1, rows, columns, manifest.embedding_dim)),
            "global": ("tensor(float)", (1, manifest.embedding_dim)),
        },
    )


def check_text_interface(session: onnxruntime.InferenceSession, manifest: Manifest) -> None:
    """Raise BundleError unless the text tower takes and gives what the manifest says."""
    _check_interface(
        session,
        TEXT_FILE,
        {"tokens": ("tensor(int64)", (None, None))},
        {"embeddings": ("tensor(float)", (None, manifest.embedding_dim))},
    )


class OnnxDenseEncoder:
    """Image tower of a bundle; implements clipomaly_ros.vision.types.DenseEncoder.

    model: content of image.onnx. Not for use by two threads at once.
    """

    def __init__(self, model: bytes, manifest: Manifest, threads: int = 0) -> None:
        self._manifest = manifest
        self._session = open_session(model, IMAGE_FILE, threads)
        check_image_interface(self._session, manifest)

    @property
    def input_size(self) -> tuple[int, int]:
        """Return height and width of the input [pixel]."""
        return self._manifest.input_size

    @property
    def patch_size(self) -> int:
        """Return the stride of the dense map [pixel]."""
        return self._manifest.patch_size

    @property
    def mean(self) -> tuple[float, float, float]:
        """Return the channel means (RGB, 0 to 1) to subtract."""
        return self._manifest.mean

    @property
    def std(self) -> tuple[float, float, float]:
        """Return the channel standard deviations (RGB, 0 to 1) to divide by."""
        return self._manifest.std

    @property
    def provider(self) -> str:
        """Return the execution provider in use, e.g. CPUExecutionProvider."""
        return str(self._session.get_providers()[0])

    def encode(self, batch: NDArray[np.float32]) -> DenseFeatures:
        """Encode one normalised image, float32 [1, 3, H, W] of input_size.

        VisionError for another type or shape, BundleError if the model fails or gives non-finite values.
        """
        expected = (1, 3, *self.input_size)
        if batch.dtype != np.float32 or batch.shape != expected:
            raise VisionError(f"image batch: expected float32 {expected}, found {batch.dtype} {batch.shape}")
        image = {"image": np.ascontiguousarray(batch)}
        patches, whole = _run(self._session, IMAGE_FILE, ("patches", "global"), image)
        _check_finite(IMAGE_FILE, patches, whole)
        return DenseFeatures(patches=patches[0], global_embedding=whole[0])


class OnnxTextEncoder:
    """Text tower of a bundle; implements clipomaly_ros.vision.types.TextEncoder.

    read_model gives the content of text.onnx; it is called at the first encode, so that a
    vocabulary that is fully cached never costs the memory of the text tower.
    """

    def __init__(
        self, read_model: Callable[[], bytes], tokenizer: ClipTokenizer, manifest: Manifest, threads: int = 0
    ) -> None:
        self._read_model = read_model
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
        _check_finite(TEXT_FILE, result)
        return result

    def _opened(self) -> onnxruntime.InferenceSession:
        if self._session is None:
            session = open_session(self._read_model(), TEXT_FILE, self._threads)
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


def _check_finite(name: str, *outputs: NDArray[np.float32]) -> None:
    if not all(np.isfinite(output).all() for output in outputs):
        raise BundleError(
            f"{name}: expected finite embeddings, found NaN or infinity; export the bundle again"
        )


def _check_interface(
    session: onnxruntime.InferenceSession,
    name: str,
    inputs: dict[str, tuple[str, tuple[int | None, ...]]],
    outputs: dict[str, tuple[str, tuple[int | None, ...]]],
) -> None:
    for side, found, expected in (
        ("inputs", session.get_inputs(), inputs),
        ("outputs", session.get_outputs(), outputs),
    ):
        actual = {node.name: (node.type, tuple(node.shape)) for node in found}
        if set(actual) != set(expected):
            raise BundleError(
                f"{name}: expected {side} {_listed(expected)}, found {_listed(actual)}; export again"
            )
        for node, (kind, shape) in expected.items():
            # A symbol stands for a free size; a free size may be a symbol only.
            sizes = tuple(size if isinstance(size, int) else None for size in actual[node][1])
            if actual[node][0] != kind or sizes != shape:
                raise BundleError(
                    f"{name}: {node}: expected {kind} {_shape(shape)}, "
                    f"found {actual[node][0]} {_shape(sizes)}; export the bundle again"
                )


def _listed(nodes: dict[str, tuple[str, tuple[int | None, ...]]]) -> str:
    return ", ".join(sorted(nodes))


def _shape(sizes: tuple[int | None, ...]) -> str:
    return "[" + ", ".join("any" if size is None else str(size) for size in sizes) + "]"
