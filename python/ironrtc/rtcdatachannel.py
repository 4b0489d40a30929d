"""Data channels: messages of bytes or text to the other side."""

from __future__ import annotations

import contextlib
import logging
import weakref
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, Union

from pyee.asyncio import AsyncIOEventEmitter

from . import _ironrtc
from ._events import EventKind
from ._loop import Inbox, current_inbox, next_token
from ._names import module_names
from ._reader import Reader
from .exceptions import InvalidStateError

if TYPE_CHECKING:
    from typing_extensions import Buffer

    from .rtcsctptransport import RTCSctpTransport

__all__ = [
    "AsyncIOEventEmitter",
    "InvalidStateError",
    "Optional",
    "RTCDataChannel",
    "RTCDataChannelParameters",
    "Union",
    "dataclass",
    "logger",
    "logging",
]

logger = logging.getLogger(__name__)

# For so long, in seconds, a program may leave messages unread without being told.
_PATIENCE = 5.0
# Above the first, `drain` waits until no more than the second is queued. What is left keeps the
# network busy until the program has woken up.
_HIGH_WATER = 1 << 20
_LOW_WATER = 1 << 18
_MAX_THRESHOLD = 4294967295
_MAX_ID = 65534


@dataclass
class RTCDataChannelParameters:
    """The settings of a data channel."""

    label: str = ""
    """A name for the application's use."""

    maxPacketLifeTime: Optional[int] = None
    """For how many milliseconds a message is sent again when it is lost."""

    maxRetransmits: Optional[int] = None
    """How many times a message is sent again when it is lost."""

    ordered: bool = True
    """Whether messages arrive in the order in which they were sent."""

    protocol: str = ""
    """The name of the protocol that the application speaks."""

    negotiated: bool = False
    """Whether both sides create the channel themselves, with the same `id`."""

    id: Optional[int] = None
    """The number of the channel, 0 to 65534."""


class RTCDataChannel(AsyncIOEventEmitter):
    """A channel for messages.

    Events: `open()`, `message(data)`, `bufferedamountlow()`, `close()`; and, not in aiortc,
    `closing()` when the other side begins to close.

    Besides `message` events, messages can be read with `async for message in channel`. Messages
    wait until the program does one or the other, and hold back the other side meanwhile.

    All channels of a connection share one receive window (8 MiB at first). A channel that
    nobody reads fills it, and then no channel of the connection receives any more: on the other
    side `bufferedAmount` grows on all of them, and nothing is lost. It all goes on once the
    messages are read. So listen to each channel, at least to throw away what it brings, `close`
    those that are not wanted, and give bulk data that must not hold up others a connection of
    its own.
    """

    def __init__(
        self,
        transport: "RTCSctpTransport",
        parameters: RTCDataChannelParameters,
        send_open: bool = True,
    ) -> None:
        super().__init__()
        self._prepare(transport, parameters)
        if parameters.negotiated and (
            parameters.id is None or not 0 <= parameters.id <= _MAX_ID
        ):
            raise ValueError(
                f"ID must be in range 0-{_MAX_ID} if data channel is negotiated out-of-band"
            )
        # `send_open` tells channels that we announce from those that the other side announced;
        # the core makes the latter itself.
        self._bind(transport._open_channel(self, parameters))
        transport._attach_channel(self)

    @classmethod
    def _accept(
        cls, transport: "RTCSctpTransport", native: _ironrtc.DataChannel
    ) -> "RTCDataChannel":
        """Wrap a channel that the other side has opened."""
        channel = cls.__new__(cls)
        AsyncIOEventEmitter.__init__(channel)
        parameters = RTCDataChannelParameters(
            label=native.label,
            maxPacketLifeTime=native.max_packet_life_time,
            maxRetransmits=native.max_retransmits,
            ordered=native.ordered,
            protocol=native.protocol,
            negotiated=False,
            id=native.id,
        )
        channel._prepare(transport, parameters)
        channel._bind(native)
        channel.__set_state("open")
        return channel

    def _prepare(
        self, transport: "RTCSctpTransport", parameters: RTCDataChannelParameters
    ) -> None:
        self.__bufferedAmountLowThreshold = 0
        self.__id = parameters.id if parameters.negotiated else None
        self.__parameters = parameters
        self.__readyState = "connecting"
        self.__transport = transport
        self.__inbox: Optional[Inbox] = None
        self.__token = next_token()
        self.__patient = False
        self.__early: Optional[list[tuple[EventKind, Any]]] = []

    def _bind(self, native: _ironrtc.DataChannel) -> None:
        self.__native = native
        self.__send = native.send
        self.__reader = Reader(native.recv)

    def _attach(self, inbox: Inbox) -> None:
        """Deliver events to the loop of `inbox` from now on."""
        if self.__inbox is inbox or self.__readyState == "closed":
            return
        if self.__inbox is not None:
            self.__inbox.unregister(self.__token)
        self.__inbox = inbox
        # The transport keeps the channel; an inbox alone must not.
        inbox.register(self.__token, self, weak=True)
        self.__native.attach(inbox.native, self.__token)

    @property
    def bufferedAmount(self) -> int:
        """How many bytes of data are queued and not yet sent to the network."""
        return self.__native.buffered_amount() if self.__readyState != "closed" else 0

    @property
    def bufferedAmountLowThreshold(self) -> int:
        """The queued bytes at which `bufferedamountlow` is emitted, on the way down."""
        return self.__bufferedAmountLowThreshold

    @bufferedAmountLowThreshold.setter
    def bufferedAmountLowThreshold(self, value: int) -> None:
        if value < 0 or value > _MAX_THRESHOLD:
            raise ValueError(
                f"bufferedAmountLowThreshold must be in range 0 - {_MAX_THRESHOLD}"
            )
        self.__bufferedAmountLowThreshold = value
        self.__native.set_buffered_amount_low_threshold(value)

    @property
    def negotiated(self) -> bool:
        """Whether both sides create the channel themselves."""
        return self.__parameters.negotiated

    @property
    def id(self) -> Optional[int]:
        """The number of the channel. `None` until the connection knows it."""
        if self.__id is None:
            self.__id = self.__native.id
        return self.__id

    @property
    def label(self) -> str:
        """A name for the application's use."""
        return self.__parameters.label

    @property
    def ordered(self) -> bool:
        """Whether messages arrive in the order in which they were sent."""
        return self.__parameters.ordered

    @property
    def maxPacketLifeTime(self) -> Optional[int]:
        """For how many milliseconds a message is sent again when it is lost."""
        return self.__parameters.maxPacketLifeTime

    @property
    def maxRetransmits(self) -> Optional[int]:
        """How many times a message is sent again when it is lost."""
        return self.__parameters.maxRetransmits

    @property
    def protocol(self) -> str:
        """The name of the protocol that the application speaks."""
        return self.__parameters.protocol

    @property
    def readyState(self) -> str:
        """`connecting`, `open`, `closing` or `closed`."""
        return self.__readyState

    @property
    def transport(self) -> "RTCSctpTransport":
        """The transport that carries the channel."""
        return self.__transport

    def send(self, data: "Union[bytes, str, Buffer]") -> None:
        """Send a message, without waiting.

        `bytes` and `str` are not copied. Objects that can change, such as `bytearray`, are
        copied once, since they may change before the message leaves. Use `drain` not to queue
        more than the network takes.
        """
        if self.__readyState != "open":
            raise InvalidStateError
        if not self.__send(data):
            # The channel has just closed, and the event that says so is on its way. The message
            # is lost, as one that was sent a moment ago would be.
            self.__set_state("closing")

    def close(self) -> None:
        """Close the channel, after what is queued has been sent."""
        if self.__readyState == "connecting" and self.__transport.state == "new":
            # The other side has not heard of it.
            self.__native.close()
            self._closed(by_us=True)
        elif self.__readyState in ("connecting", "open"):
            self.__set_state("closing")
            self.__native.close()

    async def drain(self) -> None:
        """Wait until it is sensible to send more.

        Returns at once while no more than 1 MiB is queued, otherwise once no more than 256 KiB
        are. Raises `InvalidStateError` when the channel is closed.
        """
        if self.__readyState not in ("open", "connecting"):
            raise InvalidStateError
        if self.__native.buffered_amount() > _HIGH_WATER:
            await current_inbox().run(
                lambda inbox, token: self.__native.drain(inbox, token, _LOW_WATER)
            )

    def __aiter__(self) -> AsyncIterator[Union[bytes, str]]:
        """Iterate over the messages until the channel is closed.

        From the first iteration on, there are no more `message` events, and messages that the
        program has not read hold back the other side.
        """
        return self.__reader.iterate(self)

    def _add_event_handler(
        self, event: str, k: Callable[..., Any], v: Callable[..., Any]
    ) -> None:
        super()._add_event_handler(event, k, v)
        loop = None if self.__inbox is None else self.__inbox.loop
        if event == "message" and loop is not None:
            # Messages may have waited for somebody to listen. The loop may be closed, though.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(self.__on_readable)

    def _on_event(self, kind: EventKind, payload: Any) -> None:
        if self.__early is not None:
            if self.__transport.state in ("new", "connecting"):
                # The transport's own news, that it is connected, comes first.
                self.__early.append((kind, payload))
                return
            self._release_events()
        match kind:
            case "readable":
                self.__on_readable()
            case "open":
                if self.__readyState == "connecting":
                    self.__set_state("open")
                    self.emit("open")
            case "bufferedamountlow":
                self.emit("bufferedamountlow")
            case "closing":
                if self.__readyState in ("connecting", "open"):
                    self.__set_state("closing")
                    self.emit("closing")
                self.__take_rest()
            case "closed":
                self._closed()
            case "error":
                logger.debug("RTCDataChannel(%s) %s", self.label, payload)

    def _release_events(self) -> None:
        """The transport is connected: go on with what the channel had to tell."""
        early, self.__early = self.__early or [], None
        for kind, payload in early:
            self._on_event(kind, payload)

    def __set_state(self, state: str) -> None:
        if logger.isEnabledFor(logging.DEBUG):
            id = self.id if state == "open" else self.__id
            logger.debug("RTCDataChannel(%s) - %s -> %s", id, self.__readyState, state)
        self.__readyState = state

    def __on_readable(self) -> None:
        if self.__reader.iterated:
            self.__reader.wake()
        elif self.__early is not None and self.__transport.state in ("new", "connecting"):
            # What is early will say again that there are messages.
            return
        elif not self.listeners("message"):
            self.__on_unheard()
        elif self.__deliver() and self.__inbox is not None:
            # Others get their turn before the next batch.
            loop = self.__inbox.loop
            if loop is not None:
                loop.call_soon(self.__on_readable)

    def __deliver(self) -> bool:
        """Deliver a batch of messages while somebody listens, and say if there may be more."""
        delivered = self.__reader.deliver(self, self.emit)
        if delivered == "unheard":
            self.__on_unheard()
        return delivered == "more"

    def __on_unheard(self) -> None:
        """Nobody listens: let a channel close, and warn of one that stays like that."""
        if self.__readyState == "closing":
            self.__take_rest()
        elif not self.__patient and self.__inbox is not None:
            self.__patient = True
            loop = self.__inbox.loop
            if loop is not None:
                loop.call_later(_PATIENCE, _warn_of_unread, weakref.ref(self))

    def _warn_of_unread(self) -> None:
        self.__patient = False
        if self.__reader.iterated or self.__readyState != "open" or self.listeners("message"):
            return
        if not self.__reader.has_unread():
            return
        self.__patient = True
        logger.warning(
            "RTCDataChannel(%s) has messages that nobody reads, and holds the other side back:"
            ' listen to "message", or iterate over the channel',
            self.label,
        )

    def __take_rest(self) -> None:
        """Take over the messages of a channel that closes, if nobody reads them now."""
        if self.__reader.iterated or not self.listeners("message"):
            self.__reader.take_rest()

    def _closed(self, *, by_us: bool = False) -> None:
        """The channel is closed: deliver what came before, emit `close`, and let go.

        Messages for a program that has closed the connection itself are not delivered.
        """
        if self.__readyState == "closed":
            return
        if by_us:
            self.__reader.stop()
        else:
            reader = self.__reader
            while self.listeners("message") and not reader.iterated and self.__deliver():
                pass
            self.__take_rest()
        self.__set_state("closed")
        self.__reader.end()
        if self.__inbox is not None:
            self.__inbox.unregister(self.__token)
        self.__transport._forget_channel(self)
        try:
            self.emit("close")
        finally:
            # No event follows; listeners would only keep objects alive.
            self.remove_all_listeners()


def _warn_of_unread(reference: "weakref.ref[RTCDataChannel]") -> None:
    channel = reference()
    if channel is not None:
        channel._warn_of_unread()


__getattr__, __dir__ = module_names(globals())
