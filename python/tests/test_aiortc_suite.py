"""aiortc's own tests, from its source distribution, run on IronRTC under the alias.

`aiortc_suite.txt` lists the tests that are known to fail, by reason; it must be exact. A line
that ends with `*` stands for every test that begins so, and those are not run.
"""

import os
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

HERE = Path(__file__).parent
SUITE = os.environ.get("IRONRTC_AIORTC_SUITE")

pytestmark = [
    pytest.mark.skipif(SUITE is None, reason="python/test.sh fetches aiortc's tests"),
    pytest.mark.timeout(300),
]


def listed() -> tuple[list[str], set[str]]:
    """What is not run, and what fails."""
    lines = (HERE / "aiortc_suite.txt").read_text().splitlines()
    names = [line for line in lines if line and not line.startswith("#")]
    return [each[:-1] for each in names if each.endswith("*")], {
        each for each in names if not each.endswith("*")
    }


def run(directory: Path, *arguments: str) -> dict[str, bool]:
    """The tests that ran, and whether each passed."""
    report = directory / "report.xml"
    command = [sys.executable, "-m", "ironrtc", "run", "--force", "-m", "pytest"]
    command += ["-q", "-p", "no:cacheprovider", "-p", "no:asyncio", "--timeout=10"]
    command += [f"--junitxml={report}", *arguments]
    result = subprocess.run(command, cwd=SUITE, capture_output=True, text=True)
    # 1 stands for failures.
    assert result.returncode in (0, 1), result.stdout + result.stderr
    return {
        f"{case.get('classname')}.{case.get('name')}".removeprefix("tests."): not (
            case.findall("failure") or case.findall("error")
        )
        for case in ElementTree.parse(report).iter("testcase")
    }


def as_node(name: str) -> str:
    module, cls, test = name.split(".")
    return f"tests/{module}.py::{cls}::{test}"


def test_only_the_listed_tests_of_aiortc_fail(tmp_path):
    skipped, expected = listed()
    # A whole file is left out, or a class of one.
    files = [f"--ignore=tests/{name[:-1]}.py" for name in skipped if name.count(".") == 1]
    classes = [
        f"--deselect={as_node(name + 'x')[:-3]}" for name in skipped if name.count(".") > 1
    ]
    results = run(tmp_path, *files, *classes, "tests")
    failed = {name for name, passed in results.items() if not passed}
    if unexpected := failed - expected:
        # Their tests wait for real time; a busy machine may need a second try.
        again = run(tmp_path, *map(as_node, sorted(unexpected)))
        failed -= {name for name, passed in again.items() if passed}
    assert sorted(failed - expected) == [], "these fail"
    assert sorted(expected - failed) == [], "these pass now: take them from the list"
