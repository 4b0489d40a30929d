"""What the transport objects of ORTC stand on.

`RTCIceGatherer`, `RTCIceTransport`, `RTCDtlsTransport` and `RTCSctpTransport` are four views of
one transport in the core. A link holds that transport; the transport belongs to an
`RTCPeerConnection` (`PeerLink`) or is driven by the four objects themselves (`StandaloneLink`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Optional

from . import _ironrtc
from ._values import RTCIceCandidate, RTCIceParameters

if TYPE_CHECKING:
    from .rtcdatachannel import RTCDataChannelParameters
    from .rtcdtlstransport import RTCCertificate, RTCDtlsParameters, RTCDtlsTransport
    from .rtcicetransport import RTCIceGatherer, RTCIceTransport
    from .rtcsctptransport import RTCSctpTransport


class Link(ABC):
    """The ground under the four objects."""

    gatherer: "Optional[RTCIceGatherer]" = None
    ice: "Optional[RTCIceTransport]" = None
    dtls: "Optional[RTCDtlsTransport]" = None
    sctp: "Optional[RTCSctpTransport]" = None

    @abstractmethod
    def local_parameters(self) -> RTCIceParameters: ...

    @abstractmethod
    def local_candidates(self) -> list[RTCIceCandidate]: ...

    @abstractmethod
    def remote_candidates(self) -> list[RTCIceCandidate]: ...

    @abstractmethod
    def remote_certificate(self) -> Optional[bytes]: ...

    @abstractmethod
    def ice_role(self) -> str: ...

    @abstractmethod
    def max_channels(self) -> Optional[int]: ...

    @abstractmethod
    def create_channel(
        self, parameters: "RTCDataChannelParameters"
    ) -> _ironrtc.DataChannel: ...

    @abstractmethod
    async def gather(self) -> None: ...

    @abstractmethod
    async def add_remote_candidate(self, candidate: Optional[RTCIceCandidate]) -> None: ...

    @abstractmethod
    async def start_ice(self, remote: RTCIceParameters) -> None: ...

    @abstractmethod
    async def stop_ice(self) -> None: ...

    @abstractmethod
    async def start_dtls(
        self, certificate: "RTCCertificate", remote: "RTCDtlsParameters"
    ) -> None: ...

    @abstractmethod
    async def stop_dtls(self) -> None: ...

    @abstractmethod
    async def start_sctp(
        self, local_port: int, remote_port: int, max_message_size: Optional[int]
    ) -> None: ...

    @abstractmethod
    async def stop_sctp(self) -> None: ...


def create_native_channel(owner: Any, parameters: "RTCDataChannelParameters") -> Any:
    """Make a channel in the core."""
    return owner.create_data_channel(
        parameters.label,
        parameters.ordered,
        parameters.maxPacketLifeTime,
        parameters.maxRetransmits,
        parameters.protocol,
        parameters.id if parameters.negotiated else None,
    )
