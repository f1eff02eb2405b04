"""Chooses what runs the image tower: ONNX Runtime, OpenVINO, or a TensorRT engine that fits this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from clipomaly_ros.model.bundle import ModelBundle
from clipomaly_ros.model.engine_cache import EngineCache, EngineDamaged, EngineRecord
from clipomaly_ros.model.engine_key import EngineKey, EngineSettings, EngineTarget, differences
from clipomaly_ros.model.manifest import IMAGE_FILE, BundleError
from clipomaly_ros.model.openvino_encoder import (
    OPENVINO_PRECISIONS,
    NoBfloat16,
    OpenVinoDenseEncoder,
    load_openvino,
)
from clipomaly_ros.model.tensorrt_builder import Progress, build_engine
from clipomaly_ros.model.tensorrt_encoder import TensorRtDenseEncoder
from clipomaly_ros.model.tensorrt_library import (
    Gpu,
    engine_target,
    find_gpu,
    installed_libraries,
    load_cuda,
    load_library,
)
from clipomaly_ros.vision.types import DenseEncoder

BACKENDS = ("auto", "onnxruntime", "openvino", "tensorrt")
MISMATCHES = ("rebuild", "refuse", "fallback")
LEAST_COSINE = {"fp32": 0.9999, "fp16": 0.999}  # of every patch with the reference's

Say = Callable[[str], None]


class NoFittingEngine(BundleError):  # noqa: N818 - a state of the cache
    """There is no engine, or none that was made for this model, library and machine."""


@dataclass(frozen=True)
class OpenedEncoder:
    """An image tower, and what runs it.

    backend: in words, for people. fallback: why it is not what was asked for, or no TensorRT
    although an engine was prepared; empty if nothing was given up.
    """

    encoder: DenseEncoder
    backend: str
    fallback: str = ""


def open_image_encoder(
    bundle: ModelBundle,
    backend: str = "auto",
    engine_cache: Path | None = None,
    engine_mismatch: str = "rebuild",
    threads: int = 0,
    say: Say = lambda line: None,
    openvino_precision: str = OPENVINO_PRECISIONS[0],
) -> OpenedEncoder:
    """Open the image tower of a bundle with the backend that was chosen.

    auto takes TensorRT if an engine that fits is in the cache, and never builds. With
    tensorrt and no fitting engine, engine_mismatch decides: rebuild builds one, fallback takes
    ONNX Runtime, refuse raises. Where TensorRT cannot run at all, rebuild falls back, too. A
    damaged engine is treated like a missing one. With openvino, refuse raises where it cannot run the
    model at openvino_precision; otherwise it runs at f32, or ONNX Runtime in its place. BundleError
    for an unusable choice or bundle.
    """
    if backend not in BACKENDS:
        raise BundleError(f"backend: expected one of {', '.join(BACKENDS)}, found {backend!r}")
    if engine_mismatch not in MISMATCHES:
        raise BundleError(
            f"engine_mismatch: expected one of {', '.join(MISMATCHES)}, found {engine_mismatch!r}"
        )
    if openvino_precision not in OPENVINO_PRECISIONS:
        raise BundleError(
            f"openvino_precision: expected one of {', '.join(OPENVINO_PRECISIONS)}, "
            f"found {openvino_precision!r}"
        )
    if backend == "openvino":
        return _openvino(bundle, openvino_precision, threads, engine_mismatch == "refuse")
    cache = EngineCache(engine_cache)
    prepared = [] if backend == "onnxruntime" else cache.of_model(bundle.manifest.files[IMAGE_FILE])
    if backend == "onnxruntime" or (backend == "auto" and not prepared):
        return _onnxruntime(bundle, threads)
    try:
        return _tensorrt(bundle, cache, prepared, backend == "tensorrt" and engine_mismatch == "rebuild", say)
    except BundleError as error:
        if backend == "tensorrt" and engine_mismatch == "refuse":
            raise
        return _onnxruntime(bundle, threads, fallback=f"TensorRT is not used: {error}")


def build_into_cache(
    bundle: ModelBundle,
    library: str,
    settings: EngineSettings,
    cache: EngineCache,
    progress: Progress = lambda phase, fraction: True,
    say: Say = lambda line: None,
    anew: bool = False,
) -> EngineKey:
    """Put the engine of a bundle into the cache unless it is there already; return its key.

    TensorRT needs the GPU that the engine is for; TensorRT-RTX needs none. With a GPU, the
    engine is compared with ONNX Runtime before it is kept. BundleError says what is wrong.
    """
    if bundle.manifest.precision == "int8":
        raise BundleError(
            f"{bundle.id}: expected a bundle in fp32 or fp16, found int8, which is for CPUs; build the "
            "engine of the bundle that it was converted from"
        )
    module = load_library(library)
    gpu = _gpu_or_none() if library == "tensorrt_rtx" else find_gpu(load_cuda())
    key = EngineKey(engine_target(library, module.__version__, bundle.manifest, gpu), settings)

    def build() -> tuple[bytes, Mapping[str, Any]]:
        say(f"building an engine of {bundle.id} with {library} {module.__version__}, {settings.precision}")
        engine = build_engine(module, bundle.read(IMAGE_FILE), settings, progress)
        made_with: dict[str, Any] = {"bundle": bundle.id, "driver": None, "cuda": None, "cosine": None}
        if gpu is not None:
            encoder = TensorRtDenseEncoder(module, load_cuda(), engine, bundle.manifest)
            cosine = least_cosine(encoder, bundle.image_encoder())
            encoder.close()
            if cosine < LEAST_COSINE[settings.precision]:
                raise BundleError(
                    f"engine: expected a cosine of {LEAST_COSINE[settings.precision]} with ONNX Runtime, "
                    f"found {cosine:.5f}; it is not kept: use --precision fp32 or onnxruntime"
                )
            made_with |= {"driver": gpu.driver, "cuda": gpu.cuda, "cosine": cosine}
        return engine, made_with

    cache.obtain(key, build, say, anew)
    return key


def least_cosine(encoder: DenseEncoder, reference: DenseEncoder) -> float:
    """Return the smallest cosine between two encoders' patches for one random image."""
    image = np.random.default_rng(0).standard_normal((1, 3, *reference.input_size)).astype(np.float32)
    found, expected = encoder.encode(image).patches, reference.encode(image).patches
    lengths = np.linalg.norm(found, axis=-1) * np.linalg.norm(expected, axis=-1)
    return float(np.min(np.sum(found * expected, axis=-1) / np.maximum(lengths, 1e-12)))


def _onnxruntime(bundle: ModelBundle, threads: int, fallback: str = "") -> OpenedEncoder:
    encoder = bundle.image_encoder(threads)
    return OpenedEncoder(encoder, f"onnxruntime {encoder.provider}", fallback)


def _openvino(bundle: ModelBundle, precision: str, threads: int, refuse: bool) -> OpenedEncoder:
    try:
        module = load_openvino()
        model, fallback = bundle.read(IMAGE_FILE), ""
        try:
            encoder = OpenVinoDenseEncoder(module, model, bundle.manifest, precision, threads)
        except NoBfloat16 as error:
            if refuse:
                raise
            encoder = OpenVinoDenseEncoder(module, model, bundle.manifest, threads=threads)
            fallback = f"bf16 is not used: {error}"
    except BundleError as error:
        if refuse:
            raise
        return _onnxruntime(bundle, threads, fallback=f"OpenVINO is not used: {error}")
    version = str(module.__version__).split("-")[0]
    return OpenedEncoder(encoder, f"openvino {version} {encoder.precision}", fallback)


def _tensorrt(
    bundle: ModelBundle, cache: EngineCache, prepared: list[EngineRecord], build: bool, say: Say
) -> OpenedEncoder:
    libraries = installed_libraries()
    if not libraries:
        load_library("tensorrt")  # says what is missing
    cuda = load_cuda()
    gpu = find_gpu(cuda)
    # A library that an engine was made with comes before one that is merely installed.
    used = {record.key.target.library for record in prepared}
    library = next((name for name in libraries if name in used), libraries[0])
    module = load_library(library)
    target = engine_target(library, module.__version__, bundle.manifest, gpu)
    key, engine = _fitting_engine(cache, target, prepared, say)
    if engine is None and build:
        settings = prepared[0].key.settings if prepared else EngineSettings()
        key = build_into_cache(bundle, library, settings, cache, say=say)
        engine = cache.read(key)
    if engine is None or key is None:
        why = "; ".join(differences(record.key.target, target) for record in prepared[:3]).strip("; ")
        raise NoFittingEngine(
            f"{cache.folder}: expected an engine of {bundle.id} for this machine, found "
            f"{f'only {why}' if why else 'none that is undamaged'}; build one: clipomaly build-engine"
        )
    encoder = TensorRtDenseEncoder(module, cuda, engine, bundle.manifest)
    text = f"{library} {module.__version__} {key.settings.precision} engine {key.digest[:12]} on {gpu.name}"
    return OpenedEncoder(encoder, text if encoder.graph else f"{text}, without CUDA graph")


def _fitting_engine(
    cache: EngineCache, target: EngineTarget, prepared: list[EngineRecord], say: Say
) -> tuple[EngineKey | None, bytes | None]:
    for record in prepared:
        if record.key.target != target:
            continue
        try:
            engine = cache.read(record.key)
        except EngineDamaged as error:
            say(str(error))
            continue
        if engine is not None:
            return record.key, engine
    return None, None


def _gpu_or_none() -> Gpu | None:
    """Return the GPU that an engine can be tried on, None where there is none."""
    try:
        return find_gpu(load_cuda())
    except BundleError:
        return None
