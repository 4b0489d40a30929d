"""Candidates that come before the description that they belong to."""

from __future__ import annotations

import logging
from typing import Optional

from ._values import RTCIceCandidate

logger = logging.getLogger("ironrtc.rtcpeerconnection")

_MAX_CANDIDATES = 64


class EarlyCandidates:
    """Candidates that wait for a description, 64 at most."""

    def __init__(self) -> None:
        self.__waiting: list[Optional[RTCIceCandidate]] = []

    def keep(self, candidate: Optional[RTCIceCandidate]) -> None:
        """Keep a candidate until the description comes."""
        logger.warning("RTCPeerConnection addIceCandidate called without remote description")
        if len(self.__waiting) < _MAX_CANDIDATES:
            self.__waiting.append(candidate)

    def take(self) -> list[Optional[RTCIceCandidate]]:
        """The candidates that have waited."""
        waiting, self.__waiting = self.__waiting, []
        return waiting
