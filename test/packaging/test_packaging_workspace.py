"""The set-up script: which Python, which ROS, which pins, which variables; without network."""

import importlib
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = ROOT / "scripts"


@pytest.fixture
def scripts(monkeypatch):
    """Import the set-up's modules as the script itself does, and forget them again."""
    monkeypatch.syspath_prepend(str(SCRIPTS))
    names = ("machine", "packages", "workspace")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield {name: importlib.import_module(name) for name in names}
    for name in names:
        sys.modules.pop(name, None)


def fake_python(folder: Path, name: str, version: str) -> Path:
    """Write a command that answers as a Python of this version does."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\n[ -n '{version}' ] || exit 1\necho '{version}'\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("version", ["3 10", "3 11", "3 12"])
def test_python_from_the_variable_is_taken(scripts, tmp_path, monkeypatch, version):
    monkeypatch.setenv("PYTHON", str(fake_python(tmp_path, "mine", version)))
    assert scripts["machine"].find_python() == str(tmp_path / "mine")


@pytest.mark.parametrize(("version", "said"), [("3 9", "is 3.9"), ("3 13", "is 3.13"), ("", "is broken")])
def test_an_unsuitable_python_in_the_variable_is_an_error_even_if_others_would_do(
    scripts, tmp_path, monkeypatch, version, said
):
    monkeypatch.setenv("PYTHON", str(fake_python(tmp_path, "mine", version)))
    fake_python(tmp_path, "python3", "3 11")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(scripts["machine"].SetupError, match=f"PYTHON=.*mine, found .*mine {said}"):
        scripts["machine"].find_python()


def test_the_first_suitable_python_on_the_path_is_taken(scripts, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    fake_python(tmp_path, "python3", "3 13")
    wanted = fake_python(tmp_path, "python3.12", "3 12")
    assert scripts["machine"].find_python() == str(wanted)


def test_without_any_suitable_python_the_message_lists_what_there_is(scripts, tmp_path, monkeypatch):
    monkeypatch.delenv("PYTHON", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(scripts["machine"].SetupError, match="found none"):
        scripts["machine"].find_python()


@pytest.mark.parametrize(
    ("there", "missing"),
    [(["gcc"], "no C\\+\\+ compiler"), ([], "no C and no C\\+\\+"), (["g++"], "no C comp")],
)
def test_a_missing_compiler_is_named_with_the_package_to_install(
    scripts, tmp_path, monkeypatch, there, missing
):
    for name in there:
        fake_python(tmp_path, name, "1")
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(scripts["machine"].SetupError, match=f"{missing}.*build-essential"):
        scripts["machine"].check_compilers()


def test_a_missing_compiler_ends_the_script_with_one_line(tmp_path):
    """From a copy of the scripts, so that nothing is built yet."""
    shutil.copytree(SCRIPTS, tmp_path / "scripts")
    for name in ("bash", "dirname", "readlink"):
        (tmp_path / name).symlink_to(shutil.which(name))
    (tmp_path / "python3").write_text(f'#!{tmp_path}/bash\nexec {shlex.quote(sys.executable)} "$@"\n')
    (tmp_path / "python3").chmod(0o755)
    done = subprocess.run(
        [shutil.which("bash"), str(tmp_path / "scripts" / "test")],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert "compiler" in done.stderr


def test_fingerprint_changes_with_content_names_and_words(scripts):
    fingerprint = scripts["machine"].fingerprint
    one, two = SCRIPTS / "test", SCRIPTS / "demo"
    assert fingerprint([one, two], "a") == fingerprint([two, one], "a")
    assert (
        len({fingerprint([one]), fingerprint([one, two]), fingerprint([one], "a"), fingerprint([], "a")}) == 4
    )


def test_no_prefix_and_the_wheels_of_this_project_are_not_a_sourced_ros(scripts, tmp_path, monkeypatch):
    monkeypatch.delenv("AMENT_PREFIX_PATH", raising=False)
    assert not scripts["machine"].ros_is_sourced()
    (tmp_path / "pyvenv.cfg").touch()
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"/somewhere/install:{tmp_path}")
    assert not scripts["machine"].ros_is_sourced()


@pytest.mark.parametrize("works", [True, False])
def test_a_ros_install_counts_when_python_can_use_it(scripts, tmp_path, monkeypatch, capsys, works):
    python = tmp_path / "python3"
    python.write_text(f"#!/bin/sh\n[ \"$2\" = 'import rclpy, colcon_core' ] && {str(works).lower()}\n")
    python.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setenv("AMENT_PREFIX_PATH", str(tmp_path))
    assert scripts["machine"].ros_is_sourced() is works
    assert ("going on as without a ROS install" in capsys.readouterr().err) is not works


def test_on_a_ros_install_its_own_libraries_are_neither_pinned_nor_installed(scripts):
    packages = scripts["packages"]
    requirements = SCRIPTS / "requirements"
    system = {"numpy": "1.26.4", "opencv-python-headless": "4.6.0", "pyyaml": "6.0.1"}
    pins = packages.system_constraints((requirements / "constraints.txt").read_text(), system)
    lines = [line for line in pins.splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if line.startswith("numpy")] == ["numpy==1.26.4"]
    assert not [line for line in lines if line.lower().startswith(("opencv", "pyyaml", "setuptools"))]
    assert {"onnxruntime", "scipy"} <= {packages.requirement_name(line) for line in lines}
    runtime = (requirements / "runtime.txt").read_text()
    left = set(packages.without(runtime, system).split())
    assert left == set(runtime.split()) - set(system)


def test_the_list_for_a_ros_install_is_what_rosdep_does_not_know(scripts):
    folder = SCRIPTS / "requirements"
    runtime, beside = (set((folder / name).read_text().split()) for name in ("runtime.txt", "beside_ros.txt"))
    assert beside == runtime - scripts["packages"].SYSTEM_LIBRARIES.keys()


def test_every_listed_package_is_pinned_in_one_place(scripts):
    name = scripts["packages"].requirement_name
    folder = SCRIPTS / "requirements"
    lines = (folder / "constraints.txt").read_text().splitlines()
    pinned = {name(line) for line in lines if "==" in line}
    for path in set(folder.glob("*.txt")) - {folder / "constraints.txt"}:
        for line in path.read_text().splitlines():
            assert "==" in line or name(line) in pinned, f"{path.name}: {line} is not pinned"


def test_workspaces_share_no_folder(scripts):
    workspace = scripts["workspace"].Workspace
    all_of_them = [workspace("jazzy", False), workspace("kilted", False), workspace("jazzy", True)]
    folders = [folder for w in all_of_them for folder in (w.venv, w.build, w.install, w.log)]
    assert len(set(folders)) == len(folders)


def workspace_at(scripts, folder: Path, system: bool):
    """Return a Workspace in another folder, with this Python in place of its own."""
    workspace = scripts["workspace"].Workspace("jazzy", system)
    workspace.venv, workspace.build, workspace.install = (
        folder / name for name in ("venv", "build", "install")
    )
    (workspace.venv / "lib").mkdir(parents=True)
    workspace.python = Path(sys.executable)
    return workspace


def test_exports_on_a_ros_install_keep_what_it_put_there(scripts, tmp_path, monkeypatch):
    for name in ("AMENT_PREFIX_PATH", "LD_LIBRARY_PATH"):
        monkeypatch.setenv(name, f"/opt/ros/x/{name}:{os.environ.get(name, '')}".rstrip(":"))
    workspace = workspace_at(scripts, tmp_path, system=True)
    exports = workspace.exports()
    assert exports["AMENT_PREFIX_PATH"].startswith(f"{workspace.install}:/opt/ros/x/AMENT_PREFIX_PATH")
    assert exports["PYTHONPATH"].endswith(os.environ["PYTHONPATH"])
    assert exports["LD_LIBRARY_PATH"].startswith(f"{workspace.install}/lib:/opt/ros/x/LD_LIBRARY_PATH")
    assert "_ROS_WHEELS_BOOTSTRAP_COMPLETE" not in exports


def test_exports_without_a_ros_install_take_nothing_from_another_workspace(scripts, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    monkeypatch.setenv("AMENT_PREFIX_PATH", "/elsewhere")
    workspace = workspace_at(scripts, tmp_path, system=False)
    (workspace.venv / ".stand-ins").write_text("tf2_ros")
    exports = workspace.exports()
    assert not [name for name in exports if "/elsewhere" in exports[name].split(":") and name != "PATH"]
    assert str(ROOT / "compat" / "tf2_ros") in exports["PYTHONPATH"]
    assert str(ROOT / "compat" / "cv_bridge") not in exports["PYTHONPATH"]


def test_stand_ins_serve_only_what_cannot_be_imported(scripts, tmp_path, monkeypatch):
    real = tmp_path / "real"
    (real / "cv_bridge").mkdir(parents=True)
    (real / "cv_bridge" / "__init__.py").touch()
    paths = [path for path in os.environ["PYTHONPATH"].split(":") if "/compat/" not in path]
    monkeypatch.setenv("PYTHONPATH", ":".join([str(real), *paths]))
    exports = workspace_at(scripts, tmp_path, system=True).exports()
    assert str(ROOT / "compat" / "cv_bridge") not in exports["PYTHONPATH"].split(":")


def test_only_another_wanted_python_makes_the_environment_anew(scripts, tmp_path, monkeypatch):
    workspace = workspace_at(scripts, tmp_path, system=False)
    monkeypatch.delenv("PYTHON", raising=False)
    assert workspace.is_wanted_python()
    monkeypatch.setenv("PYTHON", sys.executable)
    assert workspace.is_wanted_python()
    other = "3 10" if sys.version_info[:2] != (3, 10) else "3 12"
    monkeypatch.setenv("PYTHON", str(fake_python(tmp_path, "other", other)))
    assert not workspace.is_wanted_python()


@pytest.mark.parametrize("folder", ["plain", "with blank", "it's", "long" * 40])
def test_executables_start_whatever_the_folder_is_called(scripts, tmp_path, folder):
    (tmp_path / folder).mkdir()
    python = tmp_path / folder / "python"
    python.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} "$@"\n')
    python.chmod(0o755)
    script = tmp_path / folder / "script"
    script.write_text(
        scripts["workspace"].startable(f"#!{python}\nimport sys; print(sys.argv[1])\n", str(python))
    )
    script.chmod(0o755)
    assert subprocess.run([str(script), "a b"], capture_output=True, text=True).stdout == "a b\n"
