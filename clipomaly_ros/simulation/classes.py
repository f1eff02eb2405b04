"""Class numbers of the ground-truth label pictures: the approved vocabulary in its order."""

from __future__ import annotations

from pathlib import Path

from ament_index_python.packages import get_package_share_directory

from clipomaly_ros.vocabulary.loading import load_vocabulary

ANOMALY = 254  # what does not belong on the apron
VOID = 255  # neither an approved class nor an anomaly: left out of every figure


def _approved_names() -> tuple[str, ...]:
    folder = Path(get_package_share_directory("clipomaly_ros")) / "config" / "vocabulary"
    vocabulary = load_vocabulary(folder / "airside_approved.yaml", folder / "airside_candidates.yaml")
    return tuple(entry.name for entry in vocabulary.approved)


CLASS_NAMES: tuple[str, ...] = _approved_names()
_INDEX = {name: index for index, name in enumerate(CLASS_NAMES)}


def class_index(name: str) -> int:
    """Return the number of a class, VOID for a name that is not an approved one."""
    return _INDEX.get(name, VOID)
