"""A sender and a receiver that share an m-line."""

import logging
from typing import Optional

from . import _ironrtc
from ._names import module_names
from .codecs import get_capabilities, is_rtx
from .rtcrtpparameters import RTCRtpCodecCapability
from .rtcrtpreceiver import RTCRtpReceiver
from .rtcrtpsender import RTCRtpSender
from .sdp import DIRECTIONS

__all__ = ["RTCRtpTransceiver"]

logger = logging.getLogger(__name__)


class RTCRtpTransceiver:
    """An `RTCRtpSender` and an `RTCRtpReceiver` that share an m-line."""

    def __init__(
        self,
        kind: str,
        receiver: RTCRtpReceiver,
        sender: RTCRtpSender,
        direction: str = "sendrecv",
    ):
        self.__direction = direction
        self.__kind = kind
        self.__receiver = receiver
        self.__sender = sender
        self.__stopped = False
        self._native: Optional[_ironrtc.Transceiver] = None
        self._preferred_codecs: list[RTCRtpCodecCapability] = []

    @property
    def currentDirection(self) -> Optional[str]:
        """The direction that was negotiated: `sendrecv`, `sendonly`, `recvonly`, `inactive`."""
        return None if self._native is None else self._native.current_direction

    @property
    def direction(self) -> str:
        """The direction that is wanted."""
        if self._native is None or self.__stopped:
            return self.__direction
        return self._native.direction

    @direction.setter
    def direction(self, direction: str) -> None:
        assert direction in DIRECTIONS
        self.__direction = direction
        if self._native is not None:
            self._native.set_direction(direction)

    @property
    def kind(self) -> str:
        """`audio` or `video`."""
        return self.__kind

    @property
    def mid(self) -> Optional[str]:
        """The identifier of the m-line, once it was negotiated."""
        return None if self._native is None else self._native.mid

    @property
    def receiver(self) -> RTCRtpReceiver:
        """The receiving half."""
        return self.__receiver

    @property
    def sender(self) -> RTCRtpSender:
        """The sending half."""
        return self.__sender

    @property
    def stopped(self) -> bool:
        """Whether the transceiver neither sends nor receives any more."""
        return self.__stopped

    def setCodecPreferences(self, codecs: list[RTCRtpCodecCapability]) -> None:
        """Use these codecs, in this order. An empty list takes back all preferences."""
        capabilities = get_capabilities(self.__kind).codecs
        wanted: list[RTCRtpCodecCapability] = []
        for codec in codecs:
            if codec not in capabilities:
                raise ValueError("Codec is not in capabilities")
            if codec not in wanted:
                wanted.append(codec)
        # Retransmission alone is no preference.
        self._preferred_codecs = [] if all(map(is_rtx, wanted)) else wanted

    async def stop(self) -> None:
        """Stop sending and receiving, for good."""
        await self.__receiver.stop()
        await self.__sender.stop()
        self.__stopped = True
        if self._native is not None:
            self._native.stop()

    def _bind(self, native: _ironrtc.Transceiver) -> None:
        """Make `native` do what this says."""
        self._native = native
        self.__sender._bind(native)


__getattr__, __dir__ = module_names(globals())
