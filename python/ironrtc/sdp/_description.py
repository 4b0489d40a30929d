"""A whole description."""

from typing import Optional

from ._lines import GroupDescription, grouplines, ipaddress_to_sdp
from ._media import MediaDescription
from ._parse import parse_media, parse_session


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
        defaults = parse_session(session, session_lines)
        session.media = [parse_media(lines, defaults) for lines in media_groups]
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
