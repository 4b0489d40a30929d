"""Arithmetic of serial numbers (RFC 1982), and random numbers."""

import os
from struct import unpack

__all__ = [
    "os",
    "random16",
    "random32",
    "uint16_add",
    "uint16_gt",
    "uint16_gte",
    "uint32_add",
    "uint32_gt",
    "uint32_gte",
    "unpack",
]


def random16() -> int:
    """A random number of 16 bits."""
    return int.from_bytes(os.urandom(2), "big")


def random32() -> int:
    """A random number of 32 bits."""
    return int.from_bytes(os.urandom(4), "big")


def _is_after(a: int, b: int, bits: int) -> bool:
    # RFC 1982 section 3.2: numbers that are half the circle apart are in no order.
    return 0 < (a - b) % (1 << bits) < 1 << (bits - 1)


def uint16_add(a: int, b: int) -> int:
    """`a` + `b`, in 16 bits."""
    return (a + b) % (1 << 16)


def uint16_gt(a: int, b: int) -> bool:
    """Whether `a` comes after `b`, in 16 bits that wrap."""
    return _is_after(a, b, 16)


def uint16_gte(a: int, b: int) -> bool:
    """Whether `a` is `b` or comes after it, in 16 bits that wrap."""
    return a == b or _is_after(a, b, 16)


def uint32_add(a: int, b: int) -> int:
    """`a` + `b`, in 32 bits."""
    return (a + b) % (1 << 32)


def uint32_gt(a: int, b: int) -> bool:
    """Whether `a` comes after `b`, in 32 bits that wrap."""
    return _is_after(a, b, 32)


def uint32_gte(a: int, b: int) -> bool:
    """Whether `a` is `b` or comes after it, in 32 bits that wrap."""
    return a == b or _is_after(a, b, 32)
