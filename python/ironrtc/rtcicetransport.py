"""ICE: candidates, and the transport that finds a path with them."""

import asyncio
import contextlib
import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Optional

from pyee.asyncio import AsyncIOEventEmitter

from ._ice_servers import transport_policies
from ._names import module_names
from ._standalone import StandaloneLink
from ._values import RTCIceCandidate, RTCIceParameters
from .exceptions import InvalidStateError
from .rtcconfiguration import RTCIceServer, RTCIceTransportPolicy

if TYPE_CHECKING:
    from ._link import Link

logger = logging.getLogger(__name__)

__all__ = [
    "RTCIceCandidate",
    "RTCIceGatherer",
    "RTCIceParameters",
    "RTCIceTransport",
]


class RTCIceGatherer(AsyncIOEventEmitter):
    """Finds the addresses at which this side may be reached.

    Event: `statechange()`.
    """

    def __init__(
        self,
        iceServers: Optional[list[RTCIceServer]] = None,
        iceTransportPolicy: RTCIceTransportPolicy = RTCIceTransportPolicy.ALL,
        local_username: Optional[str] = None,
        local_password: Optional[str] = None,
    ) -> None:
        super().__init__()
        servers = self.getDefaultIceServers() if iceServers is None else iceServers
        self._prepare(
            StandaloneLink(servers, iceTransportPolicy, local_username, local_password)
        )

    @classmethod
    def _of(cls, link: "Link") -> "RTCIceGatherer":
        gatherer = cls.__new__(cls)
        AsyncIOEventEmitter.__init__(gatherer)
        gatherer._prepare(link)
        return gatherer

    def _prepare(self, link: "Link") -> None:
        self._link = link
        self.__state = "new"
        link.gatherer = self

    @property
    def state(self) -> str:
        """`new`, `gathering` or `completed`."""
        return self.__state

    async def gather(self) -> None:
        """Gather candidates. Returns when all are known."""
        if self.__state == "new":
            self._set_state("gathering")
            await self._link.gather()
            self._set_state("completed")

    @classmethod
    def getDefaultIceServers(cls) -> list[RTCIceServer]:
        """The servers that are used if none are given."""
        return [RTCIceServer(urls="stun:stun.l.google.com:19302")]

    def getLocalCandidates(self) -> list[RTCIceCandidate]:
        """The candidates that were gathered so far."""
        return self._link.local_candidates()

    def getLocalParameters(self) -> RTCIceParameters:
        """The user name fragment and the password of this side."""
        return self._link.local_parameters()

    def _set_state(self, state: str) -> None:
        if state != self.__state:
            self.__state = state
            self.emit("statechange")

    def _close(self) -> None:
        self.remove_all_listeners()


class RTCIceTransport(AsyncIOEventEmitter):
    """Finds a path to the other side, and keeps it open.

    Event: `statechange()`.
    """

    def __init__(self, gatherer: RTCIceGatherer) -> None:
        super().__init__()
        self.__gatherer = gatherer
        self.__starting: Optional[asyncio.Future[None]] = None
        self.__state = "new"
        self._link = gatherer._link
        self._link.ice = self

    @property
    def iceGatherer(self) -> RTCIceGatherer:
        """The gatherer that was passed to the constructor."""
        return self.__gatherer

    @property
    def role(self) -> str:
        """`controlling` or `controlled`."""
        return self._link.ice_role()

    @property
    def state(self) -> str:
        """`new`, `checking`, `completed`, `failed` or `closed`."""
        return self.__state

    async def addRemoteCandidate(self, candidate: Optional[RTCIceCandidate]) -> None:
        """Add a candidate of the other side. `None` says that no more will come."""
        # A late candidate is of no use, and of no harm.
        if self.__state not in ("closed", "failed"):
            await self._link.add_remote_candidate(candidate)

    def getRemoteCandidates(self) -> list[RTCIceCandidate]:
        """The candidates of the other side."""
        return [replace(each) for each in self._link.remote_candidates()]

    async def start(self, remoteParameters: RTCIceParameters) -> None:
        """Find a path. Returns when one was found, or when there is none."""
        if self.__state == "closed":
            raise InvalidStateError("RTCIceTransport is closed")
        if self.__starting is None:
            self._set_state("checking")
            self.__starting = asyncio.ensure_future(self._link.start_ice(remoteParameters))
        # Whoever waits may be cancelled; the checks go on.
        await asyncio.shield(self.__starting)

    async def stop(self) -> None:
        """Stop ICE, for good."""
        if self.__state != "closed":
            self._set_state("closed")
            await self._link.stop_ice()
            self._close()

    def _set_state(self, state: str) -> None:
        if state != self.__state and self.__state != "closed":
            if logger.isEnabledFor(logging.DEBUG):
                # In a forked child nobody knows the role.
                with contextlib.suppress(InvalidStateError):
                    logger.debug(
                        "RTCIceTransport(%s) - %s -> %s", self.role, self.__state, state
                    )
            self.__state = state
            self.emit("statechange")

    def _close(self) -> None:
        self._set_state("closed")
        self.remove_all_listeners()
        self.__gatherer._close()


__getattr__, __dir__ = module_names(globals(), ICE_TRANSPORT_POLICIES=transport_policies)
