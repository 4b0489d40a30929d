"""Reading and writing of session descriptions (RFC 8866, RFC 9429).

`SessionDescription.parse` takes a description apart; `str()` of what it returns writes it
again. Attributes that are not understood are left out. It is for programs that read or change
descriptions: `RTCPeerConnection` asks the Rust core about them. Lines and sections are those
of the core.
"""

import enum
import ipaddress
import re
from dataclasses import dataclass
from typing import Any, Optional, Union

from .._candidate import candidate_from_sdp, candidate_to_sdp
from .._names import module_names
from .._values import (
    RTCDtlsFingerprint,
    RTCDtlsParameters,
    RTCIceCandidate,
    RTCIceParameters,
    RTCSctpCapabilities,
)
from ..rtcrtpparameters import (
    ParametersDict,
    RTCRtcpFeedback,
    RTCRtpCodecParameters,
    RTCRtpHeaderExtensionParameters,
    RTCRtpParameters,
)
from ._description import SessionDescription
from ._fmtp import FMTP_INT_PARAMETERS, parameters_from_sdp, parameters_to_sdp
from ._h264 import (
    H264_PROFILE_PATTERNS,
    BitPattern,
    H264Level,
    H264Profile,
    parse_h264_profile_level_id,
)
from ._lines import (
    GroupDescription,
    SsrcDescription,
    grouplines,
    ipaddress_from_sdp,
    ipaddress_to_sdp,
    parse_attr,
    parse_group,
)
from ._media import (
    DIRECTIONS,
    DTLS_ROLE_SETUP,
    DTLS_SETUP_ROLE,
    SSRC_INFO_ATTRS,
    MediaDescription,
)

__all__ = [
    "DIRECTIONS",
    "DTLS_ROLE_SETUP",
    "DTLS_SETUP_ROLE",
    "FMTP_INT_PARAMETERS",
    "H264_PROFILE_PATTERNS",
    "SSRC_INFO_ATTRS",
    "Any",
    "BitPattern",
    "GroupDescription",
    "H264Level",
    "H264Profile",
    "MediaDescription",
    "Optional",
    "ParametersDict",
    "RTCDtlsFingerprint",
    "RTCDtlsParameters",
    "RTCIceCandidate",
    "RTCIceParameters",
    "RTCRtcpFeedback",
    "RTCRtpCodecParameters",
    "RTCRtpHeaderExtensionParameters",
    "RTCRtpParameters",
    "RTCSctpCapabilities",
    "SessionDescription",
    "SsrcDescription",
    "Union",
    "candidate_from_sdp",
    "candidate_to_sdp",
    "dataclass",
    "enum",
    "grouplines",
    "ipaddress",
    "ipaddress_from_sdp",
    "ipaddress_to_sdp",
    "parameters_from_sdp",
    "parameters_to_sdp",
    "parse_attr",
    "parse_group",
    "parse_h264_profile_level_id",
    "re",
]

# The files inside are nobody's business: programs print where a class is from, and pickle it.
for _public in [globals()[_name] for _name in __all__]:
    _origin = getattr(_public, "__module__", None)
    if isinstance(_origin, str) and _origin.startswith(f"{__name__}._"):
        _public.__module__ = __name__
candidate_from_sdp.__module__ = candidate_to_sdp.__module__ = __name__

__getattr__, __dir__ = module_names(globals())
