"""Errors that the API raises, besides Python's own `ValueError` and `TypeError`."""


class InternalError(Exception):
    """An argument or a state that the implementation cannot work with."""


class InvalidAccessError(Exception):
    """The object does not support the operation or the argument."""


class InvalidStateError(Exception):
    """The object is in a state in which the operation is not allowed."""


class OperationError(Exception):
    """The operation failed for a reason that is specific to it."""
