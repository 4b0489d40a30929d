"""Where the Rust core meets asyncio: one inbox for each event loop.

Rust works on its own threads. What it has to tell goes into the inbox of the loop that the
object belongs to; the first entry of an empty inbox wakes the loop, which then takes all
entries in one call. So a burst of events costs one wake.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from typing import Any, Optional

from . import _ironrtc
from ._events import STATES, EventKind, Target

logger = logging.getLogger("ironrtc")

_MAX_BATCH = 1024


class Inbox:
    """The events of one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        # The loop must not be kept alive by its own inbox, or neither would ever be freed.
        self._loop = weakref.ref(loop)
        self._targets: dict[int, Target] = {}
        self._entries: deque[tuple[int, EventKind, Any]] = deque()
        self._continuing = False
        self._pid = os.getpid()
        self.native = _ironrtc.Inbox()
        fd = self.native.fileno()
        drain = _drain_of(weakref.ref(self))
        try:
            loop.add_reader(fd, drain)
        except NotImplementedError:
            # Windows' proactor loop watches no descriptors.
            self.native.set_wake(lambda: self._wake_from_thread(drain))

    @property
    def loop(self) -> Optional[asyncio.AbstractEventLoop]:
        """The loop, while it exists."""
        return self._loop()

    @property
    def usable(self) -> bool:
        """Whether events that are put in can still come out."""
        loop = self._loop()
        return loop is not None and not loop.is_closed() and self._pid == os.getpid()

    def register(self, token: int, target: Target, *, weak: bool = False) -> None:
        """Send the events of `token` to `target`, and keep `target` alive until it leaves.

        A `weak` registration does not keep it alive.
        """
        if weak:
            self._targets[token] = _Weak(weakref.ref(target, _forget(self._targets, token)))
        else:
            self._targets[token] = target

    def unregister(self, token: int) -> None:
        """Drop whatever still comes for `token`."""
        self._targets.pop(token, None)

    async def run(self, start: Callable[[_ironrtc.Inbox, int], Any]) -> Any:
        """Start an operation in Rust, and wait for its result.

        `start` gets the inbox and a token; it returns `(True, result)` if the operation was
        done at once, and `(False, None)` if its result comes through the inbox.
        """
        token = next_token()
        done, result = start(self.native, token)
        if done:
            return result
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._targets[token] = _Completion(future)
        try:
            # The operation runs to its end even if the waiter is cancelled, as W3C's chain of
            # operations wants it.
            return await future
        finally:
            self._targets.pop(token, None)

    def drain(self) -> None:
        """Hand out a batch of events. The next one stays in Rust until this one is through."""
        if not self._continuing:
            self._entries.extend(self.native.drain(_MAX_BATCH))
            self._hand_out()

    def _continue(self) -> None:
        self._continuing = False
        self._hand_out()
        if not self._continuing and len(self.native):
            # Its wake came while this batch was under way.
            self.drain()

    def _hand_out(self) -> None:
        targets, entries = self._targets, self._entries
        while entries:
            token, kind, payload = entries.popleft()
            target = targets.get(token)
            if target is None:
                continue
            try:
                target._on_event(kind, payload)
            except Exception as exc:
                # A handler's error must not cost the other events of the batch.
                report_exception(target, exc)
            loop = self._loop()
            if kind in STATES and entries and loop is not None:
                self._continuing = True
                loop.call_soon(self._continue)
                return

    def _wake_from_thread(self, drain: Callable[[], None]) -> None:
        loop = self._loop()
        if loop is not None:
            # The loop may close between the check and the call.
            with contextlib.suppress(RuntimeError):
                loop.call_soon_threadsafe(drain)


class _Weak:
    """Passes events on to something that others keep alive."""

    def __init__(self, reference: "weakref.ref[Target]") -> None:
        self._reference = reference

    def __repr__(self) -> str:
        return repr(self._reference())

    def _on_event(self, kind: EventKind, payload: Any) -> None:
        target = self._reference()
        if target is not None:
            target._on_event(kind, payload)


def _forget(targets: dict[int, Target], token: int) -> Callable[[object], None]:
    def forget(_: object) -> None:
        targets.pop(token, None)

    return forget


class _Completion:
    """The end of one operation."""

    def __init__(self, future: "asyncio.Future[Any]") -> None:
        self._future = future

    def _on_event(self, kind: EventKind, payload: Any) -> None:
        if self._future.done():
            return
        if kind == "error":
            self._future.set_exception(payload)
        else:
            self._future.set_result(payload)


def _drain_of(reference: "weakref.ref[Inbox]") -> Callable[[], None]:
    def drain() -> None:
        inbox = reference()
        if inbox is not None:
            inbox.drain()

    return drain


def report_exception(target: object, exc: Exception) -> None:
    """Report what a handler has raised, as asyncio reports what a callback has raised."""
    try:
        loop: Optional[asyncio.AbstractEventLoop] = asyncio.get_running_loop()
    except RuntimeError:
        loop = None
    context = {"message": f"Exception in an event handler of {target!r}", "exception": exc}
    if loop is not None and not loop.is_closed():
        loop.call_exception_handler(context)
    else:
        logger.error("%s", context["message"], exc_info=exc)


_tokens = itertools.count(1)
_inboxes: "weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, Inbox]" = (
    weakref.WeakKeyDictionary()
)
_inboxes_lock = threading.Lock()


def next_token() -> int:
    """A number that names an object or an operation towards Rust; none is used twice."""
    return next(_tokens)


def current_inbox() -> Inbox:
    """The inbox of the running loop."""
    loop = asyncio.get_running_loop()
    with _inboxes_lock:
        inbox = _inboxes.get(loop)
        if inbox is None or not inbox.usable:
            inbox = _inboxes[loop] = Inbox(loop)
        return inbox


def running_inbox() -> Optional[Inbox]:
    """The inbox of the running loop, or `None` outside a loop."""
    try:
        return current_inbox()
    except RuntimeError:
        return None


def _after_fork_in_child() -> None:
    # The child has none of the parent's threads and must not touch its loops.
    global _inboxes, _inboxes_lock
    _inboxes = weakref.WeakKeyDictionary()
    _inboxes_lock = threading.Lock()
    _ironrtc.after_fork_in_child()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork_in_child)
