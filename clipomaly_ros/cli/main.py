"""Entry point of `clipomaly <command>`: finds the command's module and hands over."""

from __future__ import annotations

import argparse
import importlib
import sys

# Each module has `add_arguments(parser)` and `run(options) -> int`, and is imported only
# when its command is used, so that `clipomaly replay` never pays for torch.
COMMANDS = {
    "segment": ("clipomaly_ros.cli.segment", "segment pictures and videos, for people to look at"),
    "export": ("clipomaly_ros.cli.export", "export an open_clip model to a model bundle"),
    "build-engine": ("clipomaly_ros.cli.build_engine", "build a TensorRT engine of a model bundle"),
    "tagger-bundle": ("clipomaly_ros.cli.tagger_bundle", "make a bundle of an image tagger's ONNX file"),
    "evaluate": ("clipomaly_ros.cli.evaluate", "measure the quality of a stage against ground truth"),
    "bench": ("clipomaly_ros.cli.bench", "measure the speed of a stage"),
    "replay": ("clipomaly_ros.cli.replay", "play a bag through the nodes and show the result"),
    "soak": ("clipomaly_ros.cli.soak", "feed the fusion node with faults for a long time and judge it"),
    "fuzz": ("clipomaly_ros.cli.fuzz", "fuzz what reads messages and files, guided by coverage"),
    "simulate": ("clipomaly_ros.cli.simulate", "write synthetic drives or pictures with ground truth"),
    "train-mini": ("clipomaly_ros.cli.train_mini", "train the small default model on synthetic pictures"),
    "train-aligner": (
        "clipomaly_ros.cli.train_aligner",
        "align a model to the known classes of a labelled image set",
    ),
    "vocabulary": ("clipomaly_ros.cli.vocabulary", "check and show vocabulary files"),
    "reference": ("clipomaly_ros.cli.reference", "write the topics and parameters tables of the README"),
}


def main(arguments: list[str] | None = None) -> int:
    """Run one command; exit code 0 done, 1 failed, 2 unusable input, 130 interrupted."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        return _run(arguments)
    except KeyboardInterrupt:  # while the command's module is imported, too
        print("interrupted", file=sys.stderr)
        return 130


def _run(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="clipomaly", description="Tools of clipomaly_ros.")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text, description=text[0].upper() + text[1:] + ".")
        if arguments[:1] == [name]:
            try:
                importlib.import_module(module).add_arguments(command)
            except ModuleNotFoundError as error:
                return _missing(name, error)
    options = parser.parse_args(arguments)
    try:
        return int(importlib.import_module(COMMANDS[options.command][0]).run(options))
    except (ValueError, OSError) as error:  # unusable input: one line, no traceback
        print(f"clipomaly {options.command}: {error}", file=sys.stderr)
        return 2
    except ModuleNotFoundError as error:
        return _missing(arguments[0], error)


def _missing(command: str, error: ModuleNotFoundError) -> int:
    """Say which optional package a command needs; a package of our own that is missing is a bug."""
    if (error.name or "").split(".")[0] == "clipomaly_ros":
        raise error
    print(
        f"clipomaly {command}: needs the Python package {error.name}; scripts/requirements lists what each "
        "command needs, pip installs it",
        file=sys.stderr,
    )
    return 2


if __name__ == "__main__":
    sys.exit(main())
