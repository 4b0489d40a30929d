"""Where aiortc and the W3C differ: an object for each, of which a connection has one."""

from __future__ import annotations

from typing import Optional, Protocol

from .exceptions import InvalidStateError


class Behaviour(Protocol):
    """What a connection asks before it does what the two do in two ways."""

    rolls_back: bool
    """Whether an offer of the other side takes back one of ours."""

    keeps_early_candidates: bool
    """Whether candidates wait for the description that they belong to."""

    forgives_candidates: bool
    """Whether a candidate that fits no m-line is passed over."""

    waits_for_gathering: bool
    """Whether `setLocalDescription` returns with all candidates."""

    closes_with_the_other_side: bool
    """Whether a connection whose other side is gone closes itself."""

    opens_incoming_channels: bool
    """Whether a channel of the other side emits `open`."""

    tells_of_its_close: bool
    """Whether states that `close` changes are told by events."""

    ice_completes_with_connection: bool
    """Whether ICE is "completed" as soon as the connection is "connected", and no sooner."""

    def ice_state(self, state: str) -> Optional[str]:
        """The name of a state of ICE, if the state is shown."""

    def connection_state(self, state: str) -> Optional[str]:
        """The name of a state of the connection, if the state is shown."""


class Aiortc:
    """As aiortc does."""

    rolls_back = False
    keeps_early_candidates = True
    forgives_candidates = True
    waits_for_gathering = True
    closes_with_the_other_side = True
    opens_incoming_channels = False
    tells_of_its_close = True
    ice_completes_with_connection = True

    def ice_state(self, state: str) -> Optional[str]:
        """aiortc knows no "connected" and no "disconnected" of ICE.

        A path is "completed" once the connection uses it: the side that answers has one before
        the other side has the answer.
        """
        return None if state in ("connected", "completed") else self.connection_state(state)

    def connection_state(self, state: str) -> Optional[str]:
        """aiortc knows no "disconnected"."""
        return None if state == "disconnected" else state


class W3C:
    """As the W3C says."""

    # webrtc-pc section 4.4.1.5.
    rolls_back = True
    keeps_early_candidates = False
    forgives_candidates = False
    waits_for_gathering = False
    # webrtc-pc section 5.5: the transport is closed, and only close() closes the rest.
    closes_with_the_other_side = False
    opens_incoming_channels = True
    # webrtc-pc section 4.4.1.10.
    tells_of_its_close = False
    ice_completes_with_connection = False

    def ice_state(self, state: str) -> Optional[str]:
        """Each has a name."""
        return state

    def connection_state(self, state: str) -> Optional[str]:
        """Each has a name."""
        return state


def check_remote_description(behaviour: Behaviour, kind: str, state: str) -> None:
    """Refuse a description of the other side that cannot come in this signalling state."""
    collides = kind == "offer" and state == "have-local-offer" and not behaviour.rolls_back
    if state == "closed" or collides:
        name = "offer" if kind == "offer" else "answer"
        raise InvalidStateError(f'Cannot handle {name} in signaling state "{state}"')
