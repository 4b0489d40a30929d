"""Value classes that several modules use, each under the name of the one that offers it."""

from dataclasses import dataclass, field
from typing import Optional

# Programs print where a class is from, and pickles name it.
_PACKAGE = __name__.rpartition(".")[0]


@dataclass
class RTCIceCandidate:
    """An address at which a side may be reached."""

    __module__ = f"{_PACKAGE}.rtcicetransport"

    component: int
    """1 for RTP, and for everything that shares its port."""

    foundation: str
    """Equal for candidates that were found in the same way."""

    ip: str
    """The address."""

    port: int
    """The port."""

    priority: int
    """Which candidate to prefer: the highest."""

    protocol: str
    """`udp` or `tcp`."""

    type: str
    """`host`, `srflx`, `prflx` or `relay`."""

    relatedAddress: Optional[str] = None
    """The address that a candidate which is not `host` was derived from."""

    relatedPort: Optional[int] = None
    """The port that belongs to `relatedAddress`."""

    sdpMid: Optional[str] = None
    """The identifier of the m-line that the candidate belongs to."""

    sdpMLineIndex: Optional[int] = None
    """The number of that m-line, from zero."""

    tcpType: Optional[str] = None
    """Who connects, with TCP: `active`, `passive` or `so`."""


@dataclass
class RTCIceParameters:
    """How one side authenticates itself in ICE."""

    __module__ = f"{_PACKAGE}.rtcicetransport"

    usernameFragment: Optional[str] = None
    """The user name fragment."""

    password: Optional[str] = None
    """The password."""

    iceLite: bool = False
    """Whether that side only answers checks."""


@dataclass
class RTCDtlsFingerprint:
    """The hash of a certificate."""

    __module__ = f"{_PACKAGE}.rtcdtlstransport"

    algorithm: str
    """The hash function, such as `sha-256`."""

    value: str
    """The hash, as pairs of hexadecimal digits between colons."""


@dataclass
class RTCDtlsParameters:
    """How one side takes part in DTLS."""

    __module__ = f"{_PACKAGE}.rtcdtlstransport"

    fingerprints: list[RTCDtlsFingerprint] = field(default_factory=list)
    """The hashes of its certificate."""

    role: str = "auto"
    """`auto`, `client` or `server`."""


@dataclass
class RTCSctpCapabilities:
    """What one side can do with SCTP."""

    __module__ = f"{_PACKAGE}.rtcsctptransport"

    maxMessageSize: int
    """The size of the largest message that it takes, in bytes; 0 stands for no limit."""
