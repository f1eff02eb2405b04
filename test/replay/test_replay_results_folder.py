"""The folder of the results: whose it is, who writes into it, whether all is there."""

import pytest

from clipomaly_ros.replay.bag_types import BagError
from clipomaly_ros.replay.results_folder import MARK, UNFINISHED, ResultsFolder


def names(folder):
    return sorted(item.name for item in folder.iterdir())


def test_results_are_unfinished_until_they_are_finished(tmp_path):
    with ResultsFolder(tmp_path / "a" / "out") as folder:
        assert names(folder.path) == [MARK, UNFINISHED]
        folder.finish()
    assert names(tmp_path / "a" / "out") == [MARK]


def test_an_earlier_result_is_removed_whatever_became_of_it(tmp_path):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "thesis.tex").touch()
    with ResultsFolder(tmp_path / "out") as folder:
        (folder.path / "bag").mkdir()
        (folder.path / "bag" / "bag.mcap").touch()
        (folder.path / "index.html").touch()
        (folder.path / "link").symlink_to(elsewhere)
    with ResultsFolder(tmp_path / "out") as folder:
        assert names(folder.path) == [MARK, UNFINISHED]
    assert names(elsewhere) == ["thesis.tex"]


def test_two_replays_do_not_share_a_folder(tmp_path):
    with ResultsFolder(tmp_path / "out") as folder:
        (folder.path / "index.html").touch()
        with pytest.raises(BagError, match="another replay is writing"):
            ResultsFolder(tmp_path / "out")
        assert (folder.path / "index.html").exists()
    ResultsFolder(tmp_path / "out").__exit__()


def test_what_is_no_results_folder_is_left_alone(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(BagError, match="not empty"):
        ResultsFolder(tmp_path)
    with pytest.raises(BagError, match="is a file"):
        ResultsFolder(tmp_path / "thesis.tex")
    with pytest.raises(BagError, match="cannot be written"):
        ResultsFolder(tmp_path / "thesis.tex" / "out")
    assert names(tmp_path) == ["thesis.tex"]
