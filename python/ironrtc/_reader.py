"""The messages of a channel on their way from SCTP to the program."""

from __future__ import annotations

import asyncio
import contextlib
from collections import deque
from collections.abc import Callable
from typing import Any, Literal, Union

from ._loop import report_exception
from ._states import resolve

Message = Union[bytes, str]

_MESSAGES_PER_TURN = 256


class Reader:
    """What was taken out of SCTP, and who reads it: listeners, or a loop over the channel.

    What is held is a batch, or the rest of a channel that has closed, which is no more than
    SCTP's window. Everything else stays in SCTP and holds back the other side.
    """

    def __init__(self, recv: "Callable[[int], tuple[list[Message], bool]]") -> None:
        self.iterated = False
        """Whether the program reads by iterating."""
        self.__recv = recv
        self.__held: deque[Message] = deque()
        self.__waiting: list[asyncio.Future[None]] = []
        self.__over = False
        self.__ended = False

    def iterate(self, channel: object) -> "Messages":
        """Iterate over the messages; `channel` is kept as long as that."""
        self.iterated = True
        return Messages(self, self.__held, channel)

    async def next(self) -> Message:
        """Wait for a message, and hold those that have come with it."""
        while True:
            if self.__held:
                return self.__held.popleft()
            if self.__take():
                # A stream of messages must not keep others from their turn.
                await asyncio.sleep(0)
            elif self.__ended:
                raise StopAsyncIteration
            else:
                waiter = asyncio.get_running_loop().create_future()
                self.__waiting.append(waiter)
                await waiter

    def deliver(
        self, channel: object, emit: Callable[..., Any]
    ) -> Literal["more", "done", "unheard"]:
        """Emit a batch of messages while somebody listens, and say if there may be more.

        What nobody listens for stays where it is: in SCTP, whose window then closes.
        """
        held, more = self.__held, True
        if not held:
            messages, more = self.__recv(_MESSAGES_PER_TURN)
            held.extend(messages)
        while held:
            if self.iterated:
                self.wake()
                return "done"
            message = held.popleft()
            try:
                heard = emit("message", message)
            except Exception as exc:
                report_exception(channel, exc)
                continue
            if heard is False and not self.__over:
                # The last listener has left.
                held.appendleft(message)
                return "unheard"
        return "more" if more and not self.__over else "done"

    def has_unread(self) -> bool:
        """Whether a message waits to be read."""
        if not self.__held:
            self.__held.extend(self.__recv(1)[0])
        return bool(self.__held)

    def take_rest(self) -> None:
        """Take over all messages of a channel that closes.

        They are no more than SCTP's window, and the channel can close, as the other side wants
        it. Whoever listens later still gets them.
        """
        while self.__take():
            pass
        self.wake()

    def stop(self) -> None:
        """Deliver nothing more: the program has closed the connection itself."""
        self.__over = True
        self.__held.clear()

    def end(self) -> None:
        """The channel is closed: nothing more will come."""
        self.__ended = True
        self.wake()

    def wake(self) -> None:
        """Have those look again who wait for a message."""
        waiters, self.__waiting = self.__waiting, []
        for waiter in waiters:
            # The reader may be in another thread's loop, or in one that is closed.
            with contextlib.suppress(RuntimeError):
                waiter.get_loop().call_soon_threadsafe(resolve, waiter)

    def __take(self) -> bool:
        """Take a batch out of SCTP; false if there is none."""
        messages, _ = self.__recv(_MESSAGES_PER_TURN)
        self.__held.extend(messages)
        return bool(messages)


class Messages:
    """The iterator over a channel's messages."""

    def __init__(self, reader: Reader, held: deque[Message], channel: object) -> None:
        self._reader = reader
        self._held = held
        self._channel = channel

    def __aiter__(self) -> "Messages":
        return self

    async def __anext__(self) -> Message:
        if self._held:
            return self._held.popleft()
        return await self._reader.next()
