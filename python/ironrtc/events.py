"""Objects that describe events."""

from dataclasses import dataclass
from typing import Optional

from .mediastreams import MediaStreamTrack
from .rtcrtpreceiver import RTCRtpReceiver
from .rtcrtptransceiver import RTCRtpTransceiver

__all__ = [
    "MediaStreamTrack",
    "RTCPeerConnectionIceErrorEvent",
    "RTCRtpReceiver",
    "RTCRtpTransceiver",
    "RTCTrackEvent",
    "dataclass",
]


@dataclass
class RTCTrackEvent:
    """A track that the other side has added."""

    receiver: RTCRtpReceiver
    """The receiver that the track comes from."""

    track: MediaStreamTrack
    """The track."""

    transceiver: RTCRtpTransceiver
    """The transceiver that the receiver belongs to."""


@dataclass
class RTCPeerConnectionIceErrorEvent:
    """A STUN or TURN server that could not be used: what `icecandidateerror` carries."""

    url: str
    """The server."""

    errorCode: int
    """The server's answer (300 to 699), or 701 if it was not reached."""

    errorText: str
    """What went wrong."""

    address: Optional[str] = None
    """The local address that was used."""

    port: Optional[int] = None
    """The local port that was used."""
