"""What the transport objects of ORTC stand on.

`RTCIceGatherer`, `RTCIceTransport`, `RTCDtlsTransport` and `RTCSctpTransport` are four views of
one transport in the core. A link holds that transport; the transport belongs to an
`RTCPeerConnection` (`PeerLink`) or is driven by the four objects themselves (`StandaloneLink`).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Optional

from . import _ironrtc
from .exceptions import InvalidStateError
from .rtcicetransport import RTCIceCandidate, RTCIceParameters

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


def candidate_from_native(
    text: str, mid: Optional[str] = None, index: Optional[int] = None
) -> RTCIceCandidate:
    """Read a candidate as the core writes it."""
    from .sdp import candidate_from_sdp

    candidate = candidate_from_sdp(text.partition(":")[2])
    candidate.sdpMid = mid
    candidate.sdpMLineIndex = index
    return candidate


def candidate_to_native(candidate: RTCIceCandidate) -> str:
    """Write a candidate for the core."""
    from .sdp import candidate_to_sdp

    text = f"candidate:{candidate_to_sdp(candidate)}"
    fragment = getattr(candidate, "usernameFragment", None)
    return text if fragment is None else f"{text} ufrag {fragment}"


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


class PeerLink(Link):
    """The transport of an `RTCPeerConnection`, which also drives it."""

    def __init__(self, native: _ironrtc.PeerConnection) -> None:
        self._native = native

    def local_parameters(self) -> RTCIceParameters:
        fragment, password = self._native.local_ice_parameters()
        return RTCIceParameters(usernameFragment=fragment, password=password)

    def local_candidates(self) -> list[RTCIceCandidate]:
        return [candidate_from_native(each) for each in self._native.local_candidates()]

    def remote_candidates(self) -> list[RTCIceCandidate]:
        return [candidate_from_native(each) for each in self._native.remote_candidates()]

    def remote_certificate(self) -> Optional[bytes]:
        return self._native.remote_certificate()

    def ice_role(self) -> str:
        return self._native.ice_role

    def max_channels(self) -> Optional[int]:
        return self._native.max_channels

    def create_channel(self, parameters: "RTCDataChannelParameters") -> _ironrtc.DataChannel:
        native: _ironrtc.DataChannel = create_native_channel(self._native, parameters)
        return native

    async def add_remote_candidate(self, candidate: Optional[RTCIceCandidate]) -> None:
        raise self._not_yours("addIceCandidate")

    async def gather(self) -> None:
        raise self._not_yours("setLocalDescription")

    async def start_ice(self, remote: RTCIceParameters) -> None:
        raise self._not_yours("setRemoteDescription")

    async def stop_ice(self) -> None:
        raise self._not_yours("close")

    async def start_dtls(
        self, certificate: "RTCCertificate", remote: "RTCDtlsParameters"
    ) -> None:
        raise self._not_yours("setRemoteDescription")

    async def stop_dtls(self) -> None:
        raise self._not_yours("close")

    async def start_sctp(
        self, local_port: int, remote_port: int, max_message_size: Optional[int]
    ) -> None:
        raise self._not_yours("setRemoteDescription")

    async def stop_sctp(self) -> None:
        raise self._not_yours("close")

    @staticmethod
    def _not_yours(method: str) -> InvalidStateError:
        return InvalidStateError(
            f"The transport belongs to an RTCPeerConnection; use its {method}()"
        )
