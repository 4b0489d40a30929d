"""The transport objects' ground in an `RTCPeerConnection`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Optional

from . import _ironrtc
from ._candidate import candidate_from_native
from ._link import Link, create_native_channel
from ._values import RTCIceCandidate, RTCIceParameters
from .exceptions import InvalidStateError

if TYPE_CHECKING:
    from .rtcdatachannel import RTCDataChannelParameters
    from .rtcdtlstransport import RTCCertificate, RTCDtlsParameters


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
