"""Frames on their way from the core to a track: decoded, and no more of them than are read."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Optional

from . import _ironrtc, codecs
from .jitterbuffer import JitterFrame
from .rtcrtpparameters import RTCRtpCodecParameters

if TYPE_CHECKING:
    from .codecs.base import Decoder

logger = logging.getLogger("ironrtc.rtcrtpreceiver")

_BATCH = 16
# A second of sound, and as many pictures as a reader may be late without missing one.
_ROOM = {"audio": 50, "video": 8}
# Who has not read for so long does not see pictures from before.
_READER_IS_GONE = 2.0

_pool: Optional[ThreadPoolExecutor] = None


def _threads() -> ThreadPoolExecutor:
    global _pool
    if _pool is None:
        _pool = ThreadPoolExecutor(max_workers=8, thread_name_prefix="ironrtc-decoder")
    return _pool


class DecodedFrames:
    """Decodes what a receiver gets, while somebody reads it."""

    def __init__(
        self,
        kind: str,
        native: _ironrtc.Transceiver,
        queue: "asyncio.Queue[Any]",
        agreed: "Callable[[], list[RTCRtpCodecParameters]]",
    ) -> None:
        self.__kind = kind
        self.__native = native
        self.__queue = queue
        self.__agreed = agreed
        self.__decoder: Optional[tuple[str, Decoder]] = None
        self.__origin: Optional[int] = None
        self.__at_work = False
        self.__ended = False
        self.__last_read = time.monotonic()
        self.dropped = 0
        """Frames that nobody has read in time."""

    def on_read(self) -> None:
        """Somebody waits for a frame, or has just taken one."""
        now = time.monotonic()
        if self.__kind == "video" and now - self.__last_read > _READER_IS_GONE:
            while not self.__queue.empty():
                self.__queue.get_nowait()
                self.dropped += 1
            self.__native.request_key_frame()
        self.__last_read = now
        self.pull()

    def pull(self) -> None:
        """Take and decode what there is, as far as there is room."""
        if self.__at_work:
            return
        if self.__kind == "video" and self.__queue.qsize() >= _ROOM["video"]:
            # The core drops to the next key frame what is not taken.
            return
        received = self.__native.recv(_BATCH)
        if not received:
            if self.__ended:
                self.__queue.put_nowait(None)
                self.__ended = False
            return
        if self.__kind == "audio":
            # This takes less time than a way to another thread and back.
            self.__deliver(self.__decode(received))
            self.pull()
            return
        self.__at_work = True
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(_threads(), self.__decode, received)
        work.add_done_callback(self.__on_decoded)

    def end(self) -> None:
        """Nothing more will come."""
        self.__ended = True
        self.pull()

    def __on_decoded(self, work: "asyncio.Future[list[Any]]") -> None:
        self.__at_work = False
        if not work.cancelled():
            self.__deliver(work.result())
            self.pull()

    def __deliver(self, frames: list[Any]) -> None:
        for frame in frames:
            if self.__queue.qsize() >= _ROOM[self.__kind]:
                self.__queue.get_nowait()
                self.dropped += 1
            self.__queue.put_nowait(frame)

    def __decode(self, received: list[Any]) -> list[Any]:
        frames: list[Any] = []
        for data, timestamp, mime_type, key, lost in received:
            if self.__origin is None:
                self.__origin = timestamp
            try:
                decoder = self.__decoder_for(mime_type)
                if decoder is not None:
                    since = timestamp - self.__origin
                    frames += decoder.decode(JitterFrame(data=data, timestamp=since))
            except Exception as exc:
                # A damaged frame costs itself, and what depends on it.
                logger.warning("RTCRtpReceiver(%s) cannot decode: %s", self.__kind, exc)
                if self.__kind == "video":
                    self.__native.request_key_frame()
        return frames

    def __decoder_for(self, mime_type: str) -> Optional[Decoder]:
        if self.__decoder is not None and self.__decoder[0] == mime_type:
            return self.__decoder[1]
        for codec in self.__agreed():
            if codec.mimeType.lower() == mime_type.lower():
                # Looked up here, as programs replace it.
                decoder = codecs.get_decoder(codec)
                self.__decoder = (mime_type, decoder)
                return decoder
        return None
