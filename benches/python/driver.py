"""Runs the benchmark programs in turn and prints one table; called by ``benches/run``."""

import argparse
import contextlib
import json
import os
import platform
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

BENCHES = Path(__file__).resolve().parent.parent
TIMEOUT = 150


@dataclass(frozen=True)
class Stack:
    """One row of the table: a program, and how it is started."""

    name: str
    program: str
    environment: dict[str, str] = field(default_factory=dict)
    buffers: dict[int, int] = field(default_factory=dict)
    skip: frozenset[str] = frozenset()
    directory: str = "release"

    def command(self, target: Path) -> list[str] | None:
        """What starts the program; ``None`` if it is not installed."""
        if self.program.startswith("bench-"):
            path = target / self.directory / self.program
            return [str(path)] if path.exists() else None
        python = target / f"venv-{self.program}" / "bin" / "python"
        script = BENCHES / "python" / f"{self.program}_bench.py"
        return [str(python), str(script)] if python.exists() else None


KIB = 1024
# What may be buffered for each size of message, where 1 MiB is not the best: str0m and webrtc
# count what is in flight as buffered. Found by trying 32 KiB to 4 MiB (README.md).
STR0M = {KIB: 32 * KIB, 16 * KIB: 64 * KIB, 64 * KIB: 128 * KIB}
STR0M_GSO = {KIB: 32 * KIB, 16 * KIB: 32 * KIB, 64 * KIB: 64 * KIB}
WEBRTC = {KIB: 64 * KIB, 16 * KIB: 64 * KIB, 64 * KIB: 128 * KIB}
WEBRTC_TUNED = {KIB: 128 * KIB, 16 * KIB: 128 * KIB, 64 * KIB: 128 * KIB}
TUNED = {"BENCH_ROOMY": "1", "BENCH_REACTORS": "2"}
NOT_SENDING = frozenset({"setup", "echo", "memory"})
NO_CONNECTION = frozenset({"setup", "memory"})
# The first is what the others are compared with.
STACKS = [
    Stack("IronRTC, 1200-byte packets", "bench-ironrtc", {"BENCH_PROBE": "1"}),
    Stack("IronRTC, up to 1452 bytes", "bench-ironrtc", {"BENCH_PROBE": "1411"}, skip=NOT_SENDING),
    Stack("IronRTC, its default here", "bench-ironrtc", skip=NOT_SENDING),
    Stack("IronRTC, SCTP alone", "bench-sctp", skip=NOT_SENDING),
    Stack("str0m", "bench-str0m", buffers=STR0M),
    Stack("str0m, GSO in its driver", "bench-str0m", {"BENCH_GSO": "1"}, STR0M_GSO),
    Stack("webrtc", "bench-webrtc", buffers=WEBRTC),
    Stack("webrtc, tuned", "bench-webrtc", TUNED, WEBRTC_TUNED),
    Stack("rustrtc", "bench-rustrtc"),
    Stack("libdatachannel (from Python)", "libdatachannel"),
    Stack("aiortc", "aiortc"),
    Stack("quinn (QUIC)", "bench-quinn"),
    Stack("UDP", "bench-udp", skip=NO_CONNECTION),
    Stack("UDP with GSO", "bench-udp", {"BENCH_GSO": "1"}, skip=NO_CONNECTION),
]

# The same for media, where nothing is buffered and each side has a thread of its own.
MEDIA = [
    Stack("IronRTC", "bench-ironrtc-media"),
    Stack("str0m", "bench-str0m-media"),
    Stack("str0m, GSO in its driver", "bench-str0m-media", {"BENCH_GSO": "1"}),
    Stack("rustrtc", "bench-rustrtc-media"),
    Stack("webrtc", "bench-webrtc-media"),
]


@dataclass(frozen=True)
class Column:
    """One column of the table: a measurement, and the figure it shows."""

    title: str
    arguments: tuple[str, ...]
    figure: str
    more_is_better: bool

    @property
    def kind(self) -> str:
        """The name of the measurement."""
        return self.arguments[0]


def columns(options: argparse.Namespace) -> list[Column]:
    """The columns, with amounts for a quick or a full run."""
    if options.media:
        return columns_of_media(options)
    if options.old:
        return columns_of_two(options)
    quick = options.quick
    amount = str((16 if quick else 64) * 1024 * 1024)
    setups, echoes, pairs = ("5", "500", "10") if quick else ("15", "3000", "25")
    large, middle, small = (
        ("throughput", str(size), amount) for size in (64 * 1024, 16 * 1024, 1024)
    )
    return [
        Column("16 KiB messages, Mbit/s", middle, "mbit_s", True),
        Column("64 KiB, Mbit/s", large, "mbit_s", True),
        Column("1 KiB, Mbit/s", small, "mbit_s", True),
        Column("CPU at 16 KiB, ns per KiB", middle, "cpu_ns_per_kib", False),
        Column("set-up, ms", ("setup", setups), "ms", False),
        Column("echo, µs", ("echo", echoes), "us", False),
        Column("echo p99, µs", ("echo", echoes), "us_p99", False),
        Column("memory, KiB", ("memory", pairs), "kib", False),
    ]


def columns_of_media(options: argparse.Namespace) -> list[Column]:
    """What a packet of media costs each side."""
    one_way = ("one-way", "50000" if options.quick else "400000")
    fan_out = ("fan-out", "100", "200" if options.quick else "1500")
    return [
        Column("send, ns", one_way, "send_ns", False),
        Column("receive, ns", one_way, "receive_ns", False),
        Column("forwarded copy, ns", fan_out, "copy_ns", False),
        Column("copies a second and core", fan_out, "per_core", True),
        Column("lost one way, ‰", one_way, "lost", False),
        Column("lost of copies, ‰", fan_out, "lost", False),
    ]


def columns_of_two(options: argparse.Namespace) -> list[Column]:
    """What tells two revisions apart: throughput in all sizes, with more payload."""
    amount = (64 if options.quick else 512) * 1024 * 1024
    sizes = {"16 KiB": 16 * KIB, "64 KiB": 64 * KIB, "1 KiB": KIB, "100 bytes": 100}
    shown = []
    for title, size in sizes.items():
        arguments = ("throughput", str(size), str(amount if size >= KIB else amount // 8))
        shown += [
            Column(f"{title}, Mbit/s", arguments, "mbit_s", True),
            Column(f"{title}, CPU ns per KiB", arguments, "cpu_ns_per_kib", False),
        ]
    return shown


def beside(stacks: list[Stack], revision: str) -> dict[str, Stack]:
    """IronRTC as it is and as it was, in turn; by name, what each row is compared with."""
    ours = [stack for stack in stacks if stack.name.startswith("IronRTC")]
    return {name: stack for stack in ours for name in (stack.name, f"{stack.name}, {revision}")}


Results = dict[tuple[str, tuple[str, ...]], list[dict[str, float]]]


def measure(
    stack: Stack, options: argparse.Namespace, arguments: tuple[str, ...]
) -> dict[str, float] | None:
    """One measurement in a process of its own."""
    command = stack.command(options.target)
    if command is None:
        return None
    if options.realtime:
        command = ["chrt", "--rr", "1", *command]
    environment = os.environ | stack.environment
    if arguments[0] == "throughput" and (buffer := stack.buffers.get(int(arguments[1]))):
        environment["BENCH_BUFFERED"] = str(buffer)
    try:
        done = subprocess.run(
            [*command, *arguments],
            env=environment,
            capture_output=True,
            text=True,
            timeout=TIMEOUT,
            check=True,
        )
    except subprocess.TimeoutExpired:
        print(f"  {stack.name}: {' '.join(arguments)} took over {TIMEOUT} s", file=sys.stderr)
        return None
    except subprocess.CalledProcessError as error:
        last = (error.stderr.strip().splitlines() or ["no message"])[-1]
        print(f"  {stack.name}: {' '.join(arguments)} failed: {last}", file=sys.stderr)
        return None
    return dict(json.loads(done.stdout.splitlines()[-1]))


def run_rounds(
    stacks: list[Stack], wanted: list[tuple[str, ...]], options: argparse.Namespace
) -> Results:
    """All measurements, the stacks in turn, so that a busy moment hits them alike."""
    results: Results = {}
    for number in range(options.rounds):
        print(f"round {number + 1} of {options.rounds}", file=sys.stderr)
        for arguments in wanted:
            for stack in stacks:
                if arguments[0] in stack.skip:
                    continue
                if result := measure(stack, options, arguments):
                    results.setdefault((stack.name, arguments), []).append(result)
    return results


def figures(results: Results, stack: Stack, column: Column) -> list[float]:
    """What a stack reached in a column, one figure for each round."""
    return [result[column.figure] for result in results.get((stack.name, column.arguments), [])]


def short(value: float) -> str:
    """Three digits are more than such a measurement is good for."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def cell(results: Results, stack: Stack, column: Column, base: Stack) -> str:
    """Median, spread, and how many times better the first stack is."""
    values = figures(results, stack, column)
    if not values:
        return "–"
    median = statistics.median(values)
    text = short(median)
    if len(values) > 1:
        text += f" ({short(min(values))}–{short(max(values))})"
    ours = figures(results, base, column)
    if ours and stack != base and median > 0:
        ratio = statistics.median(ours) / median
        text += f" **×{short(ratio if column.more_is_better else 1 / ratio)}**"
    return text


def versions(target: Path) -> str:
    """The versions that were measured."""
    lock = (BENCHES / "Cargo.lock").read_text(encoding="utf-8")
    found = dict(re.findall(r'name = "([^"]+)"\nversion = "([^"]+)"', lock))
    parts = [
        f"{name} {found[name]}"
        for name in ("ironrtc", "str0m", "webrtc", "rustrtc", "quinn", "tokio")
    ]
    for program, package in (("aiortc", "aiortc"), ("libdatachannel", "libdatachannel-py")):
        python = target / f"venv-{program}" / "bin" / "python"
        if python.exists():
            code = (
                "import sys; from importlib.metadata import version; "
                f"print('{package}', version('{package}'), 'on Python', sys.version.split()[0])"
            )
            output = subprocess.run(
                [python, "-c", code], capture_output=True, text=True, check=True
            )
            parts.append(output.stdout.strip())
    rustc = subprocess.run(["rustc", "--version"], capture_output=True, text=True, check=True)
    parts.append(" ".join(rustc.stdout.split()[:2]))
    return ", ".join(parts)


def machine() -> str:
    """Processor, kernel and how busy it is."""
    cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    model = re.search(r"model name\s*: (.*)", cpuinfo)
    name = model.group(1) if model else platform.processor()
    return f"{name}, {os.cpu_count()} cores, Linux {platform.release()}"


def table(
    stacks: list[Stack], bases: dict[str, Stack], shown: list[Column], results: Results
) -> str:
    """The table in Markdown."""
    lines = [
        "| stack | " + " | ".join(column.title for column in shown) + " |",
        "|---|" + "---:|" * len(shown),
    ]
    for stack in stacks:
        base = bases.get(stack.name, stacks[0])
        cells = (cell(results, stack, column, base) for column in shown)
        lines.append(f"| {stack.name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def options_of(words: list[str]) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="benches/run", description=__doc__)
    parser.add_argument("--target", type=Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--quick", action="store_true", help="smaller amounts, two rounds")
    parser.add_argument("--rounds", type=int, help="how often all is measured (default: 5)")
    parser.add_argument(
        "--old",
        metavar="REV",
        help="IronRTC alone, beside an older revision of it, which is built first",
    )
    parser.add_argument(
        "--media", action="store_true", help="what a packet of media costs, instead of data channels"
    )
    parser.add_argument("--only", help="stacks whose name contains one of these, with commas")
    parser.add_argument("--measure", help="throughput, setup, echo, memory, one-way, fan-out; several with commas")
    parser.add_argument(
        "--realtime",
        action="store_true",
        help="ahead of other work on the machine, which then hardly disturbs, and with cores that never "
        "halt; needs root",
    )
    options = parser.parse_args(words)
    options.rounds = options.rounds or (2 if options.quick else 5)
    return options


@contextlib.contextmanager
def awake() -> Iterator[None]:
    """Keeps all cores from halting.

    Waking one of a virtual machine takes longer than a batch of packets, so that a faster stack, which
    waits more often, would look slower.
    """
    loop = ["chrt", "--idle", "0", "sh", "-c", "while :; do :; done"]
    loops = [subprocess.Popen(loop) for _ in range(os.cpu_count() or 1)]
    try:
        yield
    finally:
        for each in loops:
            each.kill()
            each.wait()


def main() -> None:
    """Measures and prints."""
    options = options_of(sys.argv[1:])
    kinds = options.measure.split(",") if options.measure else None
    shown = [column for column in columns(options) if kinds is None or column.kind in kinds]
    stacks = MEDIA if options.media else STACKS
    bases: dict[str, Stack] = {}
    if options.old:
        bases = beside(STACKS, options.old)
        stacks = [
            stack
            if name == stack.name
            else replace(stack, name=name, directory=f"old-{options.old}")
            for name, stack in bases.items()
        ]
    stacks = [stack for stack in stacks if stack.command(options.target)]
    if options.only:
        words = options.only.lower().split(",")
        stacks = [stack for stack in stacks if any(word in stack.name.lower() for word in words)]
    if not shown or not stacks:
        raise SystemExit("nothing to measure: no stack or measurement of that name")
    before = os.getloadavg()[0]
    with awake() if options.realtime else contextlib.nullcontext():
        results = run_rounds(stacks, list(dict.fromkeys(c.arguments for c in shown)), options)
    after = os.getloadavg()[0]
    print(f"{time.strftime('%Y-%m-%d')}. {machine()}. {versions(options.target)}.")
    print(
        f"Rounds: {options.rounds}. Load: {before:.1f} before, {after:.1f} after"
        f"{', measured at real-time priority' if options.realtime else ''}.\n"
    )
    print(table(stacks, bases, shown, results))
    better = "the present one" if options.old else stacks[0].name
    print(
        f"\nMedian of the rounds, (least–most), and **× how many times better {better}"
        f" is**: higher for {'copies a second' if options.media else 'Mbit/s'}, lower for the rest."
    )


if __name__ == "__main__":
    main()
