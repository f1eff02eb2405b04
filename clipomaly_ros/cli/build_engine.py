"""`clipomaly build-engine`: turn a bundle's image tower into a TensorRT engine for this machine."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from tqdm import tqdm

from clipomaly_ros.model.backends import build_into_cache
from clipomaly_ros.model.bundle import load_bundle
from clipomaly_ros.model.engine_cache import EngineCache
from clipomaly_ros.model.engine_key import (
    ENGINE_PRECISIONS,
    LIBRARIES,
    OPTIMISATION_LEVELS,
    EngineSettings,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Describe the options."""
    parser.add_argument("--bundle", type=Path, required=True, metavar="DIR", help="model bundle")
    parser.add_argument(
        "--precision",
        choices=ENGINE_PRECISIONS,
        default="fp16",
        help="of weights and arithmetic (default: fp16, which needs the package onnx)",
    )
    parser.add_argument(
        "--workspace",
        type=int,
        default=0,
        metavar="MB",
        help="scratch memory that the engine may use [MiB]; 0: the library's choice (default)",
    )
    parser.add_argument(
        "--level",
        type=int,
        choices=OPTIMISATION_LEVELS,
        default=3,
        help="0 builds fastest, 5 runs fastest (default: 3)",
    )
    parser.add_argument(
        "--library", choices=LIBRARIES, default=LIBRARIES[0], help="builder (default: tensorrt)"
    )
    parser.add_argument(
        "--cache",
        type=Path,
        metavar="DIR",
        help="engine cache (default: engines in $CLIPOMALY_CACHE or the user's cache folder)",
    )
    parser.add_argument("--anew", action="store_true", help="build even if a fitting engine is there")


def run(options: argparse.Namespace) -> int:
    """Build with a progress bar and say where the engine is."""
    start = time.monotonic()
    settings = EngineSettings(options.precision, options.workspace, options.level)
    bundle = load_bundle(options.bundle)
    cache = EngineCache(options.cache)
    with tqdm(total=100, unit="%", file=sys.stderr, bar_format="{desc}{bar}{n:.0f} %") as bar:

        def progress(phase: str, fraction: float) -> bool:
            bar.set_description_str(f"{phase[:40]} ", refresh=False)
            bar.n = 100.0 * fraction
            bar.refresh()
            return True

        key = build_into_cache(
            bundle, options.library, settings, cache, progress, lambda line: bar.write(line), options.anew
        )
    print(f"engine {(cache.folder / key.digest).resolve()}.engine, {time.monotonic() - start:.1f} s")
    return 0
