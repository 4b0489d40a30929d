"""ICE servers, in the terms of aioice: what aiortc's `rtcicetransport` does with their URLs."""

import re
from typing import Any, Optional

from .rtcconfiguration import RTCIceServer, RTCIceTransportPolicy

# RFC 7064 section 3.1, RFC 7065 section 3.1.
_URI = r"(?P<scheme>%s):(?P<host>[^?:]+)(?::(?P<port>\d+))?(?:\?transport=(?P<transport>.*))?"
STUN_REGEX = re.compile(_URI % "stuns?")
TURN_REGEX = re.compile(_URI % "turns?")

_PORTS = {"stun": 3478, "turn": 3478, "stuns": 5349, "turns": 5349}
_TRANSPORTS = {"turn": ("udp", "tcp"), "turns": ("tcp",)}


def parse_stun_turn_uri(uri: str) -> dict[str, Any]:
    """Split the URI of a server into `scheme`, `host`, `port` and, for TURN, `transport`."""
    scheme, colon, _ = uri.partition(":")
    if colon and scheme not in _PORTS or not colon and not uri.startswith("stun"):
        raise ValueError("malformed uri: invalid scheme")
    match = STUN_REGEX.fullmatch(uri) or TURN_REGEX.fullmatch(uri)
    if match is None:
        raise ValueError("malformed uri")
    parsed: dict[str, Any] = match.groupdict()
    parsed["port"] = int(parsed["port"] or _PORTS[scheme])
    if scheme in _TRANSPORTS:
        # What is encrypted goes over TCP unless the URI says otherwise.
        parsed["transport"] = parsed["transport"] or _TRANSPORTS[scheme][0]
    elif parsed.pop("transport"):
        raise ValueError("malformed uri: stun must not contain transport")
    return parsed


def connection_kwargs(servers: list[RTCIceServer]) -> dict[str, Any]:
    """The arguments of `aioice.Connection`: the first STUN server and the first TURN server."""
    arguments: dict[str, Any] = {}
    for server in servers:
        urls = [server.urls] if isinstance(server.urls, str) else server.urls
        for uri in map(parse_stun_turn_uri, urls):
            scheme, address = uri["scheme"], (uri["host"], uri["port"])
            if scheme == "stun":
                arguments.setdefault("stun_server", address)
            elif (
                uri.get("transport") in _TRANSPORTS.get(scheme, ())
                and server.credentialType == "password"
                and "turn_server" not in arguments
            ):
                arguments.update(
                    turn_server=address,
                    turn_ssl=scheme == "turns",
                    turn_transport=uri["transport"],
                    turn_username=server.username,
                    turn_password=server.credential,
                )
    return arguments


def transport_policies() -> dict[RTCIceTransportPolicy, Any]:
    """aioice's policies, by ours."""
    from .aioice.ice import TransportPolicy

    return {each: TransportPolicy[each.name] for each in RTCIceTransportPolicy}


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
