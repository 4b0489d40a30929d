"""Candidates."""

from __future__ import annotations

import hashlib
import ipaddress
from typing import Optional

# RFC 8445 section 5.1.2.2.
_TYPE_PREFERENCES = {"host": 126, "prflx": 110, "srflx": 100}

_EXTENSIONS = {
    "raddr": ("related_address", str),
    "rport": ("related_port", int),
    "tcptype": ("tcptype", str),
    "generation": ("generation", int),
}


def candidate_foundation(
    candidate_type: str, candidate_transport: str, base_address: str
) -> str:
    """What candidates have in common that were found in the same way (RFC 8445 5.1.1.3)."""
    key = f"{candidate_type}|{candidate_transport}|{base_address}"
    return hashlib.md5(key.encode("ascii"), usedforsecurity=False).hexdigest()


def candidate_priority(
    candidate_component: int, candidate_type: str, local_pref: int = 65535
) -> int:
    """RFC 8445 section 5.1.2.1."""
    preference = _TYPE_PREFERENCES.get(candidate_type, 0)
    return preference << 24 | local_pref << 8 | 256 - candidate_component


class Candidate:
    """An address at which a side may be reached."""

    def __init__(
        self,
        foundation: str,
        component: int,
        transport: str,
        priority: int,
        host: str,
        port: int,
        type: str,
        related_address: Optional[str] = None,
        related_port: Optional[int] = None,
        tcptype: Optional[str] = None,
        generation: Optional[int] = None,
    ) -> None:
        self.foundation = foundation
        self.component = component
        self.transport = transport
        self.priority = priority
        self.host = host
        self.port = port
        self.type = type
        self.related_address = related_address
        self.related_port = related_port
        self.tcptype = tcptype
        self.generation = generation

    @classmethod
    def from_sdp(cls, sdp: str) -> "Candidate":
        """Read a candidate from SDP, without the `candidate:` before it."""
        words = sdp.split()
        if len(words) < 8:
            raise ValueError("SDP does not have enough properties")
        candidate = cls(
            foundation=words[0],
            component=int(words[1]),
            transport=words[2],
            priority=int(words[3]),
            host=words[4],
            port=int(words[5]),
            type=words[7],
        )
        for name, value in zip(words[8::2], words[9::2], strict=False):
            if name in _EXTENSIONS:
                attribute, convert = _EXTENSIONS[name]
                setattr(candidate, attribute, convert(value))
        return candidate

    def to_sdp(self) -> str:
        """Write the candidate for SDP, without the `candidate:` before it."""
        text = (
            f"{self.foundation} {self.component} {self.transport} {self.priority}"
            f" {self.host} {self.port} typ {self.type}"
        )
        for name, (attribute, _) in _EXTENSIONS.items():
            value = getattr(self, attribute)
            if value is not None:
                text += f" {name} {value}"
        return text

    def can_pair_with(self, other: "Candidate") -> bool:
        """Whether both have the same component, protocol and version of IP."""
        return (
            self.component == other.component
            and self.transport.lower() == other.transport.lower()
            and ipaddress.ip_address(self.host).version
            == ipaddress.ip_address(other.host).version
        )

    def __repr__(self) -> str:
        return f"Candidate({self.to_sdp()})"
