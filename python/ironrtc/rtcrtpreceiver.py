"""Receiving of one media track."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Optional

from ._names import module_names, needs_media
from .codecs import get_capabilities
from .exceptions import InvalidStateError
from .mediastreams import MediaStreamError, MediaStreamTrack
from .rtcdtlstransport import RTCDtlsTransport
from .rtcrtpparameters import RTCRtpCapabilities, RTCRtpReceiveParameters
from .stats import RTCStatsReport

if TYPE_CHECKING:
    from av.frame import Frame

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

    async def recv(self) -> "Frame":
        """Wait for the next frame."""
        if self.readyState != "live":
            raise MediaStreamError
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
        self._track: Optional[MediaStreamTrack] = None

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
        return RTCStatsReport()

    def getSynchronizationSources(self) -> list[RTCRtpSynchronizationSource]:
        """The sources that were heard in the last ten seconds."""
        return []

    async def receive(self, parameters: RTCRtpReceiveParameters) -> None:
        """Begin to receive."""
        needs_media("RTCRtpReceiver.receive")

    def setTransport(self, transport: RTCDtlsTransport) -> None:
        """Move to another transport."""
        self.__transport = transport

    async def stop(self) -> None:
        """Stop receiving, for good."""
        if self._track is not None:
            self._track.stop()


__getattr__, __dir__ = module_names(globals())
