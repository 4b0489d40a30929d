"""VP8: names only, until there are audio and video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._names import module_names, needs_media
from ..jitterbuffer import JitterFrame
from .base import Decoder, Encoder

if TYPE_CHECKING:
    from av.frame import Frame
    from av.packet import Packet

__getattr__, __dir__ = module_names(globals())


class Vp8Decoder(Decoder):
    """Decodes VP8."""

    def __init__(self) -> None:
        needs_media("Vp8Decoder")

    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        """Decode what was put together from RTP packets."""
        needs_media("Vp8Decoder")


class Vp8Encoder(Encoder):
    """Encodes VP8."""

    def __init__(self) -> None:
        needs_media("Vp8Encoder")

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode a frame; returns the payloads and the timestamp."""
        needs_media("Vp8Encoder")

    def pack(self, packet: Packet[Any]) -> tuple[list[bytes], int]:
        """Cut encoded data; returns the payloads and the timestamp."""
        needs_media("Vp8Encoder")

    @property
    def target_bitrate(self) -> int:
        """The bitrate to aim at, in bits per second."""
        needs_media("Vp8Encoder")

    @target_bitrate.setter
    def target_bitrate(self, bitrate: int) -> None:
        needs_media("Vp8Encoder")


class VpxPayloadDescriptor:
    """The beginning of a payload of VP8."""

    def __init__(self, *_: Any, **__: Any) -> None:
        needs_media("VpxPayloadDescriptor")
