"""The wheel holds what it should, and nothing else."""

import os
import tomllib
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

import ironrtc

PYTHON = Path(__file__).parent.parent
WHEEL = os.environ.get("IRONRTC_WHEEL")
INFO = f"ironrtc-{ironrtc.__version__}.dist-info"

pytestmark = pytest.mark.skipif(WHEEL is None, reason="python/test.sh builds the wheel")


def content():
    with zipfile.ZipFile(WHEEL) as wheel:
        return {name: wheel.read(name) for name in wheel.namelist()}


def test_the_files_are_the_packages_and_its_papers():
    files = set(content())
    sources = {
        str(path.relative_to(PYTHON))
        for path in (PYTHON / "ironrtc").rglob("*")
        if path.suffix in (".py", ".pyi") or path.name == "py.typed"
    }
    papers = {f"{INFO}/{name}" for name in ("METADATA", "WHEEL", "RECORD")}
    papers |= {f"{INFO}/licenses/LICENSE-{name}" for name in ("APACHE", "MIT")}
    # What the module is made of, for those who look for known weaknesses.
    papers |= {f"{INFO}/sboms/ironrtc-python.cyclonedx.json"}
    assert files == sources | papers | {"ironrtc-alias.pth", "ironrtc/_ironrtc.abi3.so"}


def test_the_papers_are_whole():
    files = content()
    for name in "APACHE", "MIT":
        text = files[f"{INFO}/licenses/LICENSE-{name}"]
        assert text == (PYTHON.parent / f"LICENSE-{name}").read_bytes()
    metadata = message_from_bytes(files[f"{INFO}/METADATA"])
    assert metadata["Name"] == "ironrtc"
    assert metadata["License-Expression"] == "MIT OR Apache-2.0"
    assert metadata["Requires-Python"] == ">=3.11"
    assert metadata.get_all("Requires-Dist")[0].startswith("pyee")
    assert "Typing :: Typed" in metadata.get_all("Classifier")
    # The crates say where they come from, and so does the wheel.
    with open(PYTHON.parent / "Cargo.toml", "rb") as manifest:
        repository = tomllib.load(manifest)["workspace"]["package"]["repository"]
    assert f"Repository, {repository}" in metadata.get_all("Project-URL")


def test_the_line_that_starts_the_alias_is_a_single_one():
    lines = content()["ironrtc-alias.pth"].decode().splitlines()
    assert len(lines) == 1 and lines[0].startswith("import ")
