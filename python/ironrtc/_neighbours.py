"""Connections of one process that talk to each other.

In aiortc both ends of such a connection live in one loop, and the goodbye of one is handled by
the other before `close` returns. Here it passes through threads of Rust, so `close` waits.
"""

from __future__ import annotations

import asyncio
import re
import weakref
from typing import TYPE_CHECKING, Optional

if TYPE_CHECKING:
    from .rtcpeerconnection import RTCPeerConnection

# A goodbye that takes longer is lost.
_PATIENCE = 1.0

_by_fragment: "weakref.WeakValueDictionary[str, RTCPeerConnection]" = (
    weakref.WeakValueDictionary()
)
_FRAGMENT = re.compile(r"^a=ice-ufrag:(\S+)", re.MULTILINE)


def remember(connection: "RTCPeerConnection", fragment: Optional[str]) -> None:
    """Let the connection be found by its user name fragment."""
    if fragment is not None:
        _by_fragment[fragment] = connection


def neighbour(remote_sdp: Optional[str]) -> "Optional[RTCPeerConnection]":
    """The connection of this process that has described itself so, if it is one."""
    match = _FRAGMENT.search(remote_sdp or "")
    return None if match is None else _by_fragment.get(match.group(1))


async def patiently(future: "asyncio.Future[None]") -> None:
    """Wait for what is bound to happen soon, but not for ever. Cancels nothing."""
    await asyncio.wait([future], timeout=_PATIENCE)
