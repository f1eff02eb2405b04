"""Models and bundles of the model tests; `tiny_bundle` is in test/conftest.py."""

import dataclasses
import hashlib
import shutil
from pathlib import Path

import pytest

CONFIG = Path(__file__).parent / "configs" / "test-clip-16.json"


@pytest.fixture(scope="session")
def tiny_config():
    """Return the config file of the tiny model."""
    return CONFIG


@pytest.fixture
def tiny_source():
    """Return a fresh tiny random SourceModel, native size 64 x 64, so that a test may change it."""
    from clipomaly_ros.model.open_clip_source import build_source

    return build_source(str(CONFIG), seed=3)


@pytest.fixture
def bundle_copy(tiny_bundle, tmp_path):
    """Return a folder with a copy of the tiny bundle, to be spoiled."""
    return Path(shutil.copytree(tiny_bundle.folder, tmp_path / "copy"))


@pytest.fixture
def repack():
    """Return a function that puts content into a bundle's file and corrects its hash."""
    from clipomaly_ros.model.manifest import MANIFEST_FILE, dump_manifest, parse_manifest

    def replace(folder, name, content):
        (folder / name).write_bytes(content)
        manifest = parse_manifest((folder / MANIFEST_FILE).read_bytes())
        files = {**manifest.files, name: hashlib.sha256(content).hexdigest()}
        (folder / MANIFEST_FILE).write_bytes(dump_manifest(dataclasses.replace(manifest, files=files)))
        return folder

    return replace
