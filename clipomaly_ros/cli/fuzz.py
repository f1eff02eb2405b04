"""`clipomaly fuzz TARGET`: coverage-guided fuzzing of what reads messages and files, with atheris."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import atheris

# Instrumented while they are imported: the fuzzer follows which of their branches an input takes.
with atheris.instrument_imports(include=["clipomaly_ros"]):
    from clipomaly_ros.cli.outputs import prepare_folder
    from clipomaly_ros.fuzzing.draw import ByteDraw
    from clipomaly_ros.fuzzing.targets import TARGETS

LONGEST_INPUT = 4096  # bytes
MEMORY = 2048  # an input that takes more is a finding [MB]
SLOWEST = 10  # so is one that takes longer [s]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options."""
    add = parser.add_argument
    known = "; ".join(f"{name}: {target.text}" for name, target in TARGETS.items())
    add("target", choices=sorted(TARGETS), metavar="TARGET", help=known)
    add("--seconds", type=int, default=60, help="how long, at least 1 (default: %(default)s)")
    add("--seed", type=int, default=0, help="of the fuzzer, 0 for a new one (default: %(default)s)")
    add("--corpus", type=Path, metavar="DIR", help="folder of inputs to start from; new ones go there, too")
    add(
        "--findings",
        type=Path,
        default=Path("fuzz-findings"),
        metavar="DIR",
        help="folder of inputs that made a target fail (default: %(default)s)",
    )
    add("--input", type=Path, metavar="FILE", help="run one input, such as a finding, and end")


def run(options: argparse.Namespace) -> int:
    """Fuzz until the time is over or an input fails; does not return but ends the process.

    Its exit code is 0, or the fuzzer's own when an input failed, whose path is then printed.
    """
    if options.seconds < 1 or options.seed < 0:
        raise ValueError(
            f"expected --seconds of at least 1 and --seed of at least 0, "
            f"got {options.seconds} and {options.seed}"
        )
    target = TARGETS[options.target]
    if options.input is not None:
        target.run(ByteDraw(options.input.read_bytes()))
        print(f"{options.input}: refused or read right")
        return 0
    prepare_folder(options.findings)
    prepare_folder(options.corpus)
    settings = {
        "max_total_time": options.seconds,
        "max_len": LONGEST_INPUT,
        "len_control": 0,  # long inputs from the start: a message takes hundreds of bytes
        "rss_limit_mb": MEMORY,
        "timeout": SLOWEST,
        "seed": options.seed,
        "artifact_prefix": f"{options.findings}/{options.target}-",
    }
    arguments = [sys.argv[0], *(f"-{key}={value}" for key, value in settings.items())]
    if options.corpus is not None:
        arguments.append(str(options.corpus))
    atheris.Setup(arguments, lambda data: target.run(ByteDraw(data)))
    atheris.Fuzz()
    return 0
