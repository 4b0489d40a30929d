"""Rust and Python agree on the kinds of events: each that is told is taken, and no other."""

import re
from pathlib import Path
from typing import get_args

from ironrtc._events import STATES, EventKind

ROOT = Path(__file__).parent.parent.parent
RUST = ROOT / "crates" / "ironrtc-python" / "src"
PACKAGE = ROOT / "python" / "ironrtc"
# Kinds that the inbox takes itself.
OPERATIONS = {"done", "error"}


def found(folder: Path, suffix: str, pattern: str) -> set[str]:
    texts = [path.read_text() for path in folder.rglob(f"*{suffix}")]
    return {kind for text in texts for kind in re.findall(pattern, text)}


def test_rust_tells_the_kinds_that_python_knows():
    told = found(RUST, ".rs", r'(?:\.tell\(\s*|Ok\(\(\s*|=> \()"([a-z]+)"')
    assert told == set(get_args(EventKind))
    # What a new inbox is told at once, in a table.
    table = (RUST / "peer_connection.rs").read_text().partition("fn states(")[2]
    again = set(re.findall(r'\(\s*"([a-z]+)",', table.partition("\n}\n")[0]))
    assert again == STATES


def test_python_takes_each_kind():
    # `_on_event` matches on its first argument; cases of other matches stand elsewhere.
    taken = set()
    for path in PACKAGE.glob("*.py"):
        for body in re.findall(
            r"def _on_event\(self, kind: EventKind.*?(?=\n    def |\nclass |\Z)",
            path.read_text(),
            re.DOTALL,
        ):
            taken |= set(re.findall(r'case "([a-z]+)"', body))
    assert taken | OPERATIONS == set(get_args(EventKind))
