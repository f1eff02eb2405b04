"""What a training starts from: the model with random weights, and the texts it will learn."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from clipomaly_ros.model.mini.captions import CaptionSource
from clipomaly_ros.model.open_clip_source import SourceModel, build_source
from clipomaly_ros.model.tokenizer import ClipTokenizer
from clipomaly_ros.model.torchvision_operators import import_open_clip
from clipomaly_ros.vocabulary.entries import Vocabulary


def prepare(
    configuration: Path,
    seed: int,
    vocabulary: Vocabulary,
    learnt: Sequence[str],
    weights: Path | None = None,
) -> tuple[SourceModel, CaptionSource]:
    """Build the model from a config file, and the captions of what may be learnt.

    weights: of an earlier training, as save_weights writes them; None for random ones.
    """
    source = build_source(str(configuration), None if weights is None else str(weights), seed=seed)
    open_clip = import_open_clip()
    merges = Path(open_clip.__file__).with_name("bpe_simple_vocab_16e6.txt.gz").read_bytes()
    tokenizer = ClipTokenizer(merges, source.model.context_length)
    return source, CaptionSource(vocabulary, learnt, tokenizer, tokenizer.whole_words)
