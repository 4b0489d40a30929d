"""Data channels: messages of bytes or text to the other side."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import weakref
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, Union

from pyee.asyncio import AsyncIOEventEmitter

from . import _ironrtc
from ._events import EventKind
from ._loop import Inbox, current_inbox, next_token, report_exception
from ._names import module_names
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

_MESSAGES_PER_TURN = 256
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
        self.__iterated = False
        self.__over = False
        self.__patient = False
        # What was taken out of SCTP and not delivered: a batch, or the rest of a channel that
        # has closed, which is no more than SCTP's window.
        self.__held: deque[Union[bytes, str]] = deque()
        self.__waiting: list[asyncio.Future[None]] = []
        self.__early: Optional[list[tuple[EventKind, Any]]] = []

    def _bind(self, native: _ironrtc.DataChannel) -> None:
        self.__native = native
        self.__send = native.send

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
        self.__iterated = True
        return _Messages(self.__held, self.__next)

    async def __next(self) -> Union[bytes, str]:
        """Wait for a message, and hold those that have come with it."""
        while True:
            if self.__held:
                return self.__held.popleft()
            messages, _ = self.__native.recv(_MESSAGES_PER_TURN)
            if messages:
                self.__held.extend(messages)
                # A stream of messages must not keep others from their turn.
                await asyncio.sleep(0)
            elif self.__readyState == "closed":
                raise StopAsyncIteration
            else:
                waiter = asyncio.get_running_loop().create_future()
                self.__waiting.append(waiter)
                await waiter

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
        if self.__iterated:
            self.__wake_readers()
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
        """Deliver a batch of messages while somebody listens, and say if there may be more.

        What nobody listens for stays where it is: in SCTP, whose window then closes.
        """
        held, more, emit = self.__held, True, self.emit
        if not held:
            messages, more = self.__native.recv(_MESSAGES_PER_TURN)
            held.extend(messages)
        while held:
            if self.__iterated:
                self.__wake_readers()
                return False
            message = held.popleft()
            try:
                heard = emit("message", message)
            except Exception as exc:
                report_exception(self, exc)
                continue
            if heard is False and not self.__over:
                # The last listener has left.
                held.appendleft(message)
                self.__on_unheard()
                return False
        return more and not self.__over

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
        if self.__iterated or self.__readyState != "open" or self.listeners("message"):
            return
        if not self.__held:
            self.__held.extend(self.__native.recv(1)[0])
        if not self.__held:
            return
        self.__patient = True
        logger.warning(
            "RTCDataChannel(%s) has messages that nobody reads, and holds the other side back:"
            ' listen to "message", or iterate over the channel',
            self.label,
        )

    def __take_rest(self) -> None:
        """Take over the messages of a channel that closes, if nobody reads them now.

        They are no more than SCTP's window, and the channel can close, as the other side wants
        it. Whoever listens later still gets them.
        """
        if not self.__iterated and self.listeners("message"):
            return
        more = True
        while more:
            messages, more = self.__native.recv(_MESSAGES_PER_TURN)
            self.__held.extend(messages)
        self.__wake_readers()

    def __wake_readers(self) -> None:
        waiters, self.__waiting = self.__waiting, []
        for waiter in waiters:
            # The reader may be in another thread's loop, or in one that is closed.
            with contextlib.suppress(RuntimeError):
                waiter.get_loop().call_soon_threadsafe(_resolve, waiter)

    def _closed(self, *, by_us: bool = False) -> None:
        """The channel is closed: deliver what came before, emit `close`, and let go.

        Messages for a program that has closed the connection itself are not delivered.
        """
        if self.__readyState == "closed":
            return
        if by_us:
            self.__over = True
            self.__held.clear()
        else:
            while self.listeners("message") and not self.__iterated and self.__deliver():
                pass
            self.__take_rest()
        self.__set_state("closed")
        self.__wake_readers()
        if self.__inbox is not None:
            self.__inbox.unregister(self.__token)
        self.__transport._forget_channel(self)
        try:
            self.emit("close")
        finally:
            # No event follows; listeners would only keep objects alive.
            self.remove_all_listeners()


class _Messages:
    """The iterator over a channel's messages."""

    def __init__(
        self,
        held: deque[Union[bytes, str]],
        wait: Callable[[], Awaitable[Union[bytes, str]]],
    ) -> None:
        self._held = held
        self._wait = wait

    def __aiter__(self) -> "_Messages":
        return self

    async def __anext__(self) -> Union[bytes, str]:
        if self._held:
            return self._held.popleft()
        return await self._wait()


def _warn_of_unread(reference: "weakref.ref[RTCDataChannel]") -> None:
    channel = reference()
    if channel is not None:
        channel._warn_of_unread()


def _resolve(waiter: "asyncio.Future[None]") -> None:
    if not waiter.done():
        waiter.set_result(None)


__getattr__, __dir__ = module_names(globals())
