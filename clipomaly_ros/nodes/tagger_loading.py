"""The image tagger that the segmenter's parameters choose."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from clipomaly_ros.model.tagger_bundle import load_tagger
from clipomaly_ros.vision.tagger import LightTagger, Tagger, Tagging, embed_tags
from clipomaly_ros.vision.types import TextEncoder, TextTable
from clipomaly_ros.vocabulary.entries import VocabularyError
from clipomaly_ros.vocabulary.tag_list import parse_tags


def load_tagging(
    tagger_bundle: str,
    tag_list: str,
    tag_share: float,
    table: TextTable,
    text_encoder: TextEncoder,
    logit_scale: float,
    threads: int = 0,
    say: Callable[[str], None] = lambda line: None,
) -> Tagging | None:
    """Open the tagger of a folder or make the light one of a list; None if neither is named.

    table: its templates are the tags' too. ValueError says what is wrong.
    """
    if tagger_bundle and tag_list:
        raise VocabularyError("tagger_bundle and tag_list: expected one of them, got both; leave one empty")
    if not tagger_bundle and not tag_list:
        return None
    tagger: Tagger | None = None
    if tagger_bundle:
        opened = load_tagger(Path(tagger_bundle), threads)
        tagger, tags = opened, opened.tags
    else:
        tags = _read_tags(Path(tag_list).expanduser())
    say(f"embedding {len(tags)} tags")
    embeddings = embed_tags(tags, table.templates, text_encoder)
    return Tagging(tagger or LightTagger(tags, embeddings, tag_share, logit_scale), embeddings)


def _read_tags(path: Path) -> tuple[str, ...]:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise VocabularyError(f"{path}: expected a text file with one tag a line: {error}") from error
    return parse_tags(text, str(path))
