"""The lines of a description, one by one."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional

from .._candidate import candidate_from_sdp
from .._values import (
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCIceParameters,
    RTCSctpCapabilities,
)
from ..rtcrtpparameters import (
    RTCRtcpFeedback,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
)
from ._fmtp import parameters_from_sdp
from ._lines import SsrcDescription, ipaddress_from_sdp, parse_attr, parse_group
from ._media import DIRECTIONS, DTLS_SETUP_ROLE, SSRC_INFO_ATTRS, MediaDescription

if TYPE_CHECKING:
    from ._description import SessionDescription

RTP_KINDS = ("audio", "video")


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


def parse_session(session: SessionDescription, lines: list[str]) -> _Defaults:
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


def parse_media(lines: list[str], defaults: _Defaults) -> MediaDescription:
    found = re.match("^m=([^ ]+) ([0-9]+)(?:/[0-9]+)? ([A-Za-z/]+) (.+)$", lines[0])
    assert found
    kind, port, profile, formats = found.groups()
    fmt: list[Any] = formats.split()
    if kind in RTP_KINDS:
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
