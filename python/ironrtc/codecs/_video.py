"""What video codecs share: an encoder that follows the size of pictures and the bitrate."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Optional, cast

from ..mediastreams import VIDEO_TIME_BASE, convert_timebase

if TYPE_CHECKING:
    from av import VideoFrame
    from av.frame import Frame
    from av.video.codeccontext import VideoCodecContext

_BITRATE_TOLERANCE = 0.1
"""A rate that differs less is not worth the key frame with which a new encoder begins."""


def checked_bitrate(bitrate: int, lowest: int, highest: int) -> int:
    """The bitrate, within the bounds."""
    return max(lowest, min(bitrate, highest))


def rtp_timestamp(frame: Any) -> int:
    """The timestamp of a frame or packet in ticks of video's clock."""
    return convert_timebase(frame.pts, frame.time_base, VIDEO_TIME_BASE)


class ContextKeeper:
    """A context of PyAV's for the pictures that come."""

    def __init__(self, make: "Callable[[int, int, int], VideoCodecContext]") -> None:
        self._make = make
        self._bitrate = 0
        self._last_pts: Optional[int] = None

    def fitting(
        self, context: "Optional[VideoCodecContext]", frame: "VideoFrame", bitrate: int
    ) -> "VideoCodecContext":
        """The context, or a new one if the picture's size or the bitrate is another."""
        if (
            context is None
            or (frame.width, frame.height) != (context.width, context.height)
            or abs(bitrate - self._bitrate) > _BITRATE_TOLERANCE * self._bitrate
        ):
            context = self._make(frame.width, frame.height, bitrate)
            self._bitrate = bitrate
            self._last_pts = None
        return context

    @contextmanager
    def prepared(self, frame: "VideoFrame", force_keyframe: bool) -> "Iterator[VideoFrame]":
        """The frame as the encoder takes it. The program's own frame stays as it was."""
        from av.video.frame import PictureType

        picture = frame
        if frame.format.name != "yuv420p":
            picture = frame.reformat(format="yuv420p")
        before = picture.pts, picture.time_base, picture.pict_type
        pts = rtp_timestamp(frame)
        if self._last_pts is not None and pts <= self._last_pts:
            # Another track has taken the place of the first: an encoder's time only goes on.
            pts = self._last_pts + 1
        self._last_pts = pts
        wanted = pts, VIDEO_TIME_BASE, PictureType.I if force_keyframe else PictureType.NONE
        if before == wanted:
            yield picture
            return
        picture.pts, picture.time_base, picture.pict_type = wanted
        try:
            yield picture
        finally:
            # Each frame that is encoded later from the same object would be a key frame too.
            picture.pts, picture.time_base, picture.pict_type = before


def decode_picture(codec: "VideoCodecContext", data: bytes, timestamp: int) -> "list[Frame]":
    """The frames that come of encoded data."""
    from av.packet import Packet

    packet = Packet(data)
    packet.pts = timestamp
    packet.time_base = VIDEO_TIME_BASE
    return cast("list[Frame]", codec.decode(packet))
