"""Engines are kept whole, described, and never mistaken for one another."""

import dataclasses
import multiprocessing
import time
from pathlib import Path

import pytest
import yaml

from clipomaly_ros.model.engine_cache import EngineCache, EngineDamaged
from clipomaly_ros.model.engine_key import (
    EngineKey,
    EngineSettings,
    EngineTarget,
    differences,
    key_from_fields,
)
from clipomaly_ros.model.manifest import BundleError

TARGET = EngineTarget(
    onnx_sha256="a" * 64,
    library="tensorrt",
    library_version="10.9.0.34",
    gpu_name="NVIDIA Orin",
    compute_capability="8.7",
    system="linux",
    machine="aarch64",
    shapes=(("global", (1, 8)), ("image", (1, 3, 32, 48)), ("patches", (1, 2, 3, 8))),
)
KEY = EngineKey(TARGET, EngineSettings())
ENGINE = bytes(range(256)) * 40
OTHERS = {
    "onnx_sha256": "b" * 64,
    "library": "tensorrt_rtx",
    "library_version": "10.9.0.35",
    "gpu_name": "NVIDIA Thor",
    "compute_capability": "8.9",
    "system": "windows",
    "machine": "x86_64",
    "shapes": (("image", (1, 3, 32, 64)),),
}
OTHER_SETTINGS = {
    "precision": "fp32",
    "workspace_mb": 64,
    "optimisation_level": 5,
    "builder_flags": ("DEBUG",),
}


@pytest.fixture
def cache(tmp_path):
    return EngineCache(tmp_path / "engines")


def made():
    return ENGINE, {"driver": 13000, "cuda": 13010}


def never():
    raise AssertionError("built although a good engine is there")


def test_every_field_changes_the_key():
    assert set(OTHERS) == {field.name for field in dataclasses.fields(EngineTarget)}
    assert set(OTHER_SETTINGS) == {field.name for field in dataclasses.fields(EngineSettings)}
    keys = [KEY]
    keys += [
        EngineKey(dataclasses.replace(TARGET, **{name: value}), KEY.settings)
        for name, value in OTHERS.items()
    ]
    keys += [EngineKey(TARGET, EngineSettings(**{name: value})) for name, value in OTHER_SETTINGS.items()]
    assert len({key.digest for key in keys}) == len(keys) == 13


@pytest.mark.parametrize("name", OTHERS)
def test_differences_name_the_field(name):
    other = dataclasses.replace(TARGET, **{name: OTHERS[name]})
    assert name in differences(other, TARGET)
    assert differences(TARGET, TARGET) == ""


def test_a_key_survives_the_sidecar():
    assert key_from_fields(yaml.safe_load(yaml.safe_dump(KEY.fields()))) == KEY


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("precision", "int8"),
        ("workspace_mb", -1),
        ("workspace_mb", True),
        ("optimisation_level", 6),
        ("builder_flags", ("",)),
    ],
)
def test_unusable_settings_are_refused(name, value):
    with pytest.raises(BundleError, match="expected"):
        EngineSettings(**{name: value})


def test_an_engine_is_built_once_and_described(cache):
    assert cache.read(KEY) is None
    assert cache.obtain(KEY, made) == ENGINE
    assert cache.obtain(KEY, never) == ENGINE == cache.read(KEY)
    (record,) = cache.of_model(TARGET.onnx_sha256)
    assert record.key == KEY
    assert record.made_with == {"driver": 13000, "cuda": 13010}
    assert cache.of_model("b" * 64) == []
    assert {path.suffix for path in cache.folder.iterdir()} == {".engine", ".yaml", ".lock"}


def test_anew_builds_again(cache):
    cache.obtain(KEY, made)
    assert cache.obtain(KEY, lambda: (b"other", {}), anew=True) == b"other" == cache.read(KEY)


@pytest.mark.parametrize(("name", "value"), [*OTHERS.items(), *OTHER_SETTINGS.items()])
def test_an_engine_of_another_key_is_never_read(cache, name, value):
    cache.obtain(KEY, made)
    part = TARGET if name in OTHERS else KEY.settings
    changed = dataclasses.replace(part, **{name: value})
    other = EngineKey(changed, KEY.settings) if name in OTHERS else EngineKey(TARGET, changed)
    assert cache.read(other) is None


def spoil_engine(path: Path):
    path.write_bytes(ENGINE[:100] + bytes([ENGINE[100] ^ 1]) + ENGINE[101:])


def shorten_engine(path: Path):
    path.write_bytes(ENGINE[:-1])


def remove_engine(path: Path):
    path.unlink()


def spoil_sidecar(path: Path):
    path.with_suffix(".yaml").write_text("format: [")


def change_sidecar(path: Path):
    sidecar = path.with_suffix(".yaml")
    sidecar.write_text(sidecar.read_text().replace("NVIDIA Orin", "NVIDIA Thor"))


def enlarge_sidecar(path: Path):
    path.with_suffix(".yaml").write_text("#" * 100_000)


SPOILERS = [spoil_engine, shorten_engine, remove_engine, spoil_sidecar, change_sidecar, enlarge_sidecar]


@pytest.mark.parametrize("spoil", SPOILERS)
def test_a_damaged_engine_is_never_loaded_and_is_built_again(cache, spoil):
    cache.obtain(KEY, made)
    spoil(cache.folder / f"{KEY.digest}.engine")
    with pytest.raises(EngineDamaged):
        cache.read(KEY)
    lines = []
    assert cache.obtain(KEY, made, lines.append) == ENGINE == cache.read(KEY)
    assert "building it again" in lines[0]


@pytest.mark.parametrize("spoil", [spoil_sidecar, change_sidecar, enlarge_sidecar])
def test_an_unreadable_sidecar_is_not_listed(cache, spoil):
    cache.obtain(KEY, made)
    spoil(cache.folder / f"{KEY.digest}.engine")
    assert cache.of_model(TARGET.onnx_sha256) == []


def test_fp16_comes_first(cache):
    for precision in ("fp32", "fp16"):
        cache.obtain(EngineKey(TARGET, EngineSettings(precision)), made)
    found = [record.key.settings.precision for record in cache.of_model(TARGET.onnx_sha256)]
    assert found == ["fp16", "fp32"]


def test_a_failed_build_leaves_nothing(cache):
    def fail():
        raise BundleError("no")

    with pytest.raises(BundleError, match="no"):
        cache.obtain(KEY, fail)
    assert [path.suffix for path in cache.folder.iterdir()] == [".lock"]


def test_a_write_that_is_cut_short_leaves_no_engine(cache, monkeypatch):
    cache.obtain(KEY, made)
    replace, written = Path.replace, []

    def fail_at_the_sidecar(self, target):
        written.append(Path(target).suffix)
        if written[-1] == ".yaml":
            raise OSError(28, "No space left on device")
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", fail_at_the_sidecar)
    with pytest.raises(BundleError, match="No space left"):
        cache.obtain(KEY, lambda: (b"new", {}), anew=True)
    assert written == [".engine", ".yaml"]
    assert cache.read(KEY) is None
    assert not [path for path in cache.folder.iterdir() if path.is_dir()]


def test_a_folder_that_is_a_file_is_an_error(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(BundleError, match="engine cache"):
        EngineCache(tmp_path / "file").obtain(KEY, made)


def build_slowly(folder, go, log):
    def build():
        with open(log, "a") as stream:
            stream.write("built\n")
        time.sleep(0.3)  # so that the others meet a build under way
        return made()

    go.wait()
    assert EngineCache(folder).obtain(KEY, build) == ENGINE


def test_of_many_builders_at_once_one_builds(cache, tmp_path):
    context = multiprocessing.get_context("fork")
    go, log = context.Event(), tmp_path / "log"
    processes = [context.Process(target=build_slowly, args=(cache.folder, go, log)) for _ in range(4)]
    for process in processes:
        process.start()
    go.set()
    for process in processes:
        process.join(120.0)
    assert [process.exitcode for process in processes] == [0] * 4
    assert log.read_text() == "built\n"
    assert cache.read(KEY) == ENGINE
