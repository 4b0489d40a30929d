"""G.722: names only, until there are audio and video."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .._names import module_names, needs_media
from ..jitterbuffer import JitterFrame
from .base import Decoder, Encoder

if TYPE_CHECKING:
    from av.frame import Frame
    from av.packet import Packet

__getattr__, __dir__ = module_names(globals())


class G722Decoder(Decoder):
    """Decodes G.722."""

    def __init__(self) -> None:
        needs_media("G722Decoder")

    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        """Decode what was put together from RTP packets."""
        needs_media("G722Decoder")


class G722Encoder(Encoder):
    """Encodes G.722."""

    def __init__(self) -> None:
        needs_media("G722Encoder")

    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode a frame; returns the payloads and the timestamp."""
        needs_media("G722Encoder")

    def pack(self, packet: Packet[Any]) -> tuple[list[bytes], int]:
        """Cut encoded data; returns the payloads and the timestamp."""
        needs_media("G722Encoder")
