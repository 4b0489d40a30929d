"""The connection to another peer."""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Optional, Union

from pyee.asyncio import AsyncIOEventEmitter

from . import _arguments, _ironrtc, _neighbours
from ._behaviour import W3C, Aiortc, Behaviour, check_remote_description
from ._candidate import candidate_from_native
from ._events import EventKind
from ._ice_log import IceLog
from ._loop import Inbox, current_inbox, next_token, running_inbox
from ._names import module_names
from ._native_types import (
    configuration_to_native,
    description_from_native,
    stats_from_native,
)
from ._peer_link import PeerLink
from ._remote_candidates import RemoteCandidates
from ._states import States, log_debug, log_implicit, log_server_error
from ._transceivers import Transceivers
from ._transports import Transports
from .events import RTCPeerConnectionIceErrorEvent
from .exceptions import InvalidStateError
from .mediastreams import MediaStreamTrack
from .rtcconfiguration import RTCConfiguration
from .rtcdatachannel import RTCDataChannel, RTCDataChannelParameters
from .rtcdtlstransport import RTCCertificate, RTCDtlsTransport
from .rtcicetransport import RTCIceCandidate, RTCIceGatherer, RTCIceTransport
from .rtcrtpreceiver import RTCRtpReceiver
from .rtcrtpsender import RTCRtpSender
from .rtcrtptransceiver import RTCRtpTransceiver
from .rtcsctptransport import RTCSctpTransport
from .rtcsessiondescription import RTCSessionDescription
from .stats import RTCStatsReport

__all__ = ["RTCPeerConnection"]

logger = logging.getLogger(__name__)


class RTCPeerConnection(AsyncIOEventEmitter):
    """A connection to another peer.

    Events, as in aiortc: `connectionstatechange()`, `iceconnectionstatechange()`,
    `icegatheringstatechange()`, `signalingstatechange()`, `datachannel(channel)`,
    `track(track)`. Besides: `icecandidate(candidate)`, `icecandidateerror(event)`,
    `negotiationneeded()`.

    With `w3c=True` the connection does as the W3C says where aiortc does otherwise:
    `setLocalDescription` returns before gathering is complete, `iceConnectionState` and
    `connectionState` know "connected" and "disconnected", an offer in "have-local-offer" rolls
    back, a channel of the other side emits `open`, and `close` emits nothing.

    It can be used with `async with`, which closes it at the end.
    """

    def __init__(
        self, configuration: Optional[RTCConfiguration] = None, *, w3c: bool = False
    ) -> None:
        super().__init__()
        self.__configuration = _arguments.configuration(configuration)
        self.__behaviour: Behaviour = W3C() if w3c else Aiortc()
        self.__certificate = RTCCertificate.generateCertificate()
        self.__native = _ironrtc.PeerConnection(
            configuration_to_native(self.__configuration), self.__certificate._native
        )
        self.__transports = Transports(PeerLink(self.__native), self.__certificate)
        self.__transceivers = Transceivers(self.__native, all_join_offers=not w3c)
        self.__states = States(self.__behaviour)
        self.__farewell = _neighbours.Farewell()

        self.__ice_log = IceLog()
        self.__remote_candidates = RemoteCandidates(
            self.__native, self.__behaviour, self.__ice_log
        )
        self.__token = next_token()
        self.__inbox: Optional[Inbox] = None
        inbox = running_inbox()
        if inbox is not None:
            # A connection with which nothing was done yet goes when the program lets go of it.
            self.__attach(inbox, weak=True)

    async def __aenter__(self) -> "RTCPeerConnection":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    @property
    def connectionState(self) -> str:
        """`new`, `connecting`, `connected`, `failed` or `closed`.

        In W3C mode `disconnected` too.
        """
        return self.__states.connection

    @property
    def iceConnectionState(self) -> str:
        """`new`, `checking`, `completed`, `failed` or `closed`.

        In W3C mode `connected` and `disconnected` too.
        """
        return self.__states.ice

    @property
    def iceGatheringState(self) -> str:
        """`new`, `gathering` or `complete`."""
        return self.__states.gathering

    @property
    def signalingState(self) -> str:
        """`stable`, `closed`, or `have-` and the side and kind of the pending description."""
        return self.__states.signaling

    @property
    def localDescription(self) -> Optional[RTCSessionDescription]:
        """The description of this side, with the candidates gathered so far."""
        return description_from_native(self.__native.local_description())

    @property
    def currentLocalDescription(self) -> Optional[RTCSessionDescription]:
        """The description of this side on which both agreed last."""
        return description_from_native(self.__native.current_local_description())

    @property
    def pendingLocalDescription(self) -> Optional[RTCSessionDescription]:
        """The description of this side that is being negotiated."""
        return description_from_native(self.__native.pending_local_description())

    @property
    def remoteDescription(self) -> Optional[RTCSessionDescription]:
        """The description of the other side."""
        return description_from_native(self.__native.remote_description())

    @property
    def currentRemoteDescription(self) -> Optional[RTCSessionDescription]:
        """The description of the other side on which both agreed last."""
        return description_from_native(self.__native.current_remote_description())

    @property
    def pendingRemoteDescription(self) -> Optional[RTCSessionDescription]:
        """The description of the other side that is being negotiated."""
        return description_from_native(self.__native.pending_remote_description())

    @property
    def canTrickleIceCandidates(self) -> Optional[bool]:
        """Whether the other side takes candidates one by one. `None` until that is known."""
        return self.__native.can_trickle_ice_candidates

    @property
    def sctp(self) -> Optional[RTCSctpTransport]:
        """The transport of data channels, once there is one."""
        return self.__transports.sctp

    async def addIceCandidate(self, candidate: Optional[RTCIceCandidate]) -> None:
        """Add a candidate of the other side. `None` says that no more will come.

        A browser's dictionary, with `candidate`, `sdpMid` and `sdpMLineIndex`, will do too.
        Before `setRemoteDescription`, candidates are kept until then.
        """
        candidate = _arguments.candidate(candidate)
        if self.__states.closed:
            # A candidate that comes late is of no use, and of no harm.
            return
        if not self.__remote_candidates.keeps(candidate):
            await self.__remote_candidates.add(candidate, self.__home())

    def addTrack(self, track: MediaStreamTrack, *streams: Any) -> RTCRtpSender:
        """Send `track` to the other side.

        `streams` name the media streams that the track belongs to: strings, or objects with an
        `id`.
        """
        self.__assertNotClosed()
        return self.__transceivers.add_track(track, streams, self.__transports.dtls)

    def removeTrack(self, sender: RTCRtpSender) -> None:
        """Stop sending the track of `sender`."""
        self.__assertNotClosed()
        self.__transceivers.remove_track(sender)

    def addTransceiver(
        self, trackOrKind: Union[str, MediaStreamTrack], direction: str = "sendrecv"
    ) -> RTCRtpTransceiver:
        """Make a sender and a receiver that share an m-line."""
        self.__assertNotClosed()
        return self.__transceivers.add(trackOrKind, direction, self.__transports.dtls)

    async def close(self) -> None:
        """Close the connection and everything that belongs to it."""
        if not self.__farewell.has_begun:
            if self.__states.closed:
                return
            self.__states.closed = True
            self.__farewell.begin(self.__close())
        await self.__farewell.done()

    async def createOffer(self, *, iceRestart: bool = False) -> RTCSessionDescription:
        """Make an offer, to be set with `setLocalDescription` and sent to the other side."""
        self.__assertNotClosed()
        self.__transceivers.state_codecs()
        kind, sdp = await self.__home().run(
            lambda inbox, token: self.__native.create_offer(inbox, token, iceRestart)
        )
        return RTCSessionDescription(sdp=sdp, type=kind)

    async def createAnswer(self) -> RTCSessionDescription:
        """Make an answer to the offer of the other side."""
        self.__assertNotClosed()
        self.__transceivers.state_codecs()
        kind, sdp = await self.__home().run(self.__native.create_answer)
        return RTCSessionDescription(sdp=sdp, type=kind)

    def createDataChannel(
        self,
        label: str,
        maxPacketLifeTime: Optional[int] = None,
        maxRetransmits: Optional[int] = None,
        ordered: bool = True,
        protocol: str = "",
        negotiated: bool = False,
        id: Optional[int] = None,
    ) -> RTCDataChannel:
        """Create a data channel. See `RTCDataChannelParameters` for the settings."""
        if maxPacketLifeTime is not None and maxRetransmits is not None:
            raise ValueError("Cannot specify both maxPacketLifeTime and maxRetransmits")
        if not isinstance(label, str):
            raise TypeError(
                f"createDataChannel takes a str; this is of type {type(label).__name__}"
            )
        self.__assertNotClosed()
        return RTCDataChannel(
            self.__transports.data(),
            RTCDataChannelParameters(
                label=label,
                maxPacketLifeTime=maxPacketLifeTime,
                maxRetransmits=maxRetransmits,
                ordered=ordered,
                protocol=protocol,
                negotiated=negotiated,
                id=id,
            ),
        )

    def getReceivers(self) -> list[RTCRtpReceiver]:
        """The receivers, in the order of their creation."""
        return [transceiver.receiver for transceiver in self.__transceivers.all]

    def getSenders(self) -> list[RTCRtpSender]:
        """The senders, in the order of their creation."""
        return [transceiver.sender for transceiver in self.__transceivers.all]

    def getTransceivers(self) -> list[RTCRtpTransceiver]:
        """The transceivers, in the order of their creation."""
        return list(self.__transceivers.all)

    async def getStats(self) -> RTCStatsReport:
        """The statistics of the connection, its transport, its candidates and its channels."""
        entries = await self.__home().run(self.__native.get_stats)
        return stats_from_native(entries)

    def getConfiguration(self) -> RTCConfiguration:
        """The present configuration."""
        return self.__configuration

    def setConfiguration(self, configuration: RTCConfiguration) -> None:
        """Change the configuration: new ICE servers are used from the next gathering on.

        Of the rest, `iceTransportPolicy` can change. What cannot need not be repeated: members
        that a dictionary lacks, and a `congestionControl` of `None`, stay as they are.
        """
        self.__assertNotClosed()
        configuration = _arguments.changed(configuration, self.__configuration)
        self.__native.set_configuration(configuration_to_native(configuration))
        self.__configuration = configuration

    def restartIce(self) -> None:
        """Look for a new path: the next offer asks for it."""
        self.__assertNotClosed()
        self.__native.restart_ice()

    async def setLocalDescription(
        self, sessionDescription: Optional[RTCSessionDescription] = None
    ) -> None:
        """Set the description of this side; without an argument, make one.

        Waits until all candidates are gathered, unless somebody listens for `icecandidate`.
        """
        self.__assertNotClosed()
        self.__transceivers.state_codecs()
        kind, sdp = None, None
        if sessionDescription is not None:
            sessionDescription = _arguments.description(
                sessionDescription, "setLocalDescription"
            )
            kind, sdp = sessionDescription.type, sessionDescription.sdp
            log_debug("setLocalDescription(%s)\n%s", kind, sdp)
        home = self.__home()
        await home.run(
            lambda inbox, token: self.__native.set_local_description(inbox, token, kind, sdp)
        )
        self.__synchronise()
        if kind is None:
            log_implicit(self.__native.local_description)
        if self.__behaviour.waits_for_gathering and not self.listeners("icecandidate"):
            # Nothing may have been described that needs candidates.
            if self.__native.ice_gathering_state != "new":
                await self.__states.wait_for_gathering()

    async def setRemoteDescription(self, sessionDescription: RTCSessionDescription) -> None:
        """Set the description that the other side has sent.

        A browser's dictionary, with `type` and `sdp`, will do too.
        """
        sessionDescription = _arguments.description(sessionDescription, "setRemoteDescription")
        home = self.__home()
        kind, sdp = sessionDescription.type, sessionDescription.sdp
        log_debug("setRemoteDescription(%s)\n%s", kind, sdp)
        state = "closed" if self.__states.closed else self.__native.signaling_state
        check_remote_description(self.__behaviour, kind, state)
        await home.run(
            lambda inbox, token: self.__native.set_remote_description(inbox, token, kind, sdp)
        )
        self.__synchronise()
        await self.__remote_candidates.add_early(self.__home())

    async def __close(self) -> None:
        home = self.__home()
        other = self.__neighbour()
        self.__set_signaling_state("closed")
        await self.__transceivers.stop()
        self.__transports.close_channels(by_us=True)
        await home.run(self.__native.close)
        if self.__transports.dtls.state != "closed":
            self.__transports.dtls._close()
            self.__set_connection_state("closed")
        self.__transports.ice._close()
        self.__set_ice_state("closed")
        self.__set_connection_state("closed")
        self.__states.wake_gathered()
        if other is not None:
            await other.__hear_goodbye(home)
        if self.__inbox is not None:
            self.__inbox.unregister(self.__token)
        # No event follows the last one; listeners would only keep objects alive.
        self.remove_all_listeners()

    def __neighbour(self) -> "Optional[RTCPeerConnection]":
        """The other side, if it is in this process and will get our goodbye."""
        remote = self.__native.remote_description()
        if remote is None or not self.__transports.connected:
            return None
        return _neighbours.neighbour(remote[1])

    async def __hear_goodbye(self, home: Inbox) -> None:
        """Return once the other side's goodbye, which is on its way, was handled here."""
        if self.__inbox is home:
            will_hear = not self.__states.closed and self.__transports.connected
            await self.__farewell.heard(will_hear)

    def __assertNotClosed(self) -> None:
        if self.__states.closed:
            raise InvalidStateError("RTCPeerConnection is closed")

    def __home(self) -> Inbox:
        """The caller's inbox; this connection's, too, if it has none that works."""
        inbox = current_inbox()
        if self.__inbox is None or not self.__inbox.usable:
            self.__attach(inbox)
        else:
            self.__inbox.register(self.__token, self)
        return inbox

    def __attach(self, inbox: Inbox, *, weak: bool = False) -> None:
        self.__inbox = inbox
        inbox.register(self.__token, self, weak=weak)
        self.__native.attach(inbox.native, self.__token)
        self.__transports.attach(inbox)

    def __synchronise(self) -> None:
        """Show what an operation has changed, even if its events are still on the way."""
        self.__set_signaling_state(self.__native.signaling_state)
        if self.__states.ice == "new" and self.__native.checks_candidates():
            # The rest of what happened in between comes in order, with the events.
            self.__set_ice_state("checking")
            self.__set_connection_state("connecting")
        _neighbours.remember(self, self.__native.local_ice_parameters()[0])
        self.__transports.name_data(self.__native.data_mid)
        self.__transceivers.synchronise(
            self.__transports.dtls, self.__home(), lambda track: self.emit("track", track)
        )
        self.__transceivers.run(self.__inbox, self.__states.connection)

    def _on_event(self, kind: EventKind, payload: Any) -> None:
        if self.__states.closed:
            return
        match kind:
            case "signaling":
                # The operation that changed it may have told already, and newer.
                self.__set_signaling_state(self.__native.signaling_state)
            case "gathering":
                self.__set_gathering_state(payload)
            case "ice":
                self.__ice_log.state(payload, self.__native, self.__inbox)
                gone = payload == "failed" and self.__transports.connected
                if gone and self.__behaviour.closes_with_the_other_side:
                    # Who cannot be reached is gone like one who has closed.
                    self.__on_peer_gone()
                else:
                    self.__set_ice_state(payload)
            case "connection":
                self.__set_connection_state(payload)
            case "dtls":
                self.__on_dtls_state(payload)
            case "sctp":
                if self.sctp is not None:
                    self.sctp._set_state(payload)
            case "candidate":
                self.__ice_log.candidate("Local", payload and payload[0])
                candidate = None if payload is None else candidate_from_native(*payload)
                self.emit("icecandidate", candidate)
            case "candidateerror":
                event = RTCPeerConnectionIceErrorEvent(*payload)
                log_server_error(event.url, event.errorText)
                self.emit("icecandidateerror", event)
            case "negotiationneeded":
                self.emit("negotiationneeded")
            case "datachannel":
                self.__on_datachannel(payload)

    def __on_datachannel(self, native: _ironrtc.DataChannel) -> None:
        sctp = self.__transports.data()
        channel = sctp._accept_channel(native)
        try:
            self.emit("datachannel", channel)
            sctp.emit("datachannel", channel)
            if self.__behaviour.opens_incoming_channels:
                channel.emit("open")
        finally:
            # Messages come after the program had its chance to listen for them.
            if self.__inbox is not None:
                channel._attach(self.__inbox)

    def __on_dtls_state(self, state: str) -> None:
        if state != "closed":
            self.__transports.dtls._set_state(state)
        elif not self.__native.has_data() and not self.__transceivers.are_negotiated:
            # No goodbye: data channels were declined, and may be offered again.
            self.__close_data()
            self.__transports.renew()
        elif self.__behaviour.closes_with_the_other_side:
            self.__on_peer_gone()
        else:
            self.__close_data()

    def __close_data(self) -> None:
        self.__transports.close_data()
        self.__farewell.on_peer_gone()

    def __on_peer_gone(self) -> None:
        """As in aiortc, the connection closes itself."""
        self.__states.closed = True
        self.__farewell.begin(self.__close(), by_peer=True)
        self.__close_data()

    def __set_signaling_state(self, state: str) -> None:
        self.__tell(self.__states.set_signaling(state))

    def __set_gathering_state(self, state: str) -> None:
        event = self.__states.set_gathering(state)
        if event is not None:
            self.__transports.set_gathering(state)
            self.emit(event)
            if state == "complete":
                self.__states.wake_gathered()

    def __set_ice_state(self, state: str) -> None:
        self.__transports.set_ice(state)
        self.__tell(self.__states.set_ice(state))

    def __set_connection_state(self, state: str) -> None:
        if state in ("connected", "failed") and self.__behaviour.ice_completes_with_connection:
            # If it was ICE that failed, that was told before.
            self.__transports.complete_ice()
            self.__tell(self.__states.complete_ice())
        self.__tell(self.__states.set_connection(state))
        self.__transceivers.run(self.__inbox, self.__states.connection)

    def __tell(self, event: Optional[str]) -> None:
        if event is not None:
            self.emit(event)


__getattr__, __dir__ = module_names(globals())
