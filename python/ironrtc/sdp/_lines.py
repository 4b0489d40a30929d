"""Lines, and what many of them have in common."""

import ipaddress
import re
from dataclasses import dataclass
from typing import Optional, Union

from .. import _ironrtc


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
