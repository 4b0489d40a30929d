"""STUN: constants and names. Messages are read and written in IronRTC's core."""

import enum

from .._names import module_names


class Class(enum.IntEnum):
    """The class of a message (RFC 8489 section 5)."""

    REQUEST = 0x000
    INDICATION = 0x010
    RESPONSE = 0x100
    ERROR = 0x110


class Method(enum.IntEnum):
    """The method of a message (RFC 8489 section 18.2)."""

    BINDING = 0x1
    SHARED_SECRET = 0x2
    ALLOCATE = 0x3
    REFRESH = 0x4
    SEND = 0x6
    DATA = 0x7
    CREATE_PERMISSION = 0x8
    CHANNEL_BIND = 0x9


class TransactionError(Exception):
    """A transaction had no success."""


class TransactionFailed(TransactionError):
    """The server answered with an error."""


class TransactionTimeout(TransactionError):
    """Nothing answered."""

    def __str__(self) -> str:
        return "STUN transaction timed out"


__getattr__, __dir__ = module_names(globals())
