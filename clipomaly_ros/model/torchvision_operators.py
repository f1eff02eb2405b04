"""Makes open_clip importable where torchvision's compiled operators cannot be loaded."""

from __future__ import annotations

import importlib
import importlib.util
from pathlib import Path
from types import ModuleType

import torch

# The signatures under which torchvision registers what its import refers to.
_SIGNATURES = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
# Operators live as long as the library object that defined them.
_libraries: list[torch.library.Library] = []


def import_open_clip() -> ModuleType:
    """Import open_clip, after defining the torchvision operators that are missing, before naming our tower.

    torchvision wheels built for a CUDA torch cannot load their operators next to a CPU torch,
    and then fail on import although open_clip never calls them.
    """
    define_missing_operators()
    open_clip = importlib.import_module("open_clip")
    # Tells timm of the project's own network, so that a config file may name it.
    importlib.import_module("clipomaly_ros.model.convolutional_tower")
    return open_clip


def define_missing_operators() -> list[str]:
    """Define torchvision operators that its own library did not bring; return their names."""
    specification = importlib.util.find_spec("torchvision")
    for folder in specification.submodule_search_locations or () if specification else ():
        for library in sorted(Path(folder).glob("_C*.so")):
            try:
                torch.ops.load_library(library)
            except OSError:
                continue  # the very case this module is for
    missing = [name for name in _SIGNATURES if not hasattr(torch.ops.torchvision, name)]
    if missing:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in missing:
            library.define(_SIGNATURES[name])
        _libraries.append(library)
    return missing
