"""The transceivers of a connection, and the rules by which tracks find theirs.

They are those of webrtc-pc section 5.1.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Optional, Union

from . import _ironrtc, codecs
from ._events import EventKind
from ._loop import next_token
from ._native_types import codecs_to_native
from .exceptions import InternalError, InvalidAccessError
from .mediastreams import MediaStreamTrack
from .rtcdtlstransport import RTCDtlsTransport
from .rtcrtpreceiver import RTCRtpReceiver
from .rtcrtpsender import RTCRtpSender
from .rtcrtptransceiver import RTCRtpTransceiver
from .sdp import DIRECTIONS

if TYPE_CHECKING:
    from ._loop import Inbox

_KINDS = ["audio", "video"]
# Bits of the index into `DIRECTIONS`.
_SENDS, _RECEIVES = 1, 2


class Transceivers:
    """All that a connection has, in the order of their creation."""

    def __init__(self, native: _ironrtc.PeerConnection, *, all_join_offers: bool) -> None:
        self.all: list[RTCRtpTransceiver] = []
        self.__native = native
        self.__all_join_offers = all_join_offers
        self.__known: dict[str, list[Any]] = {}
        self.__registered: dict[RTCRtpTransceiver, tuple[Inbox, int]] = {}
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
        names = [str(getattr(stream, "id", stream)) for stream in streams]
        transceiver.sender._set_streams(names or [self.__stream_id])
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
        registered, self.__registered = self.__registered, {}
        for inbox, token in registered.values():
            inbox.unregister(token)

    @property
    def are_negotiated(self) -> bool:
        """Whether both sides have agreed on audio or video."""
        return any(each.currentDirection is not None for each in self.all)

    def state_codecs(self) -> None:
        """Tell the core which codecs to negotiate: those of `codecs.CODECS`, as it is now."""
        for transceiver in self.all:
            assert transceiver._native is not None
            kind = transceiver.kind
            if kind not in self.__known:
                self.__known[kind] = self.__native.capabilities(kind)
            wanted = transceiver._preferred_codecs or codecs.CODECS[kind]
            native = codecs_to_native(list(wanted), self.__known[kind])
            if native and not transceiver.stopped:
                transceiver._native.set_codec_preferences(native)

    def synchronise(
        self, transport: RTCDtlsTransport, inbox: Inbox, on_track: Callable[[Any], Any]
    ) -> None:
        """Take over what descriptions have changed, and call `on_track` with each new track."""
        added = []
        for native in self.__native.transceivers():
            transceiver = self.__of(native)
            if transceiver is None:
                transceiver = self.__wrap(native, native.kind, None, "recvonly", transport)
            bound = transceiver._native
            assert bound is not None
            if native.receives() and transceiver.receiver._track is None:
                added.append(transceiver.receiver._begin(bound, inbox))
            if transceiver not in self.__registered:
                # One that only sends is told who needs a key frame.
                token = next_token()
                inbox.register(token, _TransceiverEvents(transceiver))
                self.__registered[transceiver] = (inbox, token)
                bound.attach(inbox.native, token)
        for track in added:
            on_track(track)

    def run(self, inbox: Optional[Inbox], state: str) -> None:
        """Send what was agreed on, in the connection's state "connected", and nothing else."""
        for transceiver in self.all:
            sends = transceiver.currentDirection in ("sendrecv", "sendonly")
            if inbox is not None and state == "connected" and sends:
                transceiver.sender._begin(inbox)
            else:
                transceiver.sender._pause()

    def __of(self, native: _ironrtc.Transceiver) -> Optional[RTCRtpTransceiver]:
        for transceiver in self.all:
            if transceiver._native is not None and transceiver._native.is_same(native):
                return transceiver
        return None

    def __make(
        self,
        direction: str,
        kind: str,
        track: Optional[MediaStreamTrack],
        transport: RTCDtlsTransport,
    ) -> RTCRtpTransceiver:
        native = self.__native.add_transceiver(kind, direction, self.__all_join_offers)
        return self.__wrap(native, kind, track, direction, transport)

    def __wrap(
        self,
        native: _ironrtc.Transceiver,
        kind: str,
        track: Optional[MediaStreamTrack],
        direction: str,
        transport: RTCDtlsTransport,
    ) -> RTCRtpTransceiver:
        transceiver = RTCRtpTransceiver(
            direction=direction,
            kind=kind,
            sender=RTCRtpSender(track or kind, transport),
            receiver=RTCRtpReceiver(kind, transport),
        )
        transceiver._bind(native)
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


class _TransceiverEvents:
    """Hands on what happens to a transceiver."""

    def __init__(self, transceiver: RTCRtpTransceiver) -> None:
        self.__transceiver = transceiver

    def _on_event(self, kind: EventKind, payload: Any) -> None:
        match kind:
            case "keyframe":
                self.__transceiver.sender._send_keyframe()
            case _:
                self.__transceiver.receiver._on_event(kind, payload)


def _checked_kind(track_or_kind: Union[str, MediaStreamTrack]) -> str:
    """The kind of media, if there is such a kind."""
    is_track = not isinstance(track_or_kind, str) and hasattr(track_or_kind, "kind")
    kind = track_or_kind.kind if is_track else track_or_kind  # type: ignore[union-attr]
    if kind not in _KINDS:
        raise InternalError(f'Invalid track kind "{kind}"')
    return kind
