"""scripts/demo before it does anything: its usage, and what it refuses at once."""

import subprocess
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "scripts" / "demo"


def demo(*arguments, cwd=None):
    return subprocess.run(
        [str(DEMO), *arguments], capture_output=True, text=True, cwd=cwd, timeout=300, check=False
    )


def test_help_names_every_option():
    done = demo("-h")
    assert done.returncode == 0
    for option in ("--bag", "--out", "--bundle", "--anomalies", "--params", "--kilted", "--realtime"):
        assert option in done.stdout


@pytest.mark.parametrize("arguments", [["--bogus"], ["stray"], ["--bag"], ["--out", ""]])
def test_what_it_does_not_know_is_refused_with_the_usage(arguments):
    done = demo(*arguments)
    assert done.returncode == 2
    assert "usage: scripts/demo" in done.stderr
    assert not done.stdout


def test_a_bag_that_is_not_there_is_one_line(tmp_path):
    done = demo("--bag", "nowhere", cwd=tmp_path)
    assert done.returncode == 2
    assert done.stderr == f"scripts/demo: bag {tmp_path}/nowhere: no such file or folder\n"
