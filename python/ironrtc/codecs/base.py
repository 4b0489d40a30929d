"""What encoders and decoders can do."""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import TYPE_CHECKING, Any

from .._lazy import lazy_names
from ..jitterbuffer import JitterFrame

if TYPE_CHECKING:
    from av.frame import Frame
    from av.packet import Packet

__all__ = ["ABCMeta", "Decoder", "Encoder", "Frame", "JitterFrame", "Packet", "abstractmethod"]

__getattr__, __dir__ = lazy_names(
    globals(), Frame=("av.frame", "Frame"), Packet=("av.packet", "Packet")
)


class Decoder(metaclass=ABCMeta):
    """Turns encoded data into frames."""

    @abstractmethod
    def decode(self, encoded_frame: JitterFrame) -> list[Frame]:
        """Decode what was put together from RTP packets."""


class Encoder(metaclass=ABCMeta):
    """Turns frames into the payloads of RTP packets."""

    @abstractmethod
    def encode(self, frame: Frame, force_keyframe: bool = False) -> tuple[list[bytes], int]:
        """Encode a frame; returns the payloads and the timestamp."""

    @abstractmethod
    def pack(self, packet: Packet[Any]) -> tuple[list[bytes], int]:
        """Cut encoded data; returns the payloads and the timestamp."""
