"""Receiving of one media track."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Optional

from . import _ironrtc
from ._decoding import DecodedFrames
from ._events import EventKind
from ._names import module_names
from ._native_types import codec_from_native, stats_from_native
from .codecs import get_capabilities
from .exceptions import InvalidStateError
from .mediastreams import MediaStreamError, MediaStreamTrack
from .rtcdtlstransport import RTCDtlsTransport
from .rtcrtpparameters import (
    RTCRtpCapabilities,
    RTCRtpCodecParameters,
    RTCRtpReceiveParameters,
)
from .stats import RTCStatsReport

if TYPE_CHECKING:
    from av.frame import Frame

    from ._loop import Inbox

__all__ = ["RTCRtpContributingSource", "RTCRtpReceiver", "RTCRtpSynchronizationSource"]

logger = logging.getLogger(__name__)


class RemoteStreamTrack(MediaStreamTrack):
    """A track that the other side sends."""

    def __init__(self, kind: str, id: Optional[str] = None) -> None:
        super().__init__()
        self.kind = kind
        if id is not None:
            self._id = id
        self._queue: asyncio.Queue[Any] = asyncio.Queue()
        self._frames: Optional[DecodedFrames] = None
        self.muted = True
        """Whether nothing comes at present. The events `mute` and `unmute` tell of changes."""

    async def recv(self) -> "Frame":
        """Wait for the next frame.

        A second of sound waits to be read, and a few pictures. Of what is not read in time the
        oldest is dropped.
        """
        if self.readyState != "live":
            raise MediaStreamError
        if self._frames is not None:
            self._frames.on_read()
        frame = await self._queue.get()
        if frame is None:
            self.stop()
            raise MediaStreamError
        return frame  # type: ignore[no-any-return]


@dataclass
class RTCRtpContributingSource:
    """A source that a mixer has mixed into what we receive."""

    timestamp: datetime
    """When a packet of the source came last."""

    source: int
    """The CSRC identifier."""


@dataclass
class RTCRtpSynchronizationSource:
    """A source that we receive."""

    timestamp: datetime
    """When a packet of the source came last."""

    source: int
    """The SSRC identifier."""


class RTCRtpReceiver:
    """Receives a media track from the other side."""

    def __init__(self, kind: str, transport: RTCDtlsTransport) -> None:
        if transport.state == "closed":
            raise InvalidStateError
        self.__kind = kind
        self.__transport = transport
        self.__native: Optional[_ironrtc.Transceiver] = None
        self.__inbox: Optional[Inbox] = None
        self._track: Optional[RemoteStreamTrack] = None

    @property
    def track(self) -> Optional[MediaStreamTrack]:
        """The track, once it was negotiated."""
        return self._track

    @property
    def transport(self) -> RTCDtlsTransport:
        """The transport that carries it."""
        return self.__transport

    @classmethod
    def getCapabilities(self, kind: str) -> Optional[RTCRtpCapabilities]:
        """What can be received of `audio` or of `video`."""
        return get_capabilities(kind)

    async def getStats(self) -> RTCStatsReport:
        """Statistics of what is received."""
        if self.__native is None or self.__inbox is None:
            return RTCStatsReport()
        native = self.__native
        entries = await self.__inbox.run(
            lambda inbox, token: native.get_stats(inbox, token, False)
        )
        return stats_from_native(entries)

    def getSynchronizationSources(self) -> list[RTCRtpSynchronizationSource]:
        """The sources that were heard in the last ten seconds."""
        return []

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Begin to receive."""
        raise NotImplementedError(
            "RTCRtpReceiver.receive is called by RTCPeerConnection; "
            "without one, IronRTC receives data only"
        )

    def setTransport(self, transport: RTCDtlsTransport) -> None:
        """Move to another transport."""
        self.__transport = transport

    async def stop(self) -> None:
        """Stop receiving, for good."""
        if self._track is not None:
            # Whoever waits for a frame learns that none will come.
            self._track._queue.put_nowait(None)
            self._track.stop()

    def _begin(self, native: _ironrtc.Transceiver, inbox: Inbox) -> RemoteStreamTrack:
        """The other side sends a track, which this makes."""
        self.__native, self.__inbox = native, inbox
        id, _ = native.received()
        track = self._track = RemoteStreamTrack(self.__kind, id)

        def agreed() -> list[RTCRtpCodecParameters]:
            return [codec_from_native(each) for each in native.receive_codecs()]

        track._frames = DecodedFrames(self.__kind, native, track._queue, agreed)
        return track

    def _on_event(self, kind: EventKind, payload: Any) -> None:
        track = self._track
        if track is None or track._frames is None:
            return
        match kind:
            case "readable":
                track._frames.pull()
            case "ended":
                track._frames.end()
            case "mute":
                track.muted = True
                track.emit(kind)
            case "unmute":
                track.muted = False
                track.emit(kind)


__getattr__, __dir__ = module_names(globals())
