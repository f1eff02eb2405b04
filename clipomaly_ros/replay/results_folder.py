"""The folder of a replay's results: never someone else's, one replay at a time, marked until done."""

from __future__ import annotations

import fcntl
import shutil
from contextlib import AbstractContextManager
from pathlib import Path

from clipomaly_ros.replay.bag_types import BagError

MARK = ".clipomaly_replay"  # only a folder with this file is ever emptied; locked while in use
UNFINISHED = "UNFINISHED"  # until everything is written


class ResultsFolder(AbstractContextManager["ResultsFolder"]):
    """A new, empty folder, kept from other replays until the end of the block.

    BagError when it holds anything but an earlier replay's results, when another replay
    writes into it now, or when it cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        if path.exists() and not path.is_dir():
            raise BagError(f"{path} is a file: give a folder with --out")
        try:
            if path.exists() and any(path.iterdir()) and not (path / MARK).is_file():
                raise BagError(
                    f"{path} is not empty and not an earlier replay's: give another folder with --out"
                )
            path.mkdir(parents=True, exist_ok=True)
            self._mark = (path / MARK).open("a+", encoding="utf-8")
        except OSError as error:
            raise BagError(
                f"{path} cannot be written ({error.strerror}): give another folder with --out"
            ) from error
        try:
            self._empty()
        except BaseException:
            self._mark.close()
            raise

    def finish(self) -> None:
        """Take the mark of unfinished results away."""
        (self.path / UNFINISHED).unlink(missing_ok=True)

    def __exit__(self, *exception: object) -> None:
        self._mark.close()

    def _empty(self) -> None:
        try:
            fcntl.flock(self._mark, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise BagError(
                f"another replay is writing into {self.path}: give another folder with --out"
            ) from error
        for item in self.path.iterdir():
            if item.is_dir() and not item.is_symlink():
                shutil.rmtree(item)
            elif item.name != MARK:
                item.unlink()
        (self.path / UNFINISHED).write_text("This replay is running, or it was interrupted or failed.\n")
        self._mark.truncate(0)
        self._mark.write("Results of clipomaly replay; the next replay into this folder empties it.\n")
        self._mark.flush()
