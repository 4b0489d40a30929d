"""Parameters and capabilities of RTP media."""

from dataclasses import dataclass, field
from typing import Optional, Union

__all__ = [
    "ParametersDict",
    "RTCRtcpFeedback",
    "RTCRtcpParameters",
    "RTCRtpCapabilities",
    "RTCRtpCodecCapability",
    "RTCRtpCodecParameters",
    "RTCRtpCodingParameters",
    "RTCRtpDecodingParameters",
    "RTCRtpEncodingParameters",
    "RTCRtpHeaderExtensionCapability",
    "RTCRtpHeaderExtensionParameters",
    "RTCRtpParameters",
    "RTCRtpReceiveParameters",
    "RTCRtpRtxParameters",
    "RTCRtpSendParameters",
]

ParametersDict = dict[str, Union[int, str, None]]
"""The parameters of an `a=fmtp` line."""


def _name_of(mime_type: str) -> str:
    return mime_type.split("/")[1]


@dataclass
class RTCRtpCodecCapability:
    """A codec that the system can send or receive."""

    mimeType: str
    """The media type, such as `audio/PCMU`."""

    clockRate: int
    """The clock rate in hertz."""

    channels: Optional[int] = None
    """The number of audio channels."""

    parameters: ParametersDict = field(default_factory=dict)
    """The parameters of the codec's `a=fmtp` line."""

    @property
    def name(self) -> str:
        """The subtype of the media type, such as `PCMU`."""
        return _name_of(self.mimeType)


@dataclass
class RTCRtcpFeedback:
    """A kind of RTCP feedback that a codec may use."""

    type: str
    """Such as `nack` or `goog-remb`."""

    parameter: Optional[str] = None
    """Such as `pli`."""


@dataclass
class RTCRtpCodecParameters:
    """A codec as it was negotiated."""

    mimeType: str
    """The media type, such as `audio/PCMU`."""

    clockRate: int
    """The clock rate in hertz."""

    channels: Optional[int] = None
    """The number of audio channels."""

    payloadType: Optional[int] = None
    """The number that identifies the codec in RTP packets."""

    rtcpFeedback: list[RTCRtcpFeedback] = field(default_factory=list)
    """The feedback that may be sent for the codec."""

    parameters: ParametersDict = field(default_factory=dict)
    """The parameters of the codec's `a=fmtp` line."""

    @property
    def name(self) -> str:
        """The subtype of the media type, such as `PCMU`."""
        return _name_of(self.mimeType)

    def __str__(self) -> str:
        text = f"{self.name}/{self.clockRate}"
        return f"{text}/2" if self.channels == 2 else text


@dataclass
class RTCRtpRtxParameters:
    """The retransmission stream of an encoding."""

    ssrc: int


@dataclass
class RTCRtpCodingParameters:
    """One stream of an RTP sender or receiver."""

    ssrc: int
    payloadType: int
    rtx: Optional[RTCRtpRtxParameters] = None


class RTCRtpDecodingParameters(RTCRtpCodingParameters):
    """One stream that an `RTCRtpReceiver` decodes."""


class RTCRtpEncodingParameters(RTCRtpCodingParameters):
    """One stream that an `RTCRtpSender` encodes."""


@dataclass
class RTCRtpHeaderExtensionCapability:
    """An RTP header extension that the system knows."""

    uri: str
    """The extension's name."""


@dataclass
class RTCRtpHeaderExtensionParameters:
    """An RTP header extension as it was negotiated."""

    id: int
    """The number that identifies it in RTP packets."""

    uri: str
    """The extension's name."""


@dataclass
class RTCRtpCapabilities:
    """What the system can do for one kind of media."""

    codecs: list[RTCRtpCodecCapability] = field(default_factory=list)
    """The codecs."""

    headerExtensions: list[RTCRtpHeaderExtensionCapability] = field(default_factory=list)
    """The RTP header extensions."""


@dataclass
class RTCRtcpParameters:
    """How RTCP is used."""

    cname: Optional[str] = None
    """The canonical name in RTCP source descriptions."""

    mux: bool = False
    """Whether RTP and RTCP share a port."""

    ssrc: Optional[int] = None
    """The synchronisation source of RTCP."""


@dataclass
class RTCRtpParameters:
    """What senders and receivers have in common."""

    codecs: list[RTCRtpCodecParameters] = field(default_factory=list)
    """The codecs that may be used, the preferred one first."""

    headerExtensions: list[RTCRtpHeaderExtensionParameters] = field(default_factory=list)
    """The RTP header extensions that may be used."""

    muxId: str = ""
    """The value of the MID header extension."""

    rtcp: RTCRtcpParameters = field(default_factory=RTCRtcpParameters)
    """How RTCP is used."""


@dataclass
class RTCRtpReceiveParameters(RTCRtpParameters):
    """What an `RTCRtpReceiver` receives."""

    encodings: list[RTCRtpDecodingParameters] = field(default_factory=list)


@dataclass
class RTCRtpSendParameters(RTCRtpParameters):
    """What an `RTCRtpSender` sends."""

    encodings: list[RTCRtpEncodingParameters] = field(default_factory=list)
