"""Python's dataclasses, as the core gives and takes them."""

import dataclasses
import datetime
from typing import Any, Optional

from ._arguments import plain
from .rtcconfiguration import RTCConfiguration, RTCIceServer, RTCIceTransportPolicy
from .rtcicetransport import RTCIceGatherer
from .stats import (
    RTCCertificateStats,
    RTCDataChannelStats,
    RTCIceCandidatePairStats,
    RTCIceCandidateStats,
    RTCPeerConnectionStats,
    RTCStats,
    RTCStatsReport,
    RTCTransportStats,
)

_STATS: dict[str, type[RTCStats]] = {
    "candidate-pair": RTCIceCandidatePairStats,
    "certificate": RTCCertificateStats,
    "data-channel": RTCDataChannelStats,
    "local-candidate": RTCIceCandidateStats,
    "peer-connection": RTCPeerConnectionStats,
    "remote-candidate": RTCIceCandidateStats,
    "transport": RTCTransportStats,
}
_FIELDS = {
    cls: {field.name for field in dataclasses.fields(cls)} for cls in set(_STATS.values())
}


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


def servers_to_native(
    servers: list[RTCIceServer],
) -> list[tuple[list[str], Optional[str], Optional[str]]]:
    """ICE servers for the core."""
    return [
        (
            [server.urls] if isinstance(server.urls, str) else list(server.urls),
            server.username,
            server.credential,
        )
        for server in servers
    ]


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
