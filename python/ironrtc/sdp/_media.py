"""One m-line."""

from typing import Any, Optional

from .._candidate import candidate_to_sdp
from .._values import (
    RTCDtlsParameters,
    RTCIceCandidate,
    RTCIceParameters,
    RTCSctpCapabilities,
)
from ..rtcrtpparameters import RTCRtpParameters
from ._fmtp import parameters_to_sdp
from ._lines import GroupDescription, SsrcDescription, ipaddress_to_sdp

# The index is a bit mask: 1 sends, 2 receives.
DIRECTIONS = ["inactive", "sendonly", "recvonly", "sendrecv"]
DTLS_ROLE_SETUP = {"auto": "actpass", "client": "active", "server": "passive"}
DTLS_SETUP_ROLE = {setup: role for role, setup in DTLS_ROLE_SETUP.items()}
SSRC_INFO_ATTRS = ["cname", "msid", "mslabel", "label"]


class MediaDescription:
    """An m-line and all that belongs to it."""

    def __init__(self, kind: str, port: int, profile: str, fmt: list[Any]) -> None:
        # The m-line and its connection.
        self.kind = kind
        self.port = port
        self.host: Optional[str] = None
        self.profile = profile
        self.direction: Optional[str] = None
        self.msid: Optional[str] = None

        # RTP and RTCP.
        self.rtcp_port: Optional[int] = None
        self.rtcp_host: Optional[str] = None
        self.rtcp_mux = False
        self.ssrc: list[SsrcDescription] = []
        self.ssrc_group: list[GroupDescription] = []
        self.fmt = fmt
        self.rtp = RTCRtpParameters()

        # SCTP.
        self.sctpCapabilities: Optional[RTCSctpCapabilities] = None
        self.sctpmap: dict[int, str] = {}
        self.sctp_port: Optional[int] = None

        # DTLS and ICE.
        self.dtls: Optional[RTCDtlsParameters] = None
        self.ice: RTCIceParameters = None  # type: ignore[assignment]
        self.ice_candidates: list[RTCIceCandidate] = []
        self.ice_candidates_complete = False
        self.ice_options: Optional[str] = None

    def __str__(self) -> str:
        lines = [f"m={self.kind} {self.port} {self.profile} {' '.join(map(str, self.fmt))}"]
        if self.host is not None:
            lines.append(f"c={ipaddress_to_sdp(self.host)}")
        if self.direction is not None:
            lines.append(f"a={self.direction}")
        lines += self._rtp_lines()
        lines += self._sctp_lines()
        lines += self._ice_lines()
        lines += self._dtls_lines()
        return "".join(f"{line}\r\n" for line in lines)

    def _rtp_lines(self) -> list[str]:
        lines = [f"a=extmap:{header.id} {header.uri}" for header in self.rtp.headerExtensions]
        if self.rtp.muxId:
            lines.append(f"a=mid:{self.rtp.muxId}")
        if self.msid:
            lines.append(f"a=msid:{self.msid}")
        if self.rtcp_port is not None:
            host = "" if self.rtcp_host is None else f" {ipaddress_to_sdp(self.rtcp_host)}"
            lines.append(f"a=rtcp:{self.rtcp_port}{host}")
        if self.rtcp_mux:
            lines.append("a=rtcp-mux")
        lines += [f"a=ssrc-group:{group}" for group in self.ssrc_group]
        for source in self.ssrc:
            for name in SSRC_INFO_ATTRS:
                value = getattr(source, name)
                if value is not None:
                    lines.append(f"a=ssrc:{source.ssrc} {name}:{value}")
        for codec in self.rtp.codecs:
            lines.append(f"a=rtpmap:{codec.payloadType} {codec}")
            for feedback in codec.rtcpFeedback:
                value = f"a=rtcp-fb:{codec.payloadType} {feedback.type}"
                lines.append(f"{value} {feedback.parameter}" if feedback.parameter else value)
            parameters = parameters_to_sdp(codec.parameters)
            if parameters:
                lines.append(f"a=fmtp:{codec.payloadType} {parameters}")
        return lines

    def _sctp_lines(self) -> list[str]:
        lines = [f"a=sctpmap:{key} {value}" for key, value in self.sctpmap.items()]
        if self.sctp_port is not None:
            lines.append(f"a=sctp-port:{self.sctp_port}")
        if self.sctpCapabilities is not None:
            lines.append(f"a=max-message-size:{self.sctpCapabilities.maxMessageSize}")
        return lines

    def _ice_lines(self) -> list[str]:
        lines = [f"a=candidate:{candidate_to_sdp(each)}" for each in self.ice_candidates]
        if self.ice_candidates_complete:
            lines.append("a=end-of-candidates")
        if self.ice.usernameFragment is not None:
            lines.append(f"a=ice-ufrag:{self.ice.usernameFragment}")
        if self.ice.password is not None:
            lines.append(f"a=ice-pwd:{self.ice.password}")
        if self.ice_options is not None:
            lines.append(f"a=ice-options:{self.ice_options}")
        return lines

    def _dtls_lines(self) -> list[str]:
        if self.dtls is None:
            return []
        lines = [
            f"a=fingerprint:{each.algorithm} {each.value}" for each in self.dtls.fingerprints
        ]
        lines.append(f"a=setup:{DTLS_ROLE_SETUP[self.dtls.role]}")
        return lines
