"""`clipomaly vocabulary` on the shipped files and on bad ones."""

import json
from pathlib import Path

import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.vocabulary.loading import load_vocabulary

CONFIG = Path(__file__).resolve().parents[2] / "config" / "vocabulary"
FILES = [str(CONFIG / "airside_approved.yaml"), str(CONFIG / "airside_candidates.yaml")]


def test_check_prints_sizes_and_hash(capsys):
    assert main(["vocabulary", "check", *FILES]) == 0
    vocabulary = load_vocabulary(*map(Path, FILES))
    output = capsys.readouterr().out
    assert vocabulary.hash in output
    assert f"{len(vocabulary.approved)} approved" in output


def test_show_lists_every_entry_and_writes_json(capsys, tmp_path):
    file = tmp_path / "vocabulary.json"
    assert main(["vocabulary", "show", *FILES, "--json", str(file)]) == 0
    vocabulary = load_vocabulary(*map(Path, FILES))
    lines = capsys.readouterr().out.splitlines()
    for entry in vocabulary.entries:
        assert any(line.startswith(entry.name) and entry.group in line for line in lines)
    data = json.loads(file.read_text(encoding="utf-8"))
    assert data["hash"] == vocabulary.hash
    assert [item["name"] for item in data["candidates"]] == [entry.name for entry in vocabulary.candidates]


@pytest.mark.parametrize("swap", [True, False])
def test_unusable_files_give_one_line_and_exit_code_2(capsys, tmp_path, swap):
    files = FILES[::-1] if swap else [FILES[0], str(tmp_path / "missing.yaml")]
    assert main(["vocabulary", "check", *files]) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1
    assert files[0 if swap else 1] in error
