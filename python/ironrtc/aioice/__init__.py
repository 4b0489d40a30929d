"""Names of aioice, the package under aiortc, for programs that import them.

Candidates, constants and helpers are here. ICE itself is in IronRTC's core, and goes through
`RTCIceTransport`.
"""

import logging

from . import candidate, ice, mdns, stun, turn, utils
from .candidate import Candidate
from .ice import Connection, ConnectionClosed, TransportPolicy

__all__ = ["Candidate", "Connection", "ConnectionClosed", "TransportPolicy"]
__version__ = "0.13.0"

# A library is silent until the program asks for its log.
logging.getLogger("aioice").addHandler(logging.NullHandler())
