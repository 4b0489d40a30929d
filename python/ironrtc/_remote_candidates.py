"""The candidates of the other side, on their way into the core."""

from __future__ import annotations

import logging
from typing import Optional

from . import _ironrtc
from ._behaviour import Behaviour
from ._candidate import candidate_to_native
from ._ice_log import IceLog
from ._loop import Inbox
from ._values import RTCIceCandidate
from .exceptions import OperationError

logger = logging.getLogger("ironrtc.rtcpeerconnection")

_MAX_EARLY_CANDIDATES = 64


class RemoteCandidates:
    """Hands candidates on; those that come before their description wait for it, 64 at most."""

    def __init__(
        self, native: _ironrtc.PeerConnection, behaviour: Behaviour, log: IceLog
    ) -> None:
        self.__native = native
        self.__behaviour = behaviour
        self.__log = log
        self.__early: list[Optional[RTCIceCandidate]] = []

    def keeps(self, candidate: Optional[RTCIceCandidate]) -> bool:
        """Whether it comes early, and is kept until the description comes."""
        if not self.__behaviour.keeps_early_candidates or self.__native.remote_description():
            return False
        logger.warning("RTCPeerConnection addIceCandidate called without remote description")
        if len(self.__early) < _MAX_EARLY_CANDIDATES:
            self.__early.append(candidate)
        return True

    async def add(self, candidate: Optional[RTCIceCandidate], home: Inbox) -> None:
        """Hand one on. `home` waits for the result."""
        text = "" if candidate is None else candidate_to_native(candidate)
        self.__log.candidate("Remote", text)
        mid = None if candidate is None else candidate.sdpMid
        index = None if candidate is None else candidate.sdpMLineIndex
        try:
            await home.run(
                lambda inbox, token: self.__native.add_ice_candidate(
                    inbox, token, text, mid, index
                )
            )
        except OperationError as exc:
            if not self.__behaviour.forgives_candidates:
                raise
            logger.warning("RTCPeerConnection ignores a candidate: %s", exc)

    async def add_early(self, home: Inbox) -> None:
        """Their description has come: hand on those that have waited."""
        waiting, self.__early = self.__early, []
        for candidate in waiting:
            await self.add(candidate, home)
