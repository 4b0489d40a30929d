"""What the Python programs share: constants, figures of the process, the command line.

The work is that of ``harness/src/measure.rs``.
"""

import json
import os
import resource
import sys

BUFFERED = 1024 * 1024
WARM_UP = 8 * 1024 * 1024
ECHO_SIZE = 64
ECHO_WARM_UP = 200
SETTLE = 2.0

USAGE = "usage: STACK.py throughput MESSAGE_SIZE BYTES | setup COUNT | echo COUNT | memory PAIRS"


def cpu_time() -> float:
    """Seconds on a processor, of all threads so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


def resident() -> int:
    """Memory in use, in bytes."""
    with open("/proc/self/statm", encoding="ascii") as statm:
        return int(statm.read().split()[1]) * resource.getpagesize()


def quantile(values: list[float], part: float) -> float:
    """The value below which ``part`` of ``values`` lie."""
    return sorted(values)[round((len(values) - 1) * part)]


def messages(size: int, byte_count: int) -> tuple[int, int]:
    """How many messages make the warm-up, and how many are counted."""
    return -(-WARM_UP // size), -(-byte_count // size)


def throughput_result(size: int, counted: int, elapsed: float, cpu: float) -> dict[str, float]:
    """The figures of one transfer."""
    payload = size * counted
    return {
        "mbit_s": round(payload * 8 / elapsed / 1e6, 1),
        "cpu_ns_per_kib": round(cpu * 1e9 / (payload / 1024), 1),
    }


def echo_result(times: list[float]) -> dict[str, float]:
    """The figures of the round trips, given in seconds."""
    return {
        "us": round(quantile(times, 0.5) * 1e6, 1),
        "us_p99": round(quantile(times, 0.99) * 1e6, 1),
    }


def command() -> tuple[str, list[int]]:
    """The measurement that the command line asks for, and its numbers."""
    match sys.argv[1:]:
        case [("throughput") as name, size, count]:
            return name, [int(size), int(count)]
        case [("setup" | "echo" | "memory") as name, count]:
            return name, [int(count)]
    raise SystemExit(USAGE)


def finish(result: dict[str, float]) -> None:
    """Prints the result and leaves; connections may still be open."""
    print(json.dumps(result), flush=True)
    os._exit(0)
