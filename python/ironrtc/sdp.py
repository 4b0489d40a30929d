"""Reading and writing of session descriptions (RFC 8866, RFC 9429).

`SessionDescription.parse` takes a description apart; `str()` of what it returns writes it
again. Attributes that are not understood are left out. It is for programs that read or change
descriptions: `RTCPeerConnection` asks the Rust core about them. Lines and sections are those
of the core.
"""

import contextlib
import enum
import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Optional, Union

from . import _ironrtc
from ._names import module_names
from .rtcdtlstransport import RTCDtlsFingerprint, RTCDtlsParameters
from .rtcicetransport import RTCIceCandidate, RTCIceParameters
from .rtcrtpparameters import (
    ParametersDict,
    RTCRtcpFeedback,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpParameters,
)
from .rtcsctptransport import RTCSctpCapabilities

__all__ = [
    "DIRECTIONS",
    "DTLS_ROLE_SETUP",
    "DTLS_SETUP_ROLE",
    "FMTP_INT_PARAMETERS",
    "H264_PROFILE_PATTERNS",
    "SSRC_INFO_ATTRS",
    "Any",
    "BitPattern",
    "GroupDescription",
    "H264Level",
    "H264Profile",
    "MediaDescription",
    "Optional",
    "ParametersDict",
    "RTCDtlsFingerprint",
    "RTCDtlsParameters",
    "RTCIceCandidate",
    "RTCIceParameters",
    "RTCRtcpFeedback",
    "RTCRtpCodecParameters",
    "RTCRtpHeaderExtensionParameters",
    "RTCRtpParameters",
    "RTCSctpCapabilities",
    "SessionDescription",
    "SsrcDescription",
    "Union",
    "candidate_from_sdp",
    "candidate_to_sdp",
    "dataclass",
    "enum",
    "grouplines",
    "ipaddress",
    "ipaddress_from_sdp",
    "ipaddress_to_sdp",
    "parameters_from_sdp",
    "parameters_to_sdp",
    "parse_attr",
    "parse_group",
    "parse_h264_profile_level_id",
    "re",
]

# The index is a bit mask: 1 sends, 2 receives.
DIRECTIONS = ["inactive", "sendonly", "recvonly", "sendrecv"]
DTLS_ROLE_SETUP = {"auto": "actpass", "client": "active", "server": "passive"}
DTLS_SETUP_ROLE = {setup: role for role, setup in DTLS_ROLE_SETUP.items()}
FMTP_INT_PARAMETERS = [
    "apt",
    "max-fr",
    "max-fs",
    "maxplaybackrate",
    "minptime",
    "stereo",
    "useinbandfec",
]
SSRC_INFO_ATTRS = ["cname", "msid", "mslabel", "label"]

_RTP_KINDS = ("audio", "video")


class H264Profile(enum.Enum):
    """The profiles of H.264 that can be negotiated."""

    PROFILE_CONSTRAINED_BASELINE = 0
    PROFILE_BASELINE = 1
    PROFILE_MAIN = 2
    PROFILE_CONSTRAINED_HIGH = 3
    PROFILE_HIGH = 4
    PROFILE_PREDICTIVE_HIGH_444 = 5


class H264Level(enum.IntEnum):
    """The levels of H.264: `level_idc`, but for level 1b, which has none of its own."""

    LEVEL1_B = -1
    LEVEL1 = 10
    LEVEL1_1 = 11
    LEVEL1_2 = 12
    LEVEL1_3 = 13
    LEVEL2 = 20
    LEVEL2_1 = 21
    LEVEL2_2 = 22
    LEVEL3 = 30
    LEVEL3_1 = 31
    LEVEL3_2 = 32
    LEVEL4 = 40
    LEVEL4_1 = 41
    LEVEL4_2 = 42
    LEVEL5 = 50
    LEVEL5_1 = 51
    LEVEL5_2 = 52


class BitPattern:
    """A pattern for the bits of a byte, such as `x1xx0000`, in which `x` matches either bit."""

    def __init__(self, v: str) -> None:
        self._mask = ~int("".join("1" if bit == "x" else "0" for bit in v[:8]), 2)
        self._masked_value = int("".join("1" if bit == "1" else "0" for bit in v[:8]), 2)

    def matches(self, v: int) -> bool:
        """Whether the byte `v` fits the pattern."""
        return v & self._mask == self._masked_value


# RFC 6184 section 8.1, table 5: profile_idc and the bits of profile-iop make the profile.
H264_PROFILE_PATTERNS = [
    (66, BitPattern("x1xx0000"), H264Profile.PROFILE_CONSTRAINED_BASELINE),
    (77, BitPattern("1xxx0000"), H264Profile.PROFILE_CONSTRAINED_BASELINE),
    (88, BitPattern("11xx0000"), H264Profile.PROFILE_CONSTRAINED_BASELINE),
    (66, BitPattern("x0xx0000"), H264Profile.PROFILE_BASELINE),
    (88, BitPattern("10xx0000"), H264Profile.PROFILE_BASELINE),
    (77, BitPattern("0x0x0000"), H264Profile.PROFILE_MAIN),
    (100, BitPattern("00000000"), H264Profile.PROFILE_HIGH),
    (100, BitPattern("00001100"), H264Profile.PROFILE_CONSTRAINED_HIGH),
    (244, BitPattern("00000000"), H264Profile.PROFILE_PREDICTIVE_HIGH_444),
]

# RFC 6184 section 8.1: with these profiles, level_idc 11 and constraint_set3_flag mean level
# 1b.
_LEVEL_1B_PROFILES = (
    H264Profile.PROFILE_CONSTRAINED_BASELINE,
    H264Profile.PROFILE_BASELINE,
    H264Profile.PROFILE_MAIN,
)
_CONSTRAINT_SET3 = 0x10


def parse_h264_profile_level_id(profile_str: str) -> tuple[H264Profile, H264Level]:
    """Take apart the `profile-level-id` of H.264."""
    if not isinstance(profile_str, str) or not re.match(
        "[0-9a-f]{6}", profile_str, re.IGNORECASE
    ):
        raise ValueError("Expected a 6 character hexadecimal string")
    # A longer string is read as one number, so that its last byte is the level.
    packed = int(profile_str, 16)
    profile_idc, profile_iop, level_idc = packed >> 16, packed >> 8 & 0xFF, packed & 0xFF

    for idc, pattern, profile in H264_PROFILE_PATTERNS:
        if profile_idc == idc and pattern.matches(profile_iop):
            break
    else:
        raise ValueError(
            f"Unrecognized profile_iop = {profile_iop}, profile_idc = {profile_idc}"
        )

    is_1b = level_idc == H264Level.LEVEL1_1 and profile_iop & _CONSTRAINT_SET3 != 0
    if is_1b and profile in _LEVEL_1B_PROFILES:
        return profile, H264Level.LEVEL1_B
    return profile, H264Level(level_idc)


@dataclass
class GroupDescription:
    """A group of things that belong together: `a=group`, `a=ssrc-group`, `a=msid-semantic`."""

    semantic: str
    items: list[Union[int, str]]

    def __str__(self) -> str:
        return f"{self.semantic} {' '.join(map(str, self.items))}"


@dataclass
class SsrcDescription:
    """What `a=ssrc` lines say about a synchronisation source."""

    ssrc: int
    cname: Optional[str] = None
    msid: Optional[str] = None
    mslabel: Optional[str] = None
    label: Optional[str] = None


def candidate_from_sdp(sdp: str) -> RTCIceCandidate:
    """Read a candidate from what follows `candidate:` in a description."""
    bits = sdp.split()
    assert len(bits) >= 8

    candidate = RTCIceCandidate(
        foundation=bits[0],
        component=int(bits[1]),
        protocol=bits[2],
        priority=int(bits[3]),
        ip=bits[4],
        port=int(bits[5]),
        type=bits[7],
    )
    for name, value in zip(bits[8::2], bits[9::2], strict=False):
        match name:
            case "raddr":
                candidate.relatedAddress = value
            case "rport":
                candidate.relatedPort = int(value)
            case "tcptype":
                candidate.tcpType = value
    return candidate


def candidate_to_sdp(candidate: RTCIceCandidate) -> str:
    """Write a candidate as it follows `candidate:` in a description."""
    text = (
        f"{candidate.foundation} {candidate.component} {candidate.protocol}"
        f" {candidate.priority} {candidate.ip} {candidate.port} typ {candidate.type}"
    )
    for name, value in (
        ("raddr", candidate.relatedAddress),
        ("rport", candidate.relatedPort),
        ("tcptype", candidate.tcpType),
    ):
        if value is not None:
            text += f" {name} {value}"
    return text


def grouplines(sdp: str) -> tuple[list[str], list[list[str]]]:
    """Split a description into the session's lines and the lines of each m-line."""
    return _ironrtc.sdp_lines(sdp)


def ipaddress_from_sdp(sdp: str) -> str:
    """Read the address from a connection line, such as `IN IP4 192.0.2.1`."""
    found = re.match(r"^IN (IP4|IP6) ([^ ]+)$", sdp)
    assert found
    return found.group(2)


def ipaddress_to_sdp(addr: str) -> str:
    """Write an address for a connection line."""
    return f"IN IP{ipaddress.ip_address(addr).version} {addr}"


def parameters_from_sdp(sdp: str) -> ParametersDict:
    """Read the parameters of an `a=fmtp` line."""
    parameters: ParametersDict = {}
    for parameter in sdp.split(";"):
        name, equals, value = parameter.partition("=")
        if not equals:
            parameters[name] = None
        else:
            parameters[name] = int(value) if name in FMTP_INT_PARAMETERS else value
    return parameters


def parameters_to_sdp(parameters: ParametersDict) -> str:
    """Write the parameters of an `a=fmtp` line."""
    return ";".join(
        name if value is None else f"{name}={value}" for name, value in parameters.items()
    )


def parse_attr(line: str) -> tuple[str, Optional[str]]:
    """Split an `a=` line into its name and its value."""
    name, colon, value = line[2:].partition(":")
    return name, value if colon else None


def parse_group(
    dest: list[GroupDescription], value: str, type: Union[type[str], type[int]] = str
) -> None:
    """Add the group that `value` describes, if it describes one, to `dest`."""
    bits = value.split()
    if bits:
        dest.append(GroupDescription(semantic=bits[0], items=[type(bit) for bit in bits[1:]]))


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


class SessionDescription:
    """A session description, taken apart."""

    def __init__(self) -> None:
        self.version = 0
        self.origin: Optional[str] = None
        self.name = "-"
        self.time = "0 0"
        self.host: Optional[str] = None
        self.group: list[GroupDescription] = []
        self.msid_semantic: list[GroupDescription] = []
        self.media: list[MediaDescription] = []
        self.type: Optional[str] = None

    @classmethod
    def parse(cls, sdp: str) -> "SessionDescription":
        """Read a description."""
        session_lines, media_groups = grouplines(sdp)
        session = cls()
        defaults = _parse_session(session, session_lines)
        session.media = [_parse_media(lines, defaults) for lines in media_groups]
        return session

    def webrtc_track_id(self, media: MediaDescription) -> Optional[str]:
        """The identifier of the track that `media` carries, if the description names one."""
        assert media in self.media
        bits = (media.msid or "").split()
        if len(bits) > 1:
            for group in self.msid_semantic:
                if group.semantic == "WMS" and (bits[0] in group.items or "*" in group.items):
                    return bits[1]
        return None

    def __str__(self) -> str:
        lines = [f"v={self.version}", f"o={self.origin}", f"s={self.name}"]
        if self.host is not None:
            lines.append(f"c={ipaddress_to_sdp(self.host)}")
        lines.append(f"t={self.time}")
        if any(media.ice.iceLite for media in self.media):
            lines.append("a=ice-lite")
        lines += [f"a=group:{group}" for group in self.group]
        lines += [f"a=msid-semantic:{group}" for group in self.msid_semantic]
        return "".join(f"{line}\r\n" for line in lines) + "".join(map(str, self.media))


@dataclass
class _Defaults:
    """What the session's lines say for every m-line that says nothing itself."""

    fingerprints: list[RTCDtlsFingerprint]
    role: Optional[str] = None
    ice_lite: bool = False
    ice_options: Optional[str] = None
    ice_ufrag: Optional[str] = None
    ice_pwd: Optional[str] = None


def _fingerprint(value: str) -> RTCDtlsFingerprint:
    algorithm, fingerprint = value.split()
    return RTCDtlsFingerprint(algorithm=algorithm, value=fingerprint)


def _parse_session(session: SessionDescription, lines: list[str]) -> _Defaults:
    defaults = _Defaults(fingerprints=[])
    for line in lines:
        kind, value = line[:2], line[2:].strip()
        match kind:
            case "v=":
                session.version = int(value)
            case "o=":
                session.origin = value
            case "s=":
                session.name = value
            case "c=":
                session.host = ipaddress_from_sdp(value)
            case "t=":
                session.time = value
            case "a=":
                _parse_session_attribute(session, defaults, *parse_attr(line))
    return defaults


def _parse_session_attribute(
    session: SessionDescription, defaults: _Defaults, name: str, value: Optional[str]
) -> None:
    if name == "ice-lite":
        defaults.ice_lite = True
    elif value is not None:
        match name:
            case "fingerprint":
                defaults.fingerprints.append(_fingerprint(value))
            case "ice-options":
                defaults.ice_options = value
            case "ice-ufrag":
                defaults.ice_ufrag = value
            case "ice-pwd":
                defaults.ice_pwd = value
            case "group":
                parse_group(session.group, value)
            case "msid-semantic":
                parse_group(session.msid_semantic, value)
            case "setup":
                defaults.role = DTLS_SETUP_ROLE[value.strip().lower()]


def _parse_media(lines: list[str], defaults: _Defaults) -> MediaDescription:
    found = re.match("^m=([^ ]+) ([0-9]+)(?:/[0-9]+)? ([A-Za-z/]+) (.+)$", lines[0])
    assert found
    kind, port, profile, formats = found.groups()
    fmt: list[Any] = formats.split()
    if kind in _RTP_KINDS:
        fmt = [int(each) for each in fmt]

    media = MediaDescription(kind=kind, port=int(port), profile=profile, fmt=fmt)
    # The role stays empty until the end, to tell "not given" from what is given.
    media.dtls = RTCDtlsParameters(
        fingerprints=defaults.fingerprints[:],
        role=defaults.role,  # type: ignore[arg-type]
    )
    media.ice = RTCIceParameters(
        iceLite=defaults.ice_lite,
        usernameFragment=defaults.ice_ufrag,
        password=defaults.ice_pwd,
    )
    media.ice_options = defaults.ice_options

    for line in lines[1:]:
        if line.startswith("c="):
            media.host = ipaddress_from_sdp(line[2:])
        elif line.startswith("a="):
            _parse_media_attribute(media, *parse_attr(line))
    _parse_codec_attributes(media, lines[1:])

    if media.dtls.role is None:
        media.dtls = None
    return media


def _parse_media_attribute(media: MediaDescription, name: str, value: Optional[str]) -> None:
    if name == "end-of-candidates":
        media.ice_candidates_complete = True
    elif name == "rtcp-mux":
        media.rtcp_mux = True
    elif name in DIRECTIONS:
        media.direction = name
    elif value is not None and name in _MEDIA_ATTRIBUTES:
        _MEDIA_ATTRIBUTES[name](media, value)


def _on_fingerprint(media: MediaDescription, value: str) -> None:
    assert media.dtls
    media.dtls.fingerprints.append(_fingerprint(value))


def _on_candidate(media: MediaDescription, value: str) -> None:
    # RFC 8839 section 5.1: what cannot be read may be of a kind yet unknown.
    with contextlib.suppress(AssertionError, ValueError):
        media.ice_candidates.append(candidate_from_sdp(value))


def _on_setup(media: MediaDescription, value: str) -> None:
    assert media.dtls
    media.dtls.role = DTLS_SETUP_ROLE[value.strip().lower()]


def _on_extmap(media: MediaDescription, value: str) -> None:
    number, uri = value.split()
    # RFC 8285 section 8: a direction may follow the number.
    number = number.partition("/")[0]
    media.rtp.headerExtensions.append(RTCRtpHeaderExtensionParameters(id=int(number), uri=uri))


def _on_rtcp(media: MediaDescription, value: str) -> None:
    port, _, address = value.partition(" ")
    media.rtcp_port = int(port)
    # RFC 3605 section 2.1: the address may be left out.
    if address:
        media.rtcp_host = ipaddress_from_sdp(address)


def _on_rtpmap(media: MediaDescription, value: str) -> None:
    number, description = value.split(" ", 1)
    name, rate, *rest = description.split("/")
    channels = None
    if media.kind == "audio":
        channels = int(rest[0]) if rest else 1
    media.rtp.codecs.append(
        RTCRtpCodecParameters(
            mimeType=f"{media.kind}/{name}",
            channels=channels,
            clockRate=int(rate),
            payloadType=int(number),
        )
    )


def _on_sctpmap(media: MediaDescription, value: str) -> None:
    number, description = value.split(" ", 1)
    media.sctpmap[int(number)] = description


def _on_ssrc(media: MediaDescription, value: str) -> None:
    number, description = value.split(" ", 1)
    ssrc = int(number)
    info = next((each for each in media.ssrc if each.ssrc == ssrc), None)
    if info is None:
        info = SsrcDescription(ssrc=ssrc)
        media.ssrc.append(info)
    name, colon, text = description.partition(":")
    if colon and name in SSRC_INFO_ATTRS:
        setattr(info, name, text)


def _on_max_message_size(media: MediaDescription, value: str) -> None:
    media.sctpCapabilities = RTCSctpCapabilities(maxMessageSize=int(value))


def _set_ufrag(media: MediaDescription, value: str) -> None:
    media.ice.usernameFragment = value


def _set_pwd(media: MediaDescription, value: str) -> None:
    media.ice.password = value


def _set_mid(media: MediaDescription, value: str) -> None:
    media.rtp.muxId = value


def _set_msid(media: MediaDescription, value: str) -> None:
    media.msid = value


def _set_ice_options(media: MediaDescription, value: str) -> None:
    media.ice_options = value


def _set_sctp_port(media: MediaDescription, value: str) -> None:
    media.sctp_port = int(value)


_MEDIA_ATTRIBUTES: dict[str, Callable[[MediaDescription, str], None]] = {
    "candidate": _on_candidate,
    "extmap": _on_extmap,
    "fingerprint": _on_fingerprint,
    "ice-options": _set_ice_options,
    "ice-pwd": _set_pwd,
    "ice-ufrag": _set_ufrag,
    "max-message-size": _on_max_message_size,
    "mid": _set_mid,
    "msid": _set_msid,
    "rtcp": _on_rtcp,
    "rtpmap": _on_rtpmap,
    "sctp-port": _set_sctp_port,
    "sctpmap": _on_sctpmap,
    "setup": _on_setup,
    "ssrc": _on_ssrc,
    "ssrc-group": lambda media, value: parse_group(media.ssrc_group, value, type=int),
}


def _parse_codec_attributes(media: MediaDescription, lines: list[str]) -> None:
    """Read what refers to codecs, in a second pass: `a=rtpmap` may come after it."""

    def codec_of(payload_type: int) -> RTCRtpCodecParameters:
        return next(each for each in media.rtp.codecs if each.payloadType == payload_type)

    for line in lines:
        if not line.startswith("a="):
            continue
        name, value = parse_attr(line)
        if name == "fmtp" and value is not None:
            number, description = value.split(" ", 1)
            codec_of(int(number)).parameters = parameters_from_sdp(description)
        elif name == "rtcp-fb" and value is not None:
            bits = value.split(" ", 2)
            for codec in media.rtp.codecs:
                if bits[0] in ("*", str(codec.payloadType)):
                    parameter = bits[2] if len(bits) > 2 else None
                    codec.rtcpFeedback.append(RTCRtcpFeedback(bits[1], parameter))


__getattr__, __dir__ = module_names(globals())
