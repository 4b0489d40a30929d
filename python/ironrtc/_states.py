"""The states that a connection shows, in the words of aiortc or of the W3C."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from typing import Optional

from ._behaviour import Behaviour

logger = logging.getLogger("ironrtc.rtcpeerconnection")


class States:
    """What a connection shows of itself.

    The setters give the name of the event that tells of a change, if there is one to tell.
    """

    def __init__(self, behaviour: Behaviour) -> None:
        self.connection = "new"
        self.ice = "new"
        self.gathering = "new"
        self.signaling = "stable"
        self.closed = False
        self.__behaviour = behaviour
        self.__gathered: list[asyncio.Future[None]] = []

    def set_signaling(self, state: str) -> Optional[str]:
        """Offers and answers came to `state`."""
        if state == self.signaling or self.signaling == "closed":
            return None
        log_debug("signalingState %s -> %s", self.signaling, state)
        self.signaling = state
        return self.__told("signalingstatechange")

    def set_gathering(self, state: str) -> Optional[str]:
        """The gathering of candidates came to `state`."""
        if state == self.gathering:
            return None
        log_debug("iceGatheringState %s -> %s", self.gathering, state)
        self.gathering = state
        return "icegatheringstatechange"

    def complete_ice(self) -> Optional[str]:
        """The path that ICE has found is used."""
        return self.__show_ice("completed") if self.ice == "checking" else None

    def set_ice(self, state: str) -> Optional[str]:
        """ICE came to `state`."""
        return self.__show_ice(self.__behaviour.ice_state(state))

    def __show_ice(self, shown: Optional[str]) -> Optional[str]:
        if shown is None or shown == self.ice or self.ice == "closed":
            return None
        log_debug("iceConnectionState %s -> %s", self.ice, shown)
        self.ice = shown
        return self.__told("iceconnectionstatechange")

    def set_connection(self, state: str) -> Optional[str]:
        """The connection as a whole came to `state`."""
        shown = self.__behaviour.connection_state(state)
        if shown is None or shown == self.connection or self.connection == "closed":
            return None
        log_debug("connectionState %s -> %s", self.connection, shown)
        self.connection = shown
        return self.__told("connectionstatechange")

    def __told(self, event: str) -> Optional[str]:
        return event if not self.closed or self.__behaviour.tells_of_its_close else None

    async def wait_for_gathering(self) -> None:
        """Return once all candidates are known, or the connection is closed."""
        while self.gathering != "complete" and not self.closed:
            waiter = asyncio.get_running_loop().create_future()
            self.__gathered.append(waiter)
            await waiter

    def wake_gathered(self) -> None:
        """Have those look again who wait for the candidates."""
        waiters, self.__gathered = self.__gathered, []
        for waiter in waiters:
            # The waiter may belong to another thread's loop.
            with contextlib.suppress(RuntimeError):
                waiter.get_loop().call_soon_threadsafe(resolve, waiter)


def log_debug(message: str, *arguments: object) -> None:
    """Log something of a connection, as aiortc words it."""
    logger.debug(f"RTCPeerConnection() {message}", *arguments)


def log_implicit(description: "Callable[[], Optional[tuple[str, str]]]") -> None:
    """Log the description that `setLocalDescription` has made, if anybody reads it."""
    if logger.isEnabledFor(logging.DEBUG):
        log_debug("setLocalDescription(%s, implicit)\n%s", *(description() or (None, None)))


def log_server_error(url: str, text: str) -> None:
    """Log what a server does not do; programs written for aiortc listen to no such event."""
    if not url.startswith("stun:"):
        logger.warning("ICE server %s: %s", url, text)


def resolve(waiter: "asyncio.Future[None]") -> None:
    """Let a waiter go on, if it still waits."""
    if not waiter.done():
        waiter.set_result(None)
