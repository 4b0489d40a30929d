"""The rules by which tracks find their transceivers (webrtc-pc section 5.1)."""

from __future__ import annotations

from typing import Optional, Union

from .exceptions import InternalError, InvalidAccessError
from .mediastreams import MediaStreamTrack
from .rtcrtpsender import RTCRtpSender
from .rtcrtptransceiver import RTCRtpTransceiver
from .sdp import DIRECTIONS

_KINDS = ["audio", "video"]
# Bits of the index into `DIRECTIONS`.
_SENDS, _RECEIVES = 1, 2


def checked_kind(track_or_kind: Union[str, MediaStreamTrack]) -> str:
    """The kind of media, if there is such a kind."""
    is_track = not isinstance(track_or_kind, str) and hasattr(track_or_kind, "kind")
    kind = track_or_kind.kind if is_track else track_or_kind  # type: ignore[union-attr]
    if kind not in _KINDS:
        raise InternalError(f'Invalid track kind "{kind}"')
    return kind


def check_direction(direction: str) -> None:
    """Refuse what is no direction."""
    if direction not in DIRECTIONS:
        raise InternalError(f'Invalid direction "{direction}"')


def check_free(transceivers: list[RTCRtpTransceiver], track: MediaStreamTrack) -> None:
    """Refuse a track that is sent already."""
    if any(each.sender.track is track for each in transceivers):
        raise InvalidAccessError("Track already has a sender")


def send_on_one(
    transceivers: list[RTCRtpTransceiver], track: MediaStreamTrack
) -> Optional[RTCRtpTransceiver]:
    """Send the track on a transceiver that sends nothing yet, if there is one."""
    for transceiver in transceivers:
        if transceiver.kind == track.kind and transceiver.sender.track is None:
            transceiver.sender.replaceTrack(track)
            if transceiver.direction in ("recvonly", "inactive"):
                sends = DIRECTIONS.index(transceiver.direction) | _SENDS
                transceiver.direction = DIRECTIONS[sends]
            return transceiver
    return None


def stop_sending(transceivers: list[RTCRtpTransceiver], sender: RTCRtpSender) -> None:
    """Send nothing more by `sender`."""
    for transceiver in transceivers:
        if transceiver.sender is sender:
            if sender.track is not None:
                sender.replaceTrack(None)
                receives = DIRECTIONS.index(transceiver.direction) & _RECEIVES
                transceiver.direction = DIRECTIONS[receives]
            return
    raise InvalidAccessError("The sender does not belong to this RTCPeerConnection")
