"""Connections of one process that talk to each other.

In aiortc both ends of such a connection live in one loop, and the goodbye of one is handled by
the other before `close` returns. Here it passes through threads of Rust, so `close` waits.
"""

from __future__ import annotations

import asyncio
import re
import weakref
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, Optional

from ._states import resolve

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


class Farewell:
    """The end of one connection: what it waits for, and what waits for it."""

    def __init__(self) -> None:
        self.__closing: Optional[asyncio.Task[None]] = None
        self.__by_peer = False
        self.__gone: Optional[asyncio.Future[None]] = None

    @property
    def has_begun(self) -> bool:
        """Whether the connection is being closed, or was."""
        return self.__closing is not None

    def begin(self, closing: Coroutine[Any, Any, None], *, by_peer: bool = False) -> None:
        """Close, in the background. `by_peer` says that the other side wanted it."""
        self.__closing = asyncio.ensure_future(closing)
        self.__by_peer = by_peer

    async def done(self) -> None:
        """Return once it is closed; at once in another loop than the one that closes it."""
        closing = self.__closing
        if closing is not None and closing.get_loop() is asyncio.get_running_loop():
            # Whoever waits may be cancelled; the closing goes on.
            await asyncio.shield(closing)

    def on_peer_gone(self) -> None:
        """The other side's goodbye was handled."""
        if self.__gone is not None:
            resolve(self.__gone)

    async def heard(self, will_hear: bool) -> None:
        """Return once the other side's goodbye, which is on its way, was handled here.

        `will_hear` says that it was not yet.
        """
        if will_hear:
            gone = self.__gone = asyncio.get_running_loop().create_future()
            await _patiently(gone)
        # A program's own close() may be waiting for us in turn.
        if self.__by_peer and self.__closing is not None:
            await _patiently(self.__closing)
        # Handlers that are coroutines begin.
        await asyncio.sleep(0)


async def _patiently(future: "asyncio.Future[None]") -> None:
    """Wait for what is bound to happen soon, but not for ever. Cancels nothing."""
    await asyncio.wait([future], timeout=_PATIENCE)
