"""Outputs that cannot be written are refused before any work is done."""

import pytest

from clipomaly_ros.cli.main import main
from clipomaly_ros.cli.outputs import prepare_file, prepare_folder


def test_folders_are_made_and_files_left_as_they_are(tmp_path):
    prepare_file(tmp_path / "a" / "b" / "figures.json")
    assert list((tmp_path / "a" / "b").iterdir()) == []
    (tmp_path / "old.json").write_text("old")
    prepare_file(tmp_path / "old.json")
    assert (tmp_path / "old.json").read_text() == "old"
    prepare_folder(tmp_path / "c" / "d")
    assert (tmp_path / "c" / "d").is_dir()
    prepare_file(None)
    prepare_folder(None)


def test_what_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="found a folder"):
        prepare_file(tmp_path)
    with pytest.raises(OSError, match="found a file"):
        prepare_folder(tmp_path / "file")
    with pytest.raises(OSError, match="file"):
        prepare_file(tmp_path / "file" / "figures.json")


# Neither bundle nor data exist: the first complaint must be about the output.
@pytest.mark.parametrize(
    "command",
    [
        ["evaluate", "segmentation", "--bundle", "none", "--dataset", "apron", "--root", "none"],
        ["evaluate", "threshold", "--bundle", "none", "--root", "none"],
        ["evaluate", "chain", "--bundle", "none", "--bags", "none"],
        ["evaluate", "fusion", "--root", "none"],
        ["bench", "vision", "--bundle", "none"],
    ],
)
def test_the_commands_look_at_their_outputs_first(tmp_path, capsys, command):
    (tmp_path / "file").write_text("")
    assert main([*command, "--json", str(tmp_path)]) == 2
    assert "expected a file to write, found a folder" in capsys.readouterr().err
    assert main([*command, "--json", str(tmp_path / "file" / "figures.json")]) == 2
    assert "found a file" in capsys.readouterr().err
