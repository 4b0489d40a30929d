"""The kinds of events that come from Rust."""

from typing import Any, Literal, Protocol

EventKind = Literal[
    # Of a connection or a transport.
    "candidate",
    "candidateerror",
    "connection",
    "datachannel",
    "dtls",
    "gathering",
    "ice",
    "negotiationneeded",
    "sctp",
    "signaling",
    # Of a channel.
    "bufferedamountlow",
    "closed",
    "closing",
    "open",
    "readable",
    # Of a transceiver, beside "readable".
    "ended",
    "keyframe",
    "mute",
    "unmute",
    # Of a channel that fails, and of an operation.
    "error",
    "done",
]

STATES: frozenset[EventKind] = frozenset(
    ("connection", "dtls", "gathering", "ice", "sctp", "signaling")
)
"""A coroutine that handles a change of these sees the state that it is about: it gets its turn
before the next change."""


class Target(Protocol):
    """Something that Rust has events for."""

    def _on_event(self, kind: EventKind, payload: Any) -> None:
        """Take one event."""
