"""Putting packets in order: names only, until there are audio and video."""

from ._names import module_names


class JitterFrame:
    """The encoded data of one frame, put together from its packets."""

    def __init__(self, data: bytes, timestamp: int) -> None:
        self.data = data
        self.timestamp = timestamp


__getattr__, __dir__ = module_names(globals())
