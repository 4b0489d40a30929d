"""What ICE does, for the log: under aioice's name, since that is where programs look for it.

The agent is in Rust. It is asked what has become of its candidate pairs whenever its state
changes, and only if somebody reads the log.
"""

from __future__ import annotations

import itertools
import logging
from typing import Any, Optional

from . import _ironrtc
from ._loop import Inbox, next_token

logger = logging.getLogger("aioice.ice")

_numbers = itertools.count()
_OUTCOMES = {"connected": "ICE completed", "failed": "ICE failed"}


class IceLog:
    """The log of one connection."""

    def __init__(self) -> None:
        self._name = f"Connection({next(_numbers)})"
        self._pairs: dict[str, str] = {}

    def candidate(self, side: str, candidate: object) -> None:
        """A candidate of ours was gathered, or one of the other side's came."""
        logger.debug("%s %s candidate %s", self._name, side, candidate or "none follows")

    def state(
        self, state: str, native: _ironrtc.PeerConnection, inbox: Optional[Inbox]
    ) -> None:
        """The agent of `native` has changed its state."""
        if not logger.isEnabledFor(logging.INFO) or inbox is None:
            return
        done, entries = native.get_stats(inbox.native, next_token())
        stats: list[dict[str, Any]] = entries if done else []
        by_id = {entry["id"]: entry for entry in stats}
        for entry in stats:
            if entry["type"] != "candidate-pair":
                continue
            before, now = self._pairs.get(entry["id"]), entry["state"]
            if before != now:
                self._pairs[entry["id"]] = now
                local = _address(by_id.get(entry["localCandidateId"]))
                remote = _address(by_id.get(entry["remoteCandidateId"]))
                pair = f"CandidatePair({local} -> {remote})"
                logger.info("%s Check %s %s -> %s", self._name, pair, before or "new", now)
        if state in _OUTCOMES:
            logger.info("%s %s", self._name, _OUTCOMES[state])


def _address(candidate: Any) -> tuple[Any, Any]:
    found: dict[str, Any] = candidate or {}
    return found.get("address"), found.get("port")
