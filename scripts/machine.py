"""What this machine offers for the set-up: interpreters, compilers, a sourced ROS, a shell."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUPPORTED_PYTHON = ((3, 10), (3, 11), (3, 12))
LEAKING = (
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "LD_LIBRARY_PATH",
    "AMENT_PREFIX_PATH",
    "CMAKE_PREFIX_PATH",
    "COLCON_PREFIX_PATH",
    "_ROS_WHEELS_BOOTSTRAP_COMPLETE",
)


class SetupError(RuntimeError):
    """Something on this machine is missing; the text says what to do."""


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"[setup] {text}", file=sys.stderr, flush=True)


def run(step: str, command: list[str], env: dict[str, str], log: Path) -> None:
    """Run one step with its output in a log; on failure show the log's end.

    On a terminal the latest line of the log is shown meanwhile.
    """
    start = time.monotonic()
    say(f"{step} ...")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as sink:
        process = subprocess.Popen(
            command, env=env, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=sink, stderr=subprocess.STDOUT
        )
        while True:
            try:
                code = process.wait(timeout=1)
                break
            except subprocess.TimeoutExpired:
                show_progress(start, log)
            except KeyboardInterrupt:
                process.wait()  # a terminal has interrupted it, too
                raise
    show_progress(start, None)
    if code:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-30:])
        raise SetupError(f"{step} failed (exit code {code}); the end of {log}:\n{tail}")
    say(f"{step}: {time.monotonic() - start:.0f} s")


def show_progress(start: float, log: Path | None) -> None:
    """Rewrite one line of the terminal with the log's latest line; without a log, clear it."""
    if not sys.stderr.isatty():
        return
    text = ""
    if log:
        with log.open("rb") as source:
            source.seek(max(0, log.stat().st_size - 4096))
            lines = source.read().decode(errors="replace").split("\n")
        latest = next((line.strip() for line in reversed(lines) if line.strip()), "")
        text = f"        {time.monotonic() - start:4.0f} s  {latest}"
    width = shutil.get_terminal_size().columns - 1
    print(f"\r\x1b[K{text[:width]}", end="", file=sys.stderr, flush=True)


def ros_is_sourced() -> bool:
    """Tell whether a ROS 2 install with rclpy and colcon is on this shell's path."""
    prefixes = [Path(prefix) for prefix in os.environ.get("AMENT_PREFIX_PATH", "").split(":") if prefix]
    ours = any((prefix / "pyvenv.cfg").exists() for prefix in prefixes)  # wheels, set up by this script
    if not prefixes or ours:
        return False
    if subprocess.run(["python3", "-c", "import rclpy, colcon_core"], capture_output=True).returncode == 0:
        return True
    say(f"python3 cannot import rclpy and colcon_core with {prefixes[0]}: going on as without a ROS install")
    return False


def version_of(python: str) -> tuple[int, ...]:
    """Ask an interpreter for its version, as (major, minor); empty if it does not run."""
    answer = subprocess.run(
        [python, "-c", "import sys; print(*sys.version_info[:2])"],
        capture_output=True,
        text=True,
        env=clean_environment(),
    )
    return tuple(int(part) for part in answer.stdout.split()) if answer.returncode == 0 else ()


def find_python() -> str:
    """Find a supported interpreter: $PYTHON and nothing else if set, else on the path."""
    wanted = os.environ.get("PYTHON")
    names = [wanted] if wanted else ["python3", "python3.12", "python3.11", "python3.10"]
    seen = []
    for name in names:
        path = shutil.which(name)
        if not path:
            continue
        version = version_of(path)
        if version in SUPPORTED_PYTHON:
            return path
        seen.append(f"{path} is {'.'.join(map(str, version)) or 'broken'}")
    raise SetupError(
        f"expected Python 3.10, 3.11 or 3.12{' in PYTHON=' + wanted if wanted else ''}, found "
        f"{'; '.join(seen) or 'none'}: install one, or set PYTHON to its path"
    )


def clean_environment() -> dict[str, str]:
    """Copy the environment without what another workspace may have left in it."""
    return {key: value for key, value in os.environ.items() if key not in LEAKING}


def check_compilers() -> None:
    """Refuse early, with the package to install, where no C and C++ compiler is found."""
    missing = [
        name
        for name, choices in (("C", ("cc", "gcc", "clang")), ("C++", ("c++", "g++", "clang++")))
        if not any(shutil.which(choice) for choice in choices)
    ]
    if missing:
        raise SetupError(
            f"no {' and no '.join(missing)} compiler found; the message packages need "
            "one: install build-essential (Debian, Ubuntu) or its like"
        )


def fingerprint(paths: list[Path], *more: str) -> str:
    """Hash the content of files, and further words, into one stamp."""
    digest = hashlib.sha256("\0".join(more).encode())
    for path in sorted(paths):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()
