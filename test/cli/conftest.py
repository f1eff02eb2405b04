"""What the tests of `clipomaly segment` share."""

import pytest

from clipomaly_ros.cli.main import main

APPROVED = """
version: 1
templates: ["a photo of {}."]
approved:
  - {name: concrete, group: ground, obstacle: false}
  - {name: aircraft, group: aircraft, synonyms: [airplane]}
"""
CANDIDATES = "version: 1\ncandidates: [{name: suitcase, group: baggage, synonyms: [luggage]}]\n"


@pytest.fixture(scope="module")
def words(tmp_path_factory):
    folder = tmp_path_factory.mktemp("words")
    (folder / "approved.yaml").write_text(APPROVED)
    (folder / "candidates.yaml").write_text(CANDIDATES)
    return folder / "approved.yaml", folder / "candidates.yaml"


@pytest.fixture
def segment(tiny_bundle, words, tmp_path):
    """Return a function that runs the command into tmp_path/out."""

    def call(*paths, names=(), extra=()):
        arguments = ["segment", *map(str, paths), "-o", str(tmp_path / "out")]
        arguments += ["--bundle", str(tiny_bundle.folder), "--approved", str(words[0])]
        arguments += ["--candidates", str(words[1]), *extra]
        return main(arguments + (["--names", *names] if names else []))

    return call
