"""ICE: constants, addresses and names. The agent is in IronRTC's core."""

from __future__ import annotations

import enum
import logging
import socket

from .._names import module_names
from .candidate import Candidate, candidate_foundation, candidate_priority
from .utils import random_string

logger = logging.getLogger("aioice.ice")

# A server's address of documentation: a route to it is looked up, and nothing is sent.
_ROUTES = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}


class TransportPolicy(enum.Enum):
    """Which candidates to use."""

    ALL = 0
    RELAY = 1


class ConnectionEvent:
    """Something that happens to a connection."""


class ConnectionClosed(ConnectionEvent):
    """The connection is closed."""


def candidate_pair_priority(local: Candidate, remote: Candidate, ice_controlling: bool) -> int:
    """RFC 8445 section 6.1.2.3."""
    controlling, controlled = local.priority, remote.priority
    if not ice_controlling:
        controlling, controlled = controlled, controlling
    low, high = min(controlling, controlled), max(controlling, controlled)
    return (low << 32) + 2 * high + int(controlling > controlled)


def get_host_addresses(use_ipv4: bool, use_ipv6: bool) -> list[str]:
    """The addresses of this host from which the network is reached."""
    addresses = []
    for family, wanted in ((socket.AF_INET, use_ipv4), (socket.AF_INET6, use_ipv6)):
        if not wanted:
            continue
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((_ROUTES[family], 9))
                addresses.append(str(probe.getsockname()[0]))
        except OSError:
            # No route, or no such protocol.
            continue
    return addresses


__getattr__, __dir__ = module_names(globals())
