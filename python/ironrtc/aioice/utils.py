"""Random strings and numbers."""

import os
import secrets
import string


def random_string(length: int) -> str:
    """`length` random letters and digits."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(length))


def random_transaction_id() -> bytes:
    """The identifier of a STUN transaction."""
    return os.urandom(12)
