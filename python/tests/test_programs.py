"""Programs written for aiortc print the same on IronRTC, unchanged."""

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAMS = sorted((Path(__file__).parent / "programs").glob("*.py"))


def run(*arguments: str) -> str:
    result = subprocess.run(
        [sys.executable, "-W", "error", *arguments], capture_output=True, text=True, timeout=50
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda program: program.stem)
def test_output_is_that_of_aiortc(program):
    theirs = run(str(program))
    assert run("-m", "ironrtc", "run", "--force", str(program)) == theirs
