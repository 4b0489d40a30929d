"""The ground under ORTC's four objects when no `RTCPeerConnection` drives them."""

from __future__ import annotations

import asyncio
import secrets
import string
from typing import TYPE_CHECKING, Any, Optional

from . import _ironrtc
from ._candidate import candidate_from_native, candidate_to_native
from ._events import EventKind
from ._ice_servers import servers_to_native
from ._link import Link, create_native_channel
from ._loop import Inbox, current_inbox, next_token, running_inbox
from ._values import RTCIceCandidate, RTCIceParameters
from .rtcconfiguration import RTCIceServer, RTCIceTransportPolicy

if TYPE_CHECKING:
    from .rtcdatachannel import RTCDataChannelParameters
    from .rtcdtlstransport import RTCCertificate, RTCDtlsParameters

# RFC 8839 section 5.4: 4 to 256 of these characters, and 22 to 256.
_ICE_CHARS = string.ascii_letters + string.digits
_UFRAG_LENGTH = 4
_PASSWORD_LENGTH = 22


def _random(length: int) -> str:
    return "".join(secrets.choice(_ICE_CHARS) for _ in range(length))


class StandaloneLink(Link):
    """One transport of the core, driven by the methods of the four objects."""

    def __init__(
        self,
        servers: list[RTCIceServer],
        policy: RTCIceTransportPolicy,
        username: Optional[str],
        password: Optional[str],
    ) -> None:
        self._servers = servers
        self._policy = policy
        self._username = username or _random(_UFRAG_LENGTH)
        self._password = password or _random(_PASSWORD_LENGTH)
        self._remote: list[RTCIceCandidate] = []
        self._token = next_token()
        self._transport: Optional[_ironrtc.Transport] = None
        self._inbox: Optional[Inbox] = None
        self._stopping: Optional[asyncio.Future[None]] = None

    def local_parameters(self) -> RTCIceParameters:
        return RTCIceParameters(usernameFragment=self._username, password=self._password)

    def local_candidates(self) -> list[RTCIceCandidate]:
        if self._transport is None:
            return []
        return [candidate_from_native(each) for each in self._transport.local_candidates()]

    def remote_candidates(self) -> list[RTCIceCandidate]:
        return self._remote

    def remote_certificate(self) -> Optional[bytes]:
        return None if self._transport is None else self._transport.remote_certificate()

    def ice_role(self) -> str:
        return "controlled" if self._transport is None else self._transport.ice_role

    def max_channels(self) -> Optional[int]:
        return None if self._transport is None else self._transport.max_channels

    def create_channel(self, parameters: RTCDataChannelParameters) -> _ironrtc.DataChannel:
        native: _ironrtc.DataChannel = create_native_channel(self._native(), parameters)
        return native

    async def gather(self) -> None:
        await current_inbox().run(self._native().gather)

    async def add_remote_candidate(self, candidate: Optional[RTCIceCandidate]) -> None:
        if candidate is not None:
            self._remote.append(candidate)
        text = "" if candidate is None else candidate_to_native(candidate)
        await current_inbox().run(
            lambda inbox, token: self._native().add_remote_candidate(inbox, token, text)
        )

    async def start_ice(self, remote: RTCIceParameters) -> None:
        native = self._native()
        if self._inbox is not None:
            # From now on the network keeps the objects alive, until they are stopped.
            self._inbox.register(self._token, self)
        await current_inbox().run(
            lambda inbox, token: native.start_ice(
                inbox, token, remote.usernameFragment, remote.password, remote.iceLite
            )
        )

    async def stop_ice(self) -> None:
        if self._transport is not None:
            await current_inbox().run(self._transport.stop)
        if self._inbox is not None:
            self._inbox.unregister(self._token)

    async def start_dtls(self, certificate: RTCCertificate, remote: RTCDtlsParameters) -> None:
        fingerprints = [(each.algorithm, each.value) for each in remote.fingerprints]
        await current_inbox().run(
            lambda inbox, token: self._native().start_dtls(
                inbox, token, certificate._native, fingerprints, remote.role
            )
        )

    async def stop_dtls(self) -> None:
        if self._transport is not None:
            self._transport.stop_dtls()

    async def start_sctp(
        self, local_port: int, remote_port: int, max_message_size: Optional[int]
    ) -> None:
        self._native().start_sctp(local_port, remote_port, max_message_size)

    async def stop_sctp(self) -> None:
        if self._transport is not None:
            self._transport.stop_sctp()

    def _native(self) -> _ironrtc.Transport:
        if self._transport is None:
            self._transport = _ironrtc.Transport(
                servers_to_native(self._servers),
                self._policy is RTCIceTransportPolicy.RELAY,
                self._username,
                self._password,
            )
        if self._inbox is None or not self._inbox.usable:
            self._inbox = running_inbox()
            if self._inbox is not None:
                self._inbox.register(self._token, self, weak=True)
                self._transport.attach(self._inbox.native, self._token)
        return self._transport

    def _on_failure(self) -> None:
        """The other side is gone: close what was connected, as aiortc does, and let go."""
        if self.dtls is None or self.dtls.state != "connected":
            return
        if self.sctp is not None:
            self.sctp._set_state("closed")
        self.dtls._set_state("closed")
        self._stopping = asyncio.ensure_future(self.stop_ice())

    def _on_event(self, kind: EventKind, payload: Any) -> None:
        match kind:
            case "ice" if self.ice is not None:
                if payload == "failed":
                    self._on_failure()
                # Connected and nominated are one state in aiortc.
                self.ice._set_state("completed" if payload == "connected" else payload)
            case "dtls" if self.dtls is not None:
                self.dtls._set_state(payload)
            case "sctp" if self.sctp is not None:
                self.sctp._set_state(payload)
            case "datachannel" if self.sctp is not None:
                channel = self.sctp._accept_channel(payload)
                try:
                    self.sctp.emit("datachannel", channel)
                finally:
                    channel._attach(current_inbox())
