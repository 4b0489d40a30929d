"""Python's dataclasses, as the core gives and takes them."""

import dataclasses
import datetime
from typing import Any, Optional, Union

from ._arguments import plain
from ._ice_servers import servers_to_native
from .rtcconfiguration import RTCConfiguration, RTCIceTransportPolicy
from .rtcicetransport import RTCIceGatherer
from .rtcrtpparameters import (
    ParametersDict,
    RTCRtcpFeedback,
    RTCRtpCodecCapability,
    RTCRtpCodecParameters,
)
from .rtcsessiondescription import RTCSessionDescription
from .stats import (
    RTCCertificateStats,
    RTCCodecStats,
    RTCDataChannelStats,
    RTCIceCandidatePairStats,
    RTCIceCandidateStats,
    RTCInboundRtpStreamStats,
    RTCMediaSourceStats,
    RTCOutboundRtpStreamStats,
    RTCPeerConnectionStats,
    RTCRemoteInboundRtpStreamStats,
    RTCRemoteOutboundRtpStreamStats,
    RTCStats,
    RTCStatsReport,
    RTCTransportStats,
)

_STATS: dict[str, type[RTCStats]] = {
    "candidate-pair": RTCIceCandidatePairStats,
    "certificate": RTCCertificateStats,
    "codec": RTCCodecStats,
    "data-channel": RTCDataChannelStats,
    "inbound-rtp": RTCInboundRtpStreamStats,
    "local-candidate": RTCIceCandidateStats,
    "media-source": RTCMediaSourceStats,
    "outbound-rtp": RTCOutboundRtpStreamStats,
    "peer-connection": RTCPeerConnectionStats,
    "remote-candidate": RTCIceCandidateStats,
    "remote-inbound-rtp": RTCRemoteInboundRtpStreamStats,
    "remote-outbound-rtp": RTCRemoteOutboundRtpStreamStats,
    "transport": RTCTransportStats,
}
_FIELDS = {
    cls: {field.name for field in dataclasses.fields(cls)} for cls in set(_STATS.values())
}


def description_from_native(
    native: Optional[tuple[str, str]],
) -> Optional[RTCSessionDescription]:
    """A session description of the core's."""
    if native is None:
        return None
    kind, sdp = native
    return RTCSessionDescription(sdp=sdp, type=kind)


def configuration_to_native(configuration: RTCConfiguration) -> dict[str, Any]:
    """The settings of a connection for the core."""
    configuration = plain(configuration)
    servers = configuration.iceServers
    if servers is None:
        servers = RTCIceGatherer.getDefaultIceServers()
    return {
        "ice_servers": servers_to_native(servers),
        "relay_only": configuration.iceTransportPolicy is RTCIceTransportPolicy.RELAY,
        "bundle_policy": configuration.bundlePolicy.value,
        "always_negotiate_data_channels": configuration.alwaysNegotiateDataChannels,
        "congestion_control": configuration.congestionControl,
        "resolve_names": configuration.resolveNames,
        "recorder": configuration.recorder,
    }


def codec_from_native(agreed: Any) -> RTCRtpCodecParameters:
    """A codec that was agreed on."""
    payload_type, (mime_type, clock_rate, channels, fmtp), feedback, _ = agreed
    words = (each.partition(" ") for each in feedback)
    return RTCRtpCodecParameters(
        mimeType=mime_type,
        clockRate=clock_rate,
        channels=channels,
        payloadType=payload_type,
        rtcpFeedback=[
            RTCRtcpFeedback(type=type, parameter=parameter or None)
            for type, _, parameter in words
        ],
        parameters=parameters_of(fmtp),
    )


def parameters_of(fmtp: Optional[str]) -> ParametersDict:
    """The parameters of an `a=fmtp` line."""
    pairs = (each.strip().partition("=") for each in (fmtp or "").split(";") if each.strip())
    return {name: value if separator else None for name, separator, value in pairs}


def codecs_to_native(
    wanted: list[Union[RTCRtpCodecCapability, RTCRtpCodecParameters]], known: list[Any]
) -> list[Any]:
    """Those of the codecs that the core has, in the order wanted, as it describes them."""
    found = []
    for codec in wanted:
        for each in known:
            same = each[0].lower() == codec.mimeType.lower() and each[1] == codec.clockRate
            if same and _fits(codec.parameters, parameters_of(each[3])) and each not in found:
                found.append(each)
                break
    return found


def _fits(wanted: ParametersDict, known: ParametersDict) -> bool:
    """Whether what decides between formats of one codec is the same."""
    deciding = ("profile-level-id", "packetization-mode", "profile-id", "profile")
    return all(wanted.get(name, known.get(name)) == known.get(name) for name in deciding)


def stats_from_native(entries: list[dict[str, Any]]) -> RTCStatsReport:
    """The statistics that the core has counted."""
    report = RTCStatsReport()
    for entry in entries:
        cls = _STATS.get(entry["type"])
        if cls is None:
            continue
        values = {name: value for name, value in entry.items() if name in _FIELDS[cls]}
        for name in values:
            if name.lower().endswith("timestamp") and values[name] is not None:
                values[name] = _time(values[name])
        report.add(cls(**values))
    return report


def _time(milliseconds: float) -> datetime.datetime:
    return datetime.datetime.fromtimestamp(milliseconds / 1000, datetime.timezone.utc)
