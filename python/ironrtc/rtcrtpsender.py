"""Sending of one media track."""

import logging
import secrets
import uuid
from typing import Optional, Union

from ._names import module_names, needs_media
from .codecs import get_capabilities
from .exceptions import InvalidStateError
from .mediastreams import MediaStreamTrack
from .rtcdtlstransport import RTCDtlsTransport
from .rtcrtpparameters import RTCRtpCapabilities, RTCRtpSendParameters
from .stats import RTCStatsReport

__all__ = ["RTCRtpSender"]

logger = logging.getLogger(__name__)


class RTCRtpSender:
    """Sends a media track to the other side."""

    def __init__(
        self, trackOrKind: Union[MediaStreamTrack, str], transport: RTCDtlsTransport
    ) -> None:
        if transport.state == "closed":
            raise InvalidStateError
        self.__track: Optional[MediaStreamTrack] = None
        if isinstance(trackOrKind, MediaStreamTrack):
            self.__kind = trackOrKind.kind
            self.replaceTrack(trackOrKind)
        else:
            self.__kind = trackOrKind
            self._track_id = str(uuid.uuid4())
        self.__transport = transport
        self._ssrc = secrets.randbits(32)
        self._stream_ids: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """`audio` or `video`."""
        return self.__kind

    @property
    def track(self) -> Optional[MediaStreamTrack]:
        """The track that is sent."""
        return self.__track

    @property
    def transport(self) -> RTCDtlsTransport:
        """The transport that carries it."""
        return self.__transport

    @classmethod
    def getCapabilities(cls, kind: str) -> RTCRtpCapabilities:
        """What can be sent of `audio` or of `video`."""
        return get_capabilities(kind)

    async def getStats(self) -> RTCStatsReport:
        """Statistics of what is sent."""
        return RTCStatsReport()

    def replaceTrack(self, track: Optional[MediaStreamTrack]) -> None:
        """Send another track, or nothing, from now on."""
        self.__track = track
        if track is not None:
            self._track_id = track.id

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Begin to send."""
        needs_media("RTCRtpSender.send")

    def setTransport(self, transport: RTCDtlsTransport) -> None:
        """Move to another transport."""
        self.__transport = transport

    async def stop(self) -> None:
        """Stop sending, for good."""
        self.__track = None


__getattr__, __dir__ = module_names(globals())
