"""Candidates as text: in descriptions, and towards the core."""

from typing import Optional

from ._values import RTCIceCandidate


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


def candidate_from_native(
    text: str, mid: Optional[str] = None, index: Optional[int] = None
) -> RTCIceCandidate:
    """Read a candidate as the core writes it."""
    candidate = candidate_from_sdp(text.partition(":")[2])
    candidate.sdpMid = mid
    candidate.sdpMLineIndex = index
    return candidate


def candidate_to_native(candidate: RTCIceCandidate) -> str:
    """Write a candidate for the core."""
    text = f"candidate:{candidate_to_sdp(candidate)}"
    fragment = getattr(candidate, "usernameFragment", None)
    return text if fragment is None else f"{text} ufrag {fragment}"
