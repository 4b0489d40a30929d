"""The transport objects that a connection shows."""

from __future__ import annotations

from typing import Optional

from ._behaviour import Aiortc
from ._loop import Inbox
from ._peer_link import PeerLink
from .rtcdtlstransport import RTCCertificate, RTCDtlsTransport
from .rtcicetransport import RTCIceGatherer, RTCIceTransport
from .rtcsctptransport import RTCSctpTransport


class Transports:
    """ICE, DTLS, and SCTP once there is data: views of one transport in Rust.

    They are objects of aiortc's whatever the connection's behaviour is.
    """

    ice: RTCIceTransport
    dtls: RTCDtlsTransport
    sctp: Optional[RTCSctpTransport]

    def __init__(self, link: PeerLink, certificate: RTCCertificate) -> None:
        self.__link = link
        self.__certificate = certificate
        self.__inbox: Optional[Inbox] = None
        self.__make()

    def __make(self) -> None:
        self.ice = RTCIceTransport(RTCIceGatherer._of(self.__link))
        self.dtls = RTCDtlsTransport(self.ice, [self.__certificate])
        self.sctp = None

    def renew(self) -> None:
        """Replace those that have ended: data may be offered again."""
        self.ice._close()
        self.__make()

    @property
    def connected(self) -> bool:
        """Whether the other side can be spoken to."""
        return self.dtls.state == "connected"

    def attach(self, inbox: Inbox) -> None:
        """Deliver the events of all channels to the loop of `inbox`."""
        self.__inbox = inbox
        if self.sctp is not None:
            self.sctp._attach(inbox)

    def data(self) -> RTCSctpTransport:
        """The transport of data channels, which is made if there is none yet."""
        if self.sctp is None:
            self.sctp = RTCSctpTransport(self.dtls)
            if self.__inbox is not None:
                self.sctp._attach(self.__inbox)
        return self.sctp

    def name_data(self, mid: Optional[str]) -> None:
        """Give the transport of data channels the name of its m-line, which never changes."""
        if mid is not None and (self.sctp is None or self.sctp.mid is None):
            self.data().mid = mid

    def set_gathering(self, state: str) -> None:
        """Show the state of gathering."""
        gatherer = self.ice.iceGatherer
        gatherer._set_state("completed" if state == "complete" else state)

    def set_ice(self, state: str) -> None:
        """Show the state of ICE."""
        shown = Aiortc().ice_state(state)
        if shown is not None:
            self.ice._set_state(shown)

    def complete_ice(self) -> None:
        """The path that ICE has found is used."""
        if self.ice.state == "checking":
            self.ice._set_state("completed")

    def close_data(self) -> None:
        """The other side is gone: close channels, SCTP and DTLS."""
        self.close_channels(by_us=False)
        self.dtls._close()

    def close_channels(self, *, by_us: bool) -> None:
        """Close the channels and SCTP."""
        if self.sctp is not None:
            self.sctp._close(by_us=by_us)
