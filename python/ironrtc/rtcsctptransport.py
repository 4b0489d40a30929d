"""SCTP: the transport of data channels."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import logging
from dataclasses import dataclass
from typing import Optional

from pyee.asyncio import AsyncIOEventEmitter

from . import _ironrtc
from ._loop import Inbox, current_inbox, running_inbox
from ._names import module_names
from ._values import RTCSctpCapabilities
from .exceptions import InvalidStateError
from .rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from .rtcdtlstransport import RTCDtlsTransport

__all__ = ["RTCSctpCapabilities", "RTCSctpTransport"]

logger = logging.getLogger(__name__)

_MAX_MESSAGE_SIZE = 262144


class RTCSctpTransport(AsyncIOEventEmitter):
    """Carries data channels over an `RTCDtlsTransport`.

    Event: `datachannel(channel)` when the other side opens a channel.
    """

    class State(enum.Enum):
        """The states of an association (RFC 9260 section 4)."""

        CLOSED = 1
        COOKIE_WAIT = 2
        COOKIE_ECHOED = 3
        ESTABLISHED = 4
        SHUTDOWN_PENDING = 5
        SHUTDOWN_SENT = 6
        SHUTDOWN_RECEIVED = 7
        SHUTDOWN_ACK_SENT = 8

    def __init__(self, transport: RTCDtlsTransport, port: int = 5000) -> None:
        if transport.state == "closed":
            raise InvalidStateError
        super().__init__()
        self.mid: Optional[str] = None
        self.__channels: list[RTCDataChannel] = []
        self.__inbox: Optional[Inbox] = None
        self.__port = port
        self.__started = False
        self.__state = "new"
        self.__transport = transport
        self._link = transport._link
        self._link.sctp = self

    @property
    def is_server(self) -> bool:
        """Whether this side waits for the other one to begin."""
        return self.__transport.transport.role != "controlling"

    @property
    def maxChannels(self) -> Optional[int]:
        """How many channels there can be at once. `None` until the transport is connected."""
        return self._link.max_channels()

    @property
    def port(self) -> int:
        """The SCTP port of this side."""
        return self.__port

    @property
    def state(self) -> str:
        """`new`, `connecting`, `connected` or `closed`."""
        return self.__state

    @property
    def transport(self) -> RTCDtlsTransport:
        """The DTLS transport below."""
        return self.__transport

    @classmethod
    def getCapabilities(cls) -> RTCSctpCapabilities:
        """What this side can do."""
        return RTCSctpCapabilities(maxMessageSize=_MAX_MESSAGE_SIZE)

    def setTransport(self, transport: RTCDtlsTransport) -> None:
        """Move to another DTLS transport, before the start."""
        self.__transport = transport
        self._link = transport._link
        self._link.sctp = self

    async def start(self, remoteCaps: Optional[RTCSctpCapabilities], remotePort: int) -> None:
        """Connect to the SCTP port `remotePort` of the other side."""
        if self.__started:
            return
        self.__started = True
        self._set_state("connecting")
        self._attach(current_inbox())
        size = remoteCaps.maxMessageSize if remoteCaps is not None else None
        await self._link.start_sctp(self.__port, remotePort, size)

    async def stop(self) -> None:
        """Abort the association, and close all channels."""
        if self.__state != "closed":
            await self._link.stop_sctp()
            self._close(by_us=True)

    async def _data_channel_flush(self) -> None:
        """Let others run. Programs for aiortc push messages out with it; ours go at once."""
        await asyncio.sleep(0)

    async def _transmit(self) -> None:
        """Let others run, as `_data_channel_flush`."""
        await asyncio.sleep(0)

    def _set_state(self, state: str) -> None:
        if state != self.__state and self.__state != "closed":
            self.__log_state(state)
            if state == "closed":
                self._close()
            elif state == "connected":
                for channel in list(self.__channels):
                    channel._release_events()

    def __log_state(self, state: str) -> None:
        if logger.isEnabledFor(logging.DEBUG):
            # In a forked child nobody knows the role.
            with contextlib.suppress(InvalidStateError):
                side = "server" if self.is_server else "client"
                logger.debug("RTCSctpTransport(%s) - %s -> %s", side, self.__state, state)
        self.__state = state

    def _close(self, *, by_us: bool = False) -> None:
        if self.__state != "closed":
            self.__log_state("closed")
        for channel in list(self.__channels):
            channel._closed(by_us=by_us)
        self.remove_all_listeners()

    def _attach(self, inbox: Inbox) -> None:
        """Deliver the events of all channels to the loop of `inbox`."""
        self.__inbox = inbox
        for channel in list(self.__channels):
            channel._attach(inbox)

    def _open_channel(
        self, channel: RTCDataChannel, parameters: RTCDataChannelParameters
    ) -> _ironrtc.DataChannel:
        """Make the core's part of a channel of ours."""
        if parameters.negotiated:
            for each in self.__channels:
                if each.id == parameters.id:
                    raise ValueError(f"Data channel with ID {parameters.id} already registered")
        native = self._link.create_channel(parameters)
        self._keep(channel)
        return native

    def _attach_channel(self, channel: RTCDataChannel) -> None:
        """Deliver the events of a new channel of ours."""
        inbox = self.__inbox or running_inbox()
        if inbox is not None:
            channel._attach(inbox)

    def _accept_channel(self, native: _ironrtc.DataChannel) -> RTCDataChannel:
        """Wrap a channel of the other side, and tell who listens here."""
        channel = RTCDataChannel._accept(self, native)
        self._keep(channel)
        return channel

    def _keep(self, channel: RTCDataChannel) -> None:
        self.__channels.append(channel)

    def _forget_channel(self, channel: RTCDataChannel) -> None:
        if channel in self.__channels:
            self.__channels.remove(channel)


__getattr__, __dir__ = module_names(globals())
