"""Measure IronRTC beside aiortc, and print a table.

Both run the same program, one after the other, each side of a transfer in a process of its own.
Build with `maturin develop --release` first. What is not said otherwise is better when smaller.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

WORKER = Path(__file__).with_name("worker.py")
STACKS = ("ironrtc", "aiortc")


def start(stack: str, *arguments: object) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, str(WORKER), stack, *map(str, arguments)],
        stdout=subprocess.PIPE,
        text=True,
    )


def result(process: "subprocess.Popen[str]") -> Any:
    out, _ = process.communicate()
    if process.returncode != 0:
        raise SystemExit(f"a worker failed: {process.args!r}")
    return json.loads(out.splitlines()[-1])


def two_processes(
    stack: str, answering: tuple[object, ...], offering: tuple[object, ...]
) -> Any:
    """Run the answering side, then the offering side; return what either has measured."""
    with tempfile.TemporaryDirectory() as directory:
        socket = f"{directory}/signaling"
        answerer = start(stack, answering[0], socket, *answering[1:])
        assert answerer.stdout is not None
        assert answerer.stdout.readline() == "ready\n"
        offerer = start(stack, offering[0], socket, *offering[1:])
        measuring, other = (
            (answerer, offerer) if answering[0] == "count" else (offerer, answerer)
        )
        try:
            return result(measuring)
        finally:
            # aiortc may take half a minute to notice that its peer has gone.
            other.kill()
            other.wait()


def throughput(stack: str, seconds: int) -> float:
    rate = two_processes(stack, ("count", seconds), ("flood", 64 * 1024))["bytes"]
    return float(rate) * 8 / 1e6


def messages(stack: str, seconds: int) -> float:
    return float(two_processes(stack, ("count", seconds), ("flood", 64))["messages"])


def round_trip(stack: str, seconds: int) -> float:
    return float(two_processes(stack, ("echo",), ("ping", 200 * seconds))["seconds"]) * 1e6


def set_up(stack: str, seconds: int) -> float:
    return float(result(start(stack, "set_up", 10 * seconds))["seconds"]) * 1e3


def memory(stack: str, seconds: int) -> float:
    return float(result(start(stack, "memory", 25))["bytes"]) / 1024


# The name, what measures it, and whether more is better.
MEASUREMENTS: list[tuple[str, Callable[[str, int], float], bool]] = [
    ("throughput, 64 KiB messages (Mbit/s, more is better)", throughput, True),
    ("messages of 64 bytes (1/s, more is better)", messages, True),
    ("round trip of a small message (µs)", round_trip, False),
    ("set-up, both sides (ms)", set_up, False),
    ("memory of an idle connection (KiB)", memory, False),
]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=5, help="how long a transfer lasts")
    parser.add_argument("--only", help="measure only what has this in its name")
    parser.add_argument("--ironrtc-only", action="store_true", help="leave aiortc out")
    options = parser.parse_args()
    stacks = STACKS[:1] if options.ironrtc_only else STACKS
    print(f"| | {' | '.join(stacks)} | times better |")
    print("|---" * (len(stacks) + 2) + "|")
    for name, measure, more_is_better in MEASUREMENTS:
        if options.only and options.only not in name:
            continue
        figures = [measure(stack, options.seconds) for stack in stacks]
        ratio = ""
        if len(figures) == 2 and min(figures) > 0:
            ours, theirs = figures
            ratio = f"{ours / theirs if more_is_better else theirs / ours:,.1f}"
        cells = " | ".join(
            f"{figure:,.0f}" if figure >= 10 else f"{figure:.2f}" for figure in figures
        )
        print(f"| {name} | {cells} | {ratio} |", flush=True)


if __name__ == "__main__":
    main()
