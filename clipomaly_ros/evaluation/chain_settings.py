"""The nodes' parameters without nodes: the shipped file's, checked as the nodes check them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from clipomaly_ros.nodes.anomaly_frame_message import Origin
from clipomaly_ros.nodes.fusion_interface import FUSION_PARAMETERS
from clipomaly_ros.nodes.managed_node import OF_EVERY_NODE
from clipomaly_ros.nodes.parameters import Parameter, ParameterError
from clipomaly_ros.nodes.segmenter_interface import SEGMENTER_PARAMETERS
from clipomaly_ros.nodes.segmenter_loading import load
from clipomaly_ros.nodes.segmenter_settings import segmenter_settings
from clipomaly_ros.nodes.tagger_loading import load_tagging
from clipomaly_ros.replay.node_parameters import FUSION, SEGMENTER
from clipomaly_ros.replay.parameter_file import read_parameters
from clipomaly_ros.replay.processes import share_file
from clipomaly_ros.vision.segmenter import AnomalySegmenter


@dataclass(frozen=True)
class LoadedSegmenter:
    """Stage one, ready to work; bundle: name@version."""

    segmenter: AnomalySegmenter
    origin: Origin
    bundle: str


def shipped_parameters() -> Path:
    """Return the parameter file of this package."""
    return share_file("config", "apron.yaml")


def node_parameters(path: Path, node: str, table: Sequence[Parameter]) -> SimpleNamespace:
    """Return all parameters of a node, a file's values over the defaults; dots become underscores.

    Raises ParameterError that names every unknown parameter and bad value.
    """
    values = {row.name: row.default for row in table}
    given = read_parameters(path, node)
    idle = {row.name for row in OF_EVERY_NODE}  # there are no life cycle and no reports here
    unknown = given.keys() - values.keys() - idle
    problems = [f"{name}: is no parameter of {node}" for name in unknown]
    values |= given
    attributes = {}
    for row in table:
        value = values[row.name]
        if isinstance(row.default, list) and isinstance(value, list):
            value = [item for item in value if item != ""]
        problem = row.problem(value)
        if problem:
            problems.append(problem)
        attributes[row.attribute] = value
    if problems:
        raise ParameterError(f"parameter file {path}: {'; '.join(sorted(problems))}")
    return SimpleNamespace(**attributes)


def fusion_parameters(path: Path) -> SimpleNamespace:
    """Return the parameters of hazard_fusion as a file gives them."""
    return node_parameters(path, FUSION, FUSION_PARAMETERS)


def load_segmenter(bundle: Path, path: Path, threads: int | None = None) -> LoadedSegmenter:
    """Load stage one as the node does; a ValueError says what is wrong.

    path: parameter file. threads: of the encoder, None for the file's.
    """
    parameters = node_parameters(path, SEGMENTER, SEGMENTER_PARAMETERS)
    loaded = load(
        str(bundle),
        parameters.approved_vocabulary,
        parameters.candidate_vocabulary,
        parameters.threads if threads is None else threads,
        parameters.text_cache,
        lambda line: None,
        lambda: True,
        score_fusion=parameters.score_fusion,
    )
    settings = segmenter_settings(parameters, loaded.bundle.manifest, loaded.fusion)
    opened = loaded.bundle
    tagging = load_tagging(
        parameters.tagger_bundle,
        parameters.tag_list,
        parameters.tag_share,
        loaded.table,
        loaded.text_encoder,
        settings.logit_scale,
        parameters.threads if threads is None else threads,
    )
    origin = Origin(loaded.table.vocabulary_hash, opened.id, opened.hash, opened.untrained)
    segmenter = AnomalySegmenter(loaded.encoder, loaded.table, settings, loaded.fusion, tagging)
    return LoadedSegmenter(segmenter, origin, opened.id)
