"""What aiortc checks of a description, and in which words it complains.

The core checks more, and says where a description is wrong; this comes before, so that programs
which look at aiortc's errors find them.
"""

from typing import Optional

from .exceptions import InvalidStateError
from .rtcsessiondescription import RTCSessionDescription
from .sdp import MediaDescription, SessionDescription

_OFFER_STATES = {True: ("stable", "have-local-offer"), False: ("stable", "have-remote-offer")}
_ANSWER_STATES = {
    True: ("have-remote-offer", "have-local-pranswer"),
    False: ("have-local-offer", "have-remote-pranswer"),
}


def data_mid(sdp: str) -> Optional[str]:
    """The identifier of the m-line for data channels, if there is one."""
    parsed = _parse(sdp)
    if parsed is None:
        return None
    for media in parsed.media:
        if media.kind == "application":
            return media.rtp.muxId
    return None


def validate_description(
    description: RTCSessionDescription,
    state: str,
    is_local: bool,
    w3c: bool,
    offer: Optional[tuple[str, str]],
) -> None:
    """Raise aiortc's error if it does not take `description` in the signalling state `state`.

    `offer` is what a remote answer answers.
    """
    kind = description.type
    if kind == "rollback":
        return
    if kind == "offer":
        states = _OFFER_STATES[is_local]
        # webrtc-pc section 4.4.1.5: a remote offer rolls a local one back.
        rolls_back = w3c and not is_local and state == "have-local-offer"
        if state not in states and not rolls_back:
            raise InvalidStateError(f'Cannot handle offer in signaling state "{state}"')
    elif state not in _ANSWER_STATES[is_local]:
        raise InvalidStateError(f'Cannot handle answer in signaling state "{state}"')

    parsed = _parse(description.sdp)
    if parsed is None:
        # The core says what is wrong with it, and in which line.
        return
    bundled = {
        item for group in parsed.group if group.semantic == "BUNDLE" for item in group.items
    }
    for index, media in enumerate(parsed.media):
        if media.port == 0 and index > 0:
            continue
        _validate_media(media, kind, is_first=index == 0, bundled=media.rtp.muxId in bundled)
    if kind != "offer" and not is_local and offer is not None:
        _validate_order(parsed, offer[1])


def _validate_media(media: MediaDescription, kind: str, is_first: bool, bundled: bool) -> None:
    # RFC 9143 section 7.1: only the first m-line of a group must describe the transport.
    if not is_first and bundled and not media.ice.usernameFragment:
        return
    if not media.ice.usernameFragment or not media.ice.password:
        raise ValueError("ICE username fragment or password is missing")
    if kind in ("answer", "pranswer"):
        role = None if media.dtls is None else media.dtls.role
        if role not in ("client", "server"):
            raise ValueError("DTLS setup attribute must be 'active' or 'passive' for an answer")
    if media.kind in ("audio", "video") and not media.rtcp_mux:
        raise ValueError("RTCP mux is not enabled")


def _validate_order(answer: SessionDescription, offer_sdp: str) -> None:
    offer = _parse(offer_sdp)
    if offer is None:
        return
    if [_key(media) for media in offer.media] != [_key(media) for media in answer.media]:
        raise ValueError("Media sections in answer do not match offer")


def _key(media: MediaDescription) -> tuple[str, str]:
    return media.kind, media.rtp.muxId


def _parse(sdp: str) -> Optional[SessionDescription]:
    try:
        return SessionDescription.parse(sdp)
    except (ArithmeticError, AssertionError, LookupError, ValueError, StopIteration):
        return None
