"""An offer, an answer, or a step back."""

from dataclasses import dataclass

__all__ = ["RTCSessionDescription"]

_TYPES = ["offer", "pranswer", "answer", "rollback"]


@dataclass
class RTCSessionDescription:
    """A session description and the part that it plays in the negotiation."""

    sdp: str
    """The description, as the text of RFC 8866."""

    type: str
    """`offer`, `pranswer`, `answer` or `rollback`."""

    def __post_init__(self) -> None:
        if self.type not in _TYPES:
            raise ValueError(f"'type' must be in {_TYPES} (got '{self.type}')")
