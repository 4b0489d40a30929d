"""What an `RTCPeerConnection` can be configured with."""

import enum
from dataclasses import dataclass, field
from typing import Optional, Union

from ._ironrtc import Recorder

__all__ = ["RTCBundlePolicy", "RTCConfiguration", "RTCIceServer", "RTCIceTransportPolicy"]


@dataclass
class RTCIceServer:
    """A STUN or TURN server that ICE may use to find a path to the other side."""

    urls: Union[str, list[str]]
    """One URL such as `stun:host:3478`, or a list of them."""

    username: Optional[str] = None
    """The user name towards a TURN server."""

    credential: Optional[str] = None
    """The secret that belongs to `username`."""

    credentialType: str = "password"
    """How `credential` is used. Only `password` exists."""


class RTCBundlePolicy(enum.Enum):
    """How many transports to gather for when the other side does not know BUNDLE.

    BUNDLE (RFC 9143) puts every m-line on one transport.
    """

    BALANCED = "balanced"
    """One transport for each kind: audio, video and data."""

    MAX_COMPAT = "max-compat"
    """One transport for each m-line."""

    MAX_BUNDLE = "max-bundle"
    """One transport for everything."""


class RTCIceTransportPolicy(enum.Enum):
    """Which local candidates ICE may use."""

    ALL = "all"
    """Every candidate."""

    RELAY = "relay"
    """Relayed candidates only, so that the other side does not learn our addresses."""


@dataclass
class RTCConfiguration:
    """The settings of an `RTCPeerConnection`."""

    iceServers: Optional[list[RTCIceServer]] = None
    """The servers to use. `None` takes the default STUN server, `[]` takes none."""

    iceTransportPolicy: RTCIceTransportPolicy = RTCIceTransportPolicy.ALL
    """Which local candidates may be used."""

    bundlePolicy: RTCBundlePolicy = RTCBundlePolicy.BALANCED
    """How to group m-lines on transports."""

    alwaysNegotiateDataChannels: bool = False
    """Offer an m-line for data channels even before one is created."""

    # The rest is not in the `repr`, which is aiortc's.
    congestionControl: Optional[str] = field(default=None, repr=False)
    """IronRTC only: how fast data channels send, `bbr` or `cubic`. `None` takes `bbr`."""

    resolveNames: bool = field(default=False, repr=False)
    """IronRTC only: look up all names in the peer's candidates, not only those under `.local`.

    Who writes the peer's description could have names inside this network looked up.
    """

    recorder: Optional[Recorder] = field(default=None, repr=False)
    """IronRTC only: files that show what the connection does."""
