"""Sending of one media track."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Optional, Union

from . import _ironrtc, codecs
from ._loop import next_token
from ._names import module_names
from ._native_types import codec_from_native, stats_from_native
from .codecs import get_capabilities
from .exceptions import InvalidStateError
from .mediastreams import MediaStreamError, MediaStreamTrack
from .rtcdtlstransport import RTCDtlsTransport
from .rtcrtpparameters import (
    RTCRtpCapabilities,
    RTCRtpCodecParameters,
    RTCRtpSendParameters,
)
from .rtp import compute_audio_level_dbov
from .stats import RTCStatsReport

if TYPE_CHECKING:
    from ._loop import Inbox
    from .codecs.base import Encoder

__all__ = ["RTCRtpSender"]

logger = logging.getLogger(__name__)

# How often encoders are told what the network carries, in seconds, and how much it must differ:
# a new rate is a new encoder for PyAV, which begins with a key frame.
_RATE_INTERVAL = 1.0
_RATE_STEP = 0.25

# Ticks from a payload of 20 ms to the next one of the same frame (RFC 3551, RFC 7587).
_PAYLOAD_TICKS = {"opus": 960, "g722": 160, "pcma": 160, "pcmu": 160}


@dataclass
class RTCEncodedFrame:
    """A frame as it is sent."""

    payloads: list[bytes]
    """The payloads of its packets."""

    timestamp: int
    """Its timestamp, in ticks of the codec's clock."""

    audio_level: Optional[int]
    """How loud it is, in decibels below the loudest (RFC 6464)."""


class RTCRtpSender:
    """Sends a media track to the other side."""

    def __init__(
        self, trackOrKind: Union[MediaStreamTrack, str], transport: RTCDtlsTransport
    ) -> None:
        if transport.state == "closed":
            raise InvalidStateError
        self.__track: Optional[MediaStreamTrack] = None
        self.__encoder: Optional[Encoder] = None
        self.__encoding = threading.Lock()
        self.__force_keyframe = False
        self.__rate_asked = 0.0
        self.__codec: Optional[RTCRtpCodecParameters] = None
        self.__native: Optional[_ironrtc.Transceiver] = None
        self.__inbox: Optional[Inbox] = None
        self.__task: Optional[asyncio.Task[None]] = None
        self.__stopped = False
        self._enabled = True
        self._ssrc = secrets.randbits(32)
        self._stream_ids: tuple[str, ...] = ()
        if isinstance(trackOrKind, MediaStreamTrack):
            self.__kind = trackOrKind.kind
            self.replaceTrack(trackOrKind)
        else:
            self.__kind = trackOrKind
            self._track_id = str(uuid.uuid4())
        self.__transport = transport

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
        if self.__native is None or self.__inbox is None:
            return RTCStatsReport()
        native = self.__native
        entries = await self.__inbox.run(
            lambda inbox, token: native.get_stats(inbox, token, True)
        )
        return stats_from_native(entries)

    def replaceTrack(self, track: Optional[MediaStreamTrack]) -> None:
        """Send another track, or nothing, from now on."""
        self.__track = track
        if track is not None:
            self._track_id = track.id
        if self.__native is not None:
            self.__native.send_track(None if track is None else track.id)
        if self.__task is not None:
            # What the former track would yield next is of no use.
            self.__task.cancel()
            self.__task = None
            self.__run()

    async def send(self, parameters: RTCRtpSendParameters) -> None:
        """Begin to send."""
        raise NotImplementedError(
            "RTCRtpSender.send is called by RTCPeerConnection; "
            "without one, IronRTC sends data only"
        )

    def setTransport(self, transport: RTCDtlsTransport) -> None:
        """Move to another transport."""
        self.__transport = transport

    async def stop(self) -> None:
        """Stop sending, for good."""
        self.__stopped = True
        self._pause()
        if self.__native is not None:
            self.__native.stop_sending()
        self.__track = None

    def _bind(self, native: _ironrtc.Transceiver) -> None:
        """What is sent goes by `native` from now on."""
        self.__native = native
        if self._stream_ids:
            native.set_streams(list(self._stream_ids))
        if self.__track is not None:
            native.send_track(self.__track.id)

    def _set_streams(self, streams: Sequence[str]) -> None:
        self._stream_ids = tuple(streams)
        if self.__native is not None:
            self.__native.set_streams(list(streams))

    def _begin(self, inbox: Inbox) -> None:
        """It was agreed that the track is sent, and there is a connection."""
        if self.__native is None or self.__stopped:
            return
        self.__inbox = inbox
        agreed, _ = self.__native.send_codecs()
        sent = [codec_from_native(each) for each in agreed]
        codec = next(iter(sent), None)
        if codec is None:
            self._pause()
            return
        if codec != self.__codec:
            self.__codec, self.__encoder = codec, None
        self.__run()

    def _pause(self) -> None:
        """Send nothing, for now."""
        if self.__task is not None:
            self.__task.cancel()
            self.__task = None

    def _send_keyframe(self) -> None:
        """Have the next frame be a key frame: somebody on the other side needs one."""
        self.__force_keyframe = True

    def __run(self) -> None:
        if self.__task is None and self.__track is not None and self.__codec is not None:
            self.__task = asyncio.ensure_future(self.__send_track(self.__track, self.__codec))

    async def __send_track(self, track: MediaStreamTrack, codec: RTCRtpCodecParameters) -> None:
        self._send_keyframe()
        try:
            while True:
                frame = await self._next_encoded_frame(codec)
                if frame is not None and frame.payloads and self._enabled:
                    self.__send_frame(frame, codec)
        except (asyncio.CancelledError, ConnectionError):
            raise
        except MediaStreamError:
            logger.debug("RTCRtpSender(%s) track has ended", self.__kind)
        except Exception:
            logger.warning("RTCRtpSender(%s) track fails", self.__kind, exc_info=True)
        # A track may follow; this one is over.
        track.stop()

    async def _next_encoded_frame(
        self, codec: RTCRtpCodecParameters
    ) -> Optional[RTCEncodedFrame]:
        """Wait for the next frame of the track, and encode it."""
        from av import AudioFrame
        from av.frame import Frame

        track = self.__track
        if track is None:
            raise MediaStreamError
        data = await track.recv()
        audio_level = None
        if isinstance(data, AudioFrame):
            audio_level = _audio_level(data)
        encoder = self.__encoder
        if encoder is None:
            # Looked up here, as programs replace it.
            encoder = self.__encoder = codecs.get_encoder(codec)
        if not isinstance(data, Frame):
            payloads, timestamp = encoder.pack(data)
        elif self.__kind == "audio":
            # This takes less time than a way to another thread and back.
            payloads, timestamp = encoder.encode(data)
        else:
            self.__follow_network(encoder)
            force_keyframe, self.__force_keyframe = self.__force_keyframe, False
            payloads, timestamp = await asyncio.get_running_loop().run_in_executor(
                None, self.__encode, encoder, data, force_keyframe
            )
        return RTCEncodedFrame(payloads, timestamp, audio_level)

    def __follow_network(self, encoder: Any) -> None:
        """Have the encoder aim at what the network carries."""
        now = time.monotonic()
        native, inbox = self.__native, self.__inbox
        if native is None or inbox is None or not hasattr(encoder, "target_bitrate"):
            return
        if now - self.__rate_asked < _RATE_INTERVAL:
            return
        self.__rate_asked = now
        done, entries = native.get_stats(inbox.native, next_token(), True)
        for entry in entries if done else ():
            target = entry.get("targetBitrate")
            if target is not None:
                before = encoder.target_bitrate
                if abs(target - before) > _RATE_STEP * before:
                    encoder.target_bitrate = int(target)

    def __encode(
        self, encoder: Encoder, frame: Any, force_keyframe: bool
    ) -> tuple[list[bytes], int]:
        # A task that was cancelled may have left its frame to be encoded still.
        with self.__encoding:
            return encoder.encode(frame, force_keyframe=force_keyframe)

    def __send_frame(self, frame: RTCEncodedFrame, codec: RTCRtpCodecParameters) -> None:
        assert self.__native is not None
        payload_type = codec.payloadType or 0
        timestamp = frame.timestamp & 0xFFFFFFFF
        if self.__kind == "video":
            self.__native.send(payload_type, frame.payloads, timestamp, True, None)
            return
        ticks = _PAYLOAD_TICKS.get(codec.name.lower(), 0)
        for payload in frame.payloads:
            self.__native.send(payload_type, [payload], timestamp, False, frame.audio_level)
            timestamp = (timestamp + ticks) & 0xFFFFFFFF


def _audio_level(frame: Any) -> int:
    # The samples of other formats are read by none but the encoder.
    return -compute_audio_level_dbov(frame) if frame.format.name == "s16" else 0


__getattr__, __dir__ = module_names(globals())
