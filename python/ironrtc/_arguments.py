"""What programs pass to a connection: our classes, or the dictionaries of browsers."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Optional, TypeVar

from ._candidate import candidate_from_sdp
from ._values import RTCIceCandidate
from .rtcconfiguration import (
    RTCBundlePolicy,
    RTCConfiguration,
    RTCIceServer,
    RTCIceTransportPolicy,
)
from .rtcsessiondescription import RTCSessionDescription

T = TypeVar("T")


class _Candidate(RTCIceCandidate):
    """A candidate that says which ICE generation it is of, which aiortc's class cannot."""

    usernameFragment: Optional[str] = None


def description(value: Any, method: str) -> RTCSessionDescription:
    """A session description; `method` is who asks."""
    if isinstance(value, Mapping) and "type" in value:
        value = RTCSessionDescription(sdp=value.get("sdp") or "", type=value["type"])
    # Any object with both will do, such as aiortc's own.
    if isinstance(getattr(value, "sdp", None), str) and hasattr(value, "type"):
        return value  # type: ignore[no-any-return]
    raise _wrong(method, 'an RTCSessionDescription, or a dict with "type" and "sdp"', value)


def candidate(value: Any) -> Optional[RTCIceCandidate]:
    """A candidate; `None` and a dictionary with an empty candidate are the end of them."""
    found = _candidate(value)
    if found is not None and found.sdpMid is None and found.sdpMLineIndex is None:
        raise ValueError("Candidate must have either sdpMid or sdpMLineIndex")
    return found


def _candidate(value: Any) -> Optional[RTCIceCandidate]:
    if value is None or all(hasattr(value, name) for name in ("ip", "port", "sdpMid")):
        return value  # type: ignore[no-any-return]
    text = value.get("candidate") if isinstance(value, Mapping) else None
    if not isinstance(text, str):
        raise _wrong(
            "addIceCandidate",
            'an RTCIceCandidate, None, or a dict with "candidate" and "sdpMid"',
            value,
        )
    if not text:
        return None
    try:
        parsed = candidate_from_sdp(text.strip().removeprefix("candidate:"))
    except (AssertionError, ValueError) as exc:
        raise ValueError(f"The candidate {text!r} cannot be read") from exc
    found = _Candidate(**vars(parsed))
    found.sdpMid, found.sdpMLineIndex = value.get("sdpMid"), value.get("sdpMLineIndex")
    # Chromium says it in the text, too, Firefox only beside it.
    _, _, rest = text.partition(" ufrag ")
    found.usernameFragment = value.get("usernameFragment") or rest.partition(" ")[0] or None
    return found


def configuration(value: Any) -> RTCConfiguration:
    """The settings of a connection."""
    if value is None:
        return RTCConfiguration()
    if isinstance(value, Mapping):
        value = _fields(RTCConfiguration, value)
    if not hasattr(value, "iceServers"):
        raise _wrong("RTCPeerConnection", "an RTCConfiguration, or a dict like it", value)
    return value  # type: ignore[no-any-return]


# What a connection keeps from its beginning.
_SETTLED = (
    "bundlePolicy",
    "alwaysNegotiateDataChannels",
    "congestionControl",
    "resolveNames",
    "recorder",
)
# Of these, `None` asks for no change.
_KEPT_BY_NONE = ("congestionControl", "recorder")


def changed(value: Any, current: RTCConfiguration) -> RTCConfiguration:
    """The settings of a connection that had `current`.

    What cannot change and is not mentioned stays as it is: members that a dictionary lacks, and
    a `congestionControl` or `recorder` of `None`. What the W3C lets change (`iceServers` and
    `iceTransportPolicy`) is replaced, by its default if it is not mentioned.
    """
    if isinstance(value, Mapping):
        kept = {name: getattr(plain(current), name) for name in _SETTLED if name not in value}
        return configuration({**value, **kept})
    wanted = configuration(value)
    kept = {
        name: getattr(current, name)
        for name in _KEPT_BY_NONE
        if getattr(current, name, None) is not None and getattr(wanted, name, None) is None
    }
    return dataclasses.replace(plain(wanted), **kept) if kept else wanted


def plain(settings: RTCConfiguration) -> RTCConfiguration:
    """The same settings, with what stands for our classes turned into them."""
    servers = settings.iceServers
    return RTCConfiguration(
        iceServers=None if servers is None else [_server(each) for each in servers],
        iceTransportPolicy=RTCIceTransportPolicy(settings.iceTransportPolicy),
        bundlePolicy=RTCBundlePolicy(settings.bundlePolicy),
        alwaysNegotiateDataChannels=settings.alwaysNegotiateDataChannels,
        # aiortc's own class has no such members.
        congestionControl=getattr(settings, "congestionControl", None),
        resolveNames=getattr(settings, "resolveNames", False),
        recorder=getattr(settings, "recorder", None),
    )


def _server(value: Any) -> RTCIceServer:
    if isinstance(value, Mapping) and "urls" in value:
        value = _fields(RTCIceServer, value)
    if not hasattr(value, "urls"):
        raise _wrong("iceServers", 'RTCIceServer objects, or dicts with "urls"', value)
    return value  # type: ignore[no-any-return]


def _fields(cls: type[T], value: Mapping[str, Any]) -> T:
    # As in a browser, members that are not known are passed over.
    known = {field.name for field in dataclasses.fields(cls)}  # type: ignore[arg-type]
    return cls(**{name: each for name, each in value.items() if name in known})


def _wrong(who: str, wanted: str, value: object) -> TypeError:
    return TypeError(f"{who} takes {wanted}; this is of type {type(value).__name__}")
