"""The segmenter's services: names added and vocabularies replaced while it runs."""

from __future__ import annotations

import threading
from collections.abc import Callable

from clipomaly_msgs.msg import RejectedName
from clipomaly_msgs.srv import AddCandidates, SetVocabulary
from clipomaly_ros.nodes.diagnostics import HealthMonitor
from clipomaly_ros.vision.text_table import extend_text_table
from clipomaly_ros.vision.types import TextEncoder, TextTable
from clipomaly_ros.vocabulary.entries import Vocabulary, VocabularyError
from clipomaly_ros.vocabulary.loading import replace_parts

MAXIMUM_TEXT, MAXIMUM_NAME = 256, 64


class VocabularyServices:
    """Holds the vocabulary in use and changes it, all or nothing.

    use(vocabulary, table): called with what must be in use from the next frame on.
    """

    def __init__(
        self,
        vocabulary: Vocabulary,
        table: TextTable,
        text_encoder: TextEncoder,
        use: Callable[[Vocabulary, TextTable], None],
        health: HealthMonitor,
    ) -> None:
        self._vocabulary, self._table, self._text_encoder = vocabulary, table, text_encoder
        self._use, self._health = use, health
        self._lock = threading.Lock()

    def add_candidates(
        self, request: AddCandidates.Request, response: AddCandidates.Response
    ) -> AddCandidates.Response:
        """Add names to the candidate dictionary; never raises."""
        with self._lock:
            try:
                self._change(self._vocabulary.with_candidates(list(request.names), list(request.groups)))
                response.success = True
                response.message = (
                    f"{len(request.names)} names added, now {len(self._vocabulary.candidates)} candidates"
                )
            except Exception as error:
                rejected = error.rejected if isinstance(error, VocabularyError) else ()
                response.rejected = [
                    RejectedName(name=printable(name, MAXIMUM_NAME), reason=printable(reason, MAXIMUM_TEXT))
                    for name, reason in rejected
                ]
                response.message = self._refused("add_candidates", error)
            response.vocabulary_hash = self._vocabulary.hash
        return response

    def set_vocabulary(
        self, request: SetVocabulary.Request, response: SetVocabulary.Response
    ) -> SetVocabulary.Response:
        """Replace approved classes, candidates or both; never raises."""
        with self._lock:
            try:
                if not request.approved_yaml.strip() and not request.candidates_yaml.strip():
                    raise VocabularyError("both texts are empty; give at least one of the two parts")
                self._change(replace_parts(self._vocabulary, request.approved_yaml, request.candidates_yaml))
                response.success = True
                response.message = (
                    f"{len(self._vocabulary.approved)} approved classes, "
                    f"{len(self._vocabulary.candidates)} candidates in use"
                )
            except Exception as error:
                response.message = self._refused("set_vocabulary", error)
            response.vocabulary_hash = self._vocabulary.hash
        return response

    def _change(self, vocabulary: Vocabulary) -> None:
        table = extend_text_table(self._table, vocabulary, self._text_encoder)
        self._use(vocabulary, table)
        self._vocabulary, self._table = vocabulary, table

    def _refused(self, service: str, error: Exception) -> str:
        text = str(error) if isinstance(error, (ValueError, OSError)) else repr(error)
        if isinstance(error, ValueError):
            self._health.count("vocabulary_change_refused", f"{service}: {text}")
        else:
            self._health.count_error("vocabulary_change_failed", f"{service}: {text}")
        return printable(text, MAXIMUM_TEXT)


def printable(text: str, limit: int) -> str:
    """Remove control characters and cut to so many bytes of UTF-8, as bounded strings count."""
    clean = "".join(character if character.isprintable() else " " for character in text)
    return clean.encode()[:limit].decode(errors="ignore")
