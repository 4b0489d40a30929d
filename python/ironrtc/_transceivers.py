"""The transceivers of a connection, and the rules by which tracks find theirs.

They are those of webrtc-pc section 5.1.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from typing import Any, Optional, Union

from .exceptions import InternalError, InvalidAccessError
from .mediastreams import MediaStreamTrack
from .rtcdtlstransport import RTCDtlsTransport
from .rtcrtpreceiver import RTCRtpReceiver
from .rtcrtpsender import RTCRtpSender
from .rtcrtptransceiver import RTCRtpTransceiver
from .sdp import DIRECTIONS

logger = logging.getLogger("ironrtc.rtcpeerconnection")

_KINDS = ["audio", "video"]
# Bits of the index into `DIRECTIONS`.
_SENDS, _RECEIVES = 1, 2


class Transceivers:
    """All that a connection has, in the order of their creation."""

    def __init__(self) -> None:
        self.all: list[RTCRtpTransceiver] = []
        self.__stream_id = str(uuid.uuid4())

    def add_track(
        self, track: MediaStreamTrack, streams: Iterable[Any], transport: RTCDtlsTransport
    ) -> RTCRtpSender:
        """Send the track, on a transceiver that sends nothing yet if there is one."""
        if not hasattr(track, "kind"):
            raise TypeError(
                f"addTrack takes a MediaStreamTrack; this is of type {type(track).__name__}"
            )
        self.__check_free(track)
        kind = _checked_kind(track)
        transceiver = self.__send_on_one(track)
        if transceiver is None:
            transceiver = self.__make("sendrecv", kind, track, transport)
        transceiver.sender._stream_ids = tuple(
            str(getattr(stream, "id", stream)) for stream in streams
        ) or (self.__stream_id,)
        return transceiver.sender

    def remove_track(self, sender: RTCRtpSender) -> None:
        """Send nothing more by `sender`."""
        for transceiver in self.all:
            if transceiver.sender is sender:
                if sender.track is not None:
                    sender.replaceTrack(None)
                    receives = DIRECTIONS.index(transceiver.direction) & _RECEIVES
                    transceiver.direction = DIRECTIONS[receives]
                return
        raise InvalidAccessError("The sender does not belong to this RTCPeerConnection")

    def add(
        self,
        track_or_kind: Union[str, MediaStreamTrack],
        direction: str,
        transport: RTCDtlsTransport,
    ) -> RTCRtpTransceiver:
        """Make one, whatever there is."""
        track = track_or_kind if isinstance(track_or_kind, MediaStreamTrack) else None
        if track is not None:
            self.__check_free(track)
        kind = _checked_kind(track_or_kind)
        if direction not in DIRECTIONS:
            raise InternalError(f'Invalid direction "{direction}"')
        return self.__make(direction, kind, track, transport)

    async def stop(self) -> None:
        """Stop them all."""
        for transceiver in self.all:
            await transceiver.stop()

    def warn_of_silence(self) -> None:
        """Say so if there are any, since nothing is sent for them."""
        if self.all:
            logger.warning(
                "RTCPeerConnection does not offer audio and video: only data is sent"
            )

    def __make(
        self,
        direction: str,
        kind: str,
        track: Optional[MediaStreamTrack],
        transport: RTCDtlsTransport,
    ) -> RTCRtpTransceiver:
        transceiver = RTCRtpTransceiver(
            direction=direction,
            kind=kind,
            sender=RTCRtpSender(track or kind, transport),
            receiver=RTCRtpReceiver(kind, transport),
        )
        self.all.append(transceiver)
        return transceiver

    def __check_free(self, track: MediaStreamTrack) -> None:
        if any(each.sender.track is track for each in self.all):
            raise InvalidAccessError("Track already has a sender")

    def __send_on_one(self, track: MediaStreamTrack) -> Optional[RTCRtpTransceiver]:
        for transceiver in self.all:
            if transceiver.kind == track.kind and transceiver.sender.track is None:
                transceiver.sender.replaceTrack(track)
                if transceiver.direction in ("recvonly", "inactive"):
                    sends = DIRECTIONS.index(transceiver.direction) | _SENDS
                    transceiver.direction = DIRECTIONS[sends]
                return transceiver
        return None


def _checked_kind(track_or_kind: Union[str, MediaStreamTrack]) -> str:
    """The kind of media, if there is such a kind."""
    is_track = not isinstance(track_or_kind, str) and hasattr(track_or_kind, "kind")
    kind = track_or_kind.kind if is_track else track_or_kind  # type: ignore[union-attr]
    if kind not in _KINDS:
        raise InternalError(f'Invalid track kind "{kind}"')
    return kind
