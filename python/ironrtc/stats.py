"""What `getStats` returns.

The first classes are aiortc's. Those after `RTCTransportStats` are the other types of the W3C's
"Identifiers for WebRTC's Statistics API". What is not known is `None`.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Optional

__all__ = [
    "RTCCertificateStats",
    "RTCCodecStats",
    "RTCDataChannelStats",
    "RTCIceCandidatePairStats",
    "RTCIceCandidateStats",
    "RTCInboundRtpStreamStats",
    "RTCMediaSourceStats",
    "RTCOutboundRtpStreamStats",
    "RTCPeerConnectionStats",
    "RTCReceivedRtpStreamStats",
    "RTCRemoteInboundRtpStreamStats",
    "RTCRemoteOutboundRtpStreamStats",
    "RTCRtpStreamStats",
    "RTCSentRtpStreamStats",
    "RTCStats",
    "RTCStatsReport",
    "RTCTransportStats",
]


@dataclass
class RTCStats:
    """The base of all statistics."""

    timestamp: datetime
    """When the figures were read."""

    type: str
    """The W3C's name of the kind of statistics."""

    id: str
    """The key in the `RTCStatsReport`."""


@dataclass
class RTCRtpStreamStats(RTCStats):
    """An RTP stream."""

    ssrc: int
    kind: str
    transportId: str


@dataclass
class RTCReceivedRtpStreamStats(RTCRtpStreamStats):
    """An RTP stream at its receiving end."""

    packetsReceived: int
    packetsLost: int
    """Fewer than none if duplicates came."""

    jitter: Optional[float] = None
    """In seconds, as the W3C has it; aiortc's is in ticks of the codec's clock."""


@dataclass
class RTCSentRtpStreamStats(RTCRtpStreamStats):
    """An RTP stream at its sending end."""

    packetsSent: int
    bytesSent: int


@dataclass
class RTCInboundRtpStreamStats(RTCReceivedRtpStreamStats):
    """An RTP stream that we receive."""

    codecId: Optional[str] = None
    trackIdentifier: Optional[str] = None
    mid: Optional[str] = None
    remoteId: Optional[str] = None
    bytesReceived: int = 0
    headerBytesReceived: int = 0
    lastPacketReceivedTimestamp: Optional[datetime] = None
    packetsDiscarded: int = 0
    fecPacketsReceived: Optional[int] = None
    fecBytesReceived: Optional[int] = None
    fecPacketsDiscarded: Optional[int] = None
    framesReceived: Optional[int] = None
    framesDropped: Optional[int] = None
    retransmittedPacketsReceived: Optional[int] = None
    retransmittedBytesReceived: Optional[int] = None
    rtxSsrc: Optional[int] = None
    nackCount: int = 0
    pliCount: Optional[int] = None
    firCount: Optional[int] = None


@dataclass
class RTCRemoteInboundRtpStreamStats(RTCReceivedRtpStreamStats):
    """What the other side reports of a stream that we send."""

    roundTripTime: Optional[float] = None
    fractionLost: float = 0.0
    codecId: Optional[str] = None
    localId: Optional[str] = None
    totalRoundTripTime: float = 0.0
    roundTripTimeMeasurements: int = 0


@dataclass
class RTCOutboundRtpStreamStats(RTCSentRtpStreamStats):
    """An RTP stream that we send."""

    trackId: Optional[str] = None
    """aiortc's, which the W3C has no more: `mediaSourceId` leads to the track."""

    codecId: Optional[str] = None
    mediaSourceId: Optional[str] = None
    mid: Optional[str] = None
    rid: Optional[str] = None
    encodingIndex: int = 0
    active: bool = True
    remoteId: Optional[str] = None
    headerBytesSent: int = 0
    retransmittedPacketsSent: Optional[int] = None
    retransmittedBytesSent: Optional[int] = None
    rtxSsrc: Optional[int] = None
    framesSent: Optional[int] = None
    totalPacketSendDelay: float = 0.0
    targetBitrate: Optional[float] = None
    nackCount: int = 0
    pliCount: Optional[int] = None
    firCount: Optional[int] = None


@dataclass
class RTCRemoteOutboundRtpStreamStats(RTCSentRtpStreamStats):
    """What the other side reports of a stream that we receive."""

    remoteTimestamp: Optional[datetime] = None
    codecId: Optional[str] = None
    localId: Optional[str] = None
    reportsSent: int = 0


@dataclass
class RTCTransportStats(RTCStats):
    """A DTLS transport and the ICE transport below it."""

    packetsSent: int
    packetsReceived: int
    bytesSent: int
    bytesReceived: int
    iceRole: str
    dtlsState: str
    iceState: Optional[str] = None
    iceLocalUsernameFragment: Optional[str] = None
    selectedCandidatePairId: Optional[str] = None
    selectedCandidatePairChanges: Optional[int] = None
    localCertificateId: Optional[str] = None
    remoteCertificateId: Optional[str] = None
    tlsVersion: Optional[str] = None
    dtlsCipher: Optional[str] = None
    srtpCipher: Optional[str] = None
    dtlsRole: Optional[str] = None


@dataclass
class RTCCodecStats(RTCStats):
    """A codec that a stream uses."""

    payloadType: int = 0
    transportId: str = ""
    mimeType: str = ""
    clockRate: Optional[int] = None
    channels: Optional[int] = None
    sdpFmtpLine: Optional[str] = None


@dataclass
class RTCMediaSourceStats(RTCStats):
    """A track that is sent."""

    trackIdentifier: str = ""
    kind: str = ""


@dataclass
class RTCPeerConnectionStats(RTCStats):
    """How many data channels the connection has opened and closed."""

    dataChannelsOpened: int = 0
    dataChannelsClosed: int = 0


@dataclass
class RTCDataChannelStats(RTCStats):
    """What went through a data channel."""

    label: str = ""
    protocol: str = ""
    dataChannelIdentifier: Optional[int] = None
    state: str = "connecting"
    messagesSent: int = 0
    bytesSent: int = 0
    messagesReceived: int = 0
    bytesReceived: int = 0


@dataclass
class RTCIceCandidateStats(RTCStats):
    """A local or remote candidate: `local-candidate` or `remote-candidate`."""

    transportId: str = ""
    address: Optional[str] = None
    port: Optional[int] = None
    protocol: Optional[str] = None
    candidateType: str = "host"
    priority: Optional[int] = None
    url: Optional[str] = None
    relayProtocol: Optional[str] = None
    foundation: Optional[str] = None
    relatedAddress: Optional[str] = None
    relatedPort: Optional[int] = None
    usernameFragment: Optional[str] = None
    tcpType: Optional[str] = None


@dataclass
class RTCIceCandidatePairStats(RTCStats):
    """A pair of candidates that ICE checks or uses."""

    transportId: str = ""
    localCandidateId: str = ""
    remoteCandidateId: str = ""
    state: str = "frozen"
    nominated: bool = False
    packetsSent: int = 0
    packetsReceived: int = 0
    bytesSent: int = 0
    bytesReceived: int = 0
    lastPacketSentTimestamp: Optional[datetime] = None
    lastPacketReceivedTimestamp: Optional[datetime] = None
    totalRoundTripTime: float = 0.0
    currentRoundTripTime: Optional[float] = None
    availableOutgoingBitrate: Optional[float] = None
    requestsReceived: int = 0
    requestsSent: int = 0
    responsesReceived: int = 0
    responsesSent: int = 0
    consentRequestsSent: int = 0
    packetsDiscardedOnSend: int = 0
    bytesDiscardedOnSend: int = 0


@dataclass
class RTCCertificateStats(RTCStats):
    """A certificate of either side."""

    fingerprint: str = ""
    fingerprintAlgorithm: str = "sha-256"
    base64Certificate: str = ""
    issuerCertificateId: Optional[str] = None


class RTCStatsReport(dict[str, RTCStats]):
    """Statistics by their `id`."""

    def add(self, stats: RTCStats) -> None:
        """Add `stats`, in the place of older ones with the same `id`."""
        self[stats.id] = stats
