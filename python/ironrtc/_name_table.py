"""The names that `_names` makes, by module."""

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any


@dataclass
class Names:
    """The names of one module."""

    modules: str = ""
    """Modules: `name` or `name=module`."""

    imports: dict[str, str] = field(default_factory=dict)
    """Imports from elsewhere, by module: `name` or `name=name there`."""

    internal: str = ""
    """Classes and functions whose work the core does."""

    constants: dict[str, Any] = field(default_factory=dict)


TABLE: dict[str, Names] = {
    "rtcdatachannel": Names(imports={"ironrtc.rtcsctptransport": "RTCSctpTransport"}),
    "codecs.g711": Names(
        modules="fractions",
        imports={
            "ironrtc.codecs.base": "Decoder Encoder",
            "ironrtc.mediastreams": "convert_timebase",
            "av.audio.frame": "AudioFrame",
            "av.audio.resampler": "AudioResampler",
            "av.codec.context": "CodecContext",
            "av.frame": "Frame",
            "av.packet": "Packet",
            "typing": "Literal cast",
        },
    ),
    "codecs.g722": Names(
        modules="fractions",
        imports={
            "ironrtc.codecs.base": "Decoder Encoder",
            "ironrtc.mediastreams": "convert_timebase",
            "av.audio.frame": "AudioFrame",
            "av.audio.resampler": "AudioResampler",
            "av.codec.context": "CodecContext",
            "av.frame": "Frame",
            "av.packet": "Packet",
            "typing": "Optional cast",
        },
    ),
    "codecs.h264": Names(
        modules="av fractions math",
        imports={
            "ironrtc.codecs.base": "Decoder Encoder",
            "ironrtc.mediastreams": "convert_timebase",
            "av.frame": "Frame",
            "av.packet": "Packet",
            "av.video.codeccontext": "VideoCodecContext",
            "collections.abc": "Iterable Iterator Sequence",
            "itertools": "pairwise tee",
            "struct": "pack unpack_from",
            "typing": "DESCRIPTOR_T=Any Optional T=Any Type TypeVar cast",
        },
    ),
    "codecs.opus": Names(
        modules="fractions",
        imports={
            "ironrtc.codecs.base": "Decoder Encoder",
            "ironrtc.mediastreams": "convert_timebase",
            "av.audio.frame": "AudioFrame",
            "av.audio.resampler": "AudioResampler",
            "av.codec.context": "CodecContext",
            "av.frame": "Frame",
            "av.packet": "Packet",
            "typing": "Optional cast",
        },
    ),
    "codecs.vpx": Names(
        modules="av multiprocessing random",
        imports={
            "ironrtc.codecs.base": "Decoder Encoder",
            "ironrtc.mediastreams": "convert_timebase",
            "av.codec.context": "CodecContext",
            "av.frame": "Frame",
            "av.packet": "Packet",
            "av.video.codeccontext": "VideoCodecContext",
            "av.video.frame": "VideoFrame",
            "struct": "pack unpack_from",
            "typing": "DESCRIPTOR_T=Any Optional T=Any Type TypeVar cast",
        },
    ),
    "jitterbuffer": Names(
        imports={
            "ironrtc.rtp": "RtpPacket",
            "ironrtc.utils": "uint16_add",
            "typing": "Optional",
        },
        internal="JitterBuffer",
        constants={
            "MAX_MISORDER": 100,
        },
    ),
    "rate": Names(
        modules="math",
        imports={
            "ironrtc.utils": "uint32_add uint32_gt",
            "enum": "Enum",
            "typing": "Any Optional",
        },
        internal=(
            "AimdRateControl BandwidthUsage InterArrival InterArrivalDelta OveruseDetector "
            "OveruseEstimator RateBucket RateControlState RateCounter RemoteBitrateEstimator "
            "TimestampGroup"
        ),
        constants={
            "BURST_DELTA_THRESHOLD_MS": 5,
            "DELTA_COUNTER_MAX": 1000,
            "INTER_ARRIVAL_SHIFT": 26,
            "MAX_ADAPT_OFFSET_MS": 15,
            "MIN_FRAME_PERIOD_HISTORY_LENGTH": 60,
            "MIN_NUM_DELTAS": 60,
            "TIMESTAMP_GROUP_LENGTH_MS": 5,
            "TIMESTAMP_TO_MS": 1.4901161193847656e-05,
        },
    ),
    "rtcdtlstransport": Names(
        modules=(
            "SSL=OpenSSL.SSL asyncio binascii clock=ironrtc.clock "
            "ec=cryptography.hazmat.primitives.asymmetric.ec enum "
            "hashes=cryptography.hazmat.primitives.hashes os pylibsrtp rtp=ironrtc.rtp "
            "traceback x509=cryptography.x509"
        ),
        imports={
            "ironrtc.rtcrtpparameters": "RTCRtpReceiveParameters RTCRtpSendParameters",
            "ironrtc.rtp": (
                "RtcpByePacket RtcpPacket RtcpPsfbPacket RtcpRrPacket RtcpRtpfbPacket "
                "RtcpSrPacket RtpPacket is_rtcp"
            ),
            "ironrtc.stats": "RTCStatsReport RTCTransportStats",
            "cryptography.hazmat.backends": "default_backend",
            "pylibsrtp": "Policy Session",
            "typing": "Protocol Type Union AnyRtcpPacket=Any K=Any V=Any",
        },
        internal=(
            "DataReceiver RtpReceiver RtpRouter RtpSender SRTPProtectionProfile State "
            "certificate_digest generate_certificate"
        ),
        constants={
            "SRTP_AEAD_AES_128_GCM": None,
            "SRTP_AEAD_AES_256_GCM": None,
            "SRTP_AES128_CM_SHA1_80": None,
            "SRTP_PROFILES": [],
            "srtp_profile": None,
        },
    ),
    "rtcicetransport": Names(
        modules="logging re",
        imports={
            "ironrtc._ice_servers": (
                "STUN_REGEX TURN_REGEX connection_kwargs parse_stun_turn_uri"
            ),
            "ironrtc.aioice.candidate": "Candidate",
            "ironrtc.aioice.ice": "Connection ConnectionClosed TransportPolicy",
            "typing": "Any",
        },
        internal="candidate_from_aioice candidate_to_aioice",
    ),
    "rtcpeerconnection": Names(
        modules="clock=ironrtc.clock copy rtp=ironrtc.rtp sdp=ironrtc.sdp uuid",
        imports={
            "ironrtc.codecs": "CODECS HEADER_EXTENSIONS is_rtx",
            "ironrtc.events": "RTCTrackEvent",
            "ironrtc.exceptions": "InternalError InvalidAccessError OperationError",
            "ironrtc.rtcconfiguration": "RTCBundlePolicy",
            "ironrtc.rtcrtpreceiver": "RemoteStreamTrack",
            "ironrtc.rtcdtlstransport": "RTCDtlsParameters",
            "ironrtc.rtcicetransport": "RTCIceParameters",
            "ironrtc.rtcrtpparameters": (
                "RTCRtpCodecCapability RTCRtpCodecParameters RTCRtpDecodingParameters "
                "RTCRtpHeaderExtensionParameters RTCRtpParameters RTCRtpReceiveParameters "
                "RTCRtpRtxParameters RTCRtpSendParameters"
            ),
            "ironrtc.rtcsctptransport": "RTCSctpCapabilities",
        },
        internal=(
            "add_remote_candidates add_transport_description allocate_mid "
            "create_media_description_for_sctp create_media_description_for_transceiver "
            "filter_preferred_codecs find_common_codecs find_common_header_extensions "
            "is_codec_compatible wrap_session_description and_direction or_direction "
            "reverse_direction"
        ),
        constants={
            "DISCARD_HOST": "0.0.0.0",
            "DISCARD_PORT": 9,
            "MEDIA_KINDS": ["audio", "video"],
        },
    ),
    "rtcrtpreceiver": Names(
        modules="asyncio av clock=ironrtc.clock queue random threading time",
        imports={
            "ironrtc.codecs": "depayload get_decoder is_rtx",
            "ironrtc.jitterbuffer": "JitterBuffer",
            "ironrtc.mediastreams": "MediaStreamError",
            "ironrtc.rate": "RemoteBitrateEstimator",
            "ironrtc.rtcrtpparameters": "RTCRtpCodecParameters RTCRtpReceiveParameters",
            "ironrtc.rtp": (
                "RtcpByePacket RtcpPsfbPacket RtcpReceiverInfo RtcpRrPacket RtcpRtpfbPacket "
                "RtcpSrPacket RtpPacket clamp_packets_lost pack_remb_fci unwrap_rtx"
            ),
            "ironrtc.stats": "RTCInboundRtpStreamStats RTCRemoteOutboundRtpStreamStats",
            "ironrtc.utils": "uint16_add uint16_gt",
            "av.frame": "Frame",
            "collections.abc": "Callable",
            "typing": "AnyRtcpPacket=Any",
        },
        internal="NackGenerator StreamStatistics TimestampMapper decoder_worker",
        constants={
            "RTCP_PSFB_APP": 15,
            "RTCP_PSFB_PLI": 1,
            "RTCP_RTPFB_NACK": 1,
            "RTP_HISTORY_SIZE": 128,
        },
    ),
    "rtcrtpsender": Names(
        modules="asyncio clock=ironrtc.clock random rtp=ironrtc.rtp time traceback",
        imports={
            "ironrtc.codecs": "get_encoder is_rtx",
            "ironrtc.codecs.base": "Encoder",
            "ironrtc.mediastreams": "MediaStreamError",
            "ironrtc.rtcrtpparameters": "RTCRtpCodecParameters RTCRtpSendParameters",
            "ironrtc.rtp": (
                "RtcpByePacket RtcpPsfbPacket RtcpRrPacket RtcpRtpfbPacket RtcpSdesPacket "
                "RtcpSenderInfo RtcpSourceInfo RtcpSrPacket RtpPacket unpack_remb_fci "
                "wrap_rtx"
            ),
            "ironrtc.stats": "RTCOutboundRtpStreamStats RTCRemoteInboundRtpStreamStats",
            "ironrtc.utils": "random16 random32 uint16_add uint32_add",
            "av.audio.frame": "AudioFrame",
            "av.frame": "Frame",
            "collections.abc": "Callable",
            "typing": "AnyRtcpPacket=Any",
        },
        internal="random_sequence_number",
        constants={
            "RTCP_PSFB_APP": 15,
            "RTCP_PSFB_FIR": 4,
            "RTCP_PSFB_PLI": 1,
            "RTCP_RTPFB_NACK": 1,
            "RTP_HISTORY_SIZE": 128,
            "RTT_ALPHA": 0.85,
        },
    ),
    "rtcrtptransceiver": Names(
        imports={
            "ironrtc.rtcrtpparameters": "RTCRtpCodecParameters RTCRtpHeaderExtensionParameters",
        },
    ),
    "rtcsctptransport": Names(
        modules="hmac itertools math os time",
        imports={
            "ironrtc.utils": "random32 uint16_add uint16_gt uint32_gt uint32_gte",
            "collections": "deque",
            "collections.abc": "Callable Iterator",
            "dataclasses": "field",
            "google_crc32c": "crc32c=value",
            "struct": "pack unpack_from",
            "typing": "DataChannelQueue=Deque Deque Union cast",
        },
        internal=(
            "AbortChunk BaseInitChunk BaseParamsChunk Chunk CookieAckChunk CookieEchoChunk "
            "DataChunk ErrorChunk ForwardTsnChunk HeartbeatAckChunk HeartbeatChunk "
            "InboundStream InitAckChunk InitChunk ReconfigChunk SackChunk ShutdownAckChunk "
            "ShutdownChunk ShutdownCompleteChunk StreamAddOutgoingParam "
            "StreamResetOutgoingParam StreamResetResponseParam chunk_type decode_params "
            "encode_params padl parse_packet serialize_packet tsn_minus_one tsn_plus_one"
        ),
        constants={
            "CHUNK_CLASSES": [],
            "CHUNK_TYPES": {},
            "COOKIE_LENGTH": 24,
            "COOKIE_LIFETIME": 60,
            "DATA_CHANNEL_ACK": 2,
            "DATA_CHANNEL_OPEN": 3,
            "DATA_CHANNEL_PARTIAL_RELIABLE_REXMIT": 1,
            "DATA_CHANNEL_PARTIAL_RELIABLE_REXMIT_UNORDERED": 129,
            "DATA_CHANNEL_PARTIAL_RELIABLE_TIMED": 2,
            "DATA_CHANNEL_PARTIAL_RELIABLE_TIMED_UNORDERED": 130,
            "DATA_CHANNEL_RELIABLE": 0,
            "DATA_CHANNEL_RELIABLE_UNORDERED": 128,
            "LOCAL_MAX_MESSAGE_SIZE": 262144,
            "MAX_STREAMS": 65535,
            "RECONFIG_MAX_STREAMS": 135,
            "RECONFIG_PARAM_TYPES": {},
            "RECONFIG_RESULT_IN_PROGRESS": 6,
            "RECONFIG_RESULT_SUCCESS_NOTHING_TO_DO": 0,
            "RECONFIG_RESULT_SUCCESS_PERFORMED": 1,
            "REMOTE_DEFAULT_MAX_MESSAGE_SIZE": 65536,
            "SCTP_CAUSE_INVALID_STREAM": 1,
            "SCTP_CAUSE_STALE_COOKIE": 3,
            "SCTP_CHUNK_HEADER_LENGTH": 4,
            "SCTP_COMMON_HEADER_LENGTH": 12,
            "SCTP_DATA_CHUNK_HEADER_LENGTH": 16,
            "SCTP_DATA_FIRST_FRAG": 2,
            "SCTP_DATA_LAST_FRAG": 1,
            "SCTP_DATA_UNORDERED": 4,
            "SCTP_MAX_ASSOCIATION_RETRANS": 10,
            "SCTP_MAX_BURST": 4,
            "SCTP_MAX_INIT_RETRANS": 8,
            "SCTP_MAX_PACKET_LENGTH": 1189,
            "SCTP_PACKET_MINIMUM_LENGTH": 16,
            "SCTP_PRSCTP_SUPPORTED": 49152,
            "SCTP_RTO_ALPHA": 0.125,
            "SCTP_RTO_BETA": 0.25,
            "SCTP_RTO_INITIAL": 3.0,
            "SCTP_RTO_MAX": 60,
            "SCTP_RTO_MIN": 1,
            "SCTP_STATE_COOKIE": 7,
            "SCTP_STR_RESET_ADD_OUT_STREAMS": 17,
            "SCTP_STR_RESET_OUT_REQUEST": 13,
            "SCTP_STR_RESET_RESPONSE": 16,
            "SCTP_SUPPORTED_CHUNK_EXT": 32776,
            "SCTP_TSN_MODULO": 4294967296,
            "USERDATA_MAX_LENGTH": 1160,
            "WEBRTC_BINARY": 53,
            "WEBRTC_BINARY_EMPTY": 57,
            "WEBRTC_DCEP": 50,
            "WEBRTC_STRING": 51,
            "WEBRTC_STRING_EMPTY": 56,
        },
    ),
    "rtp": Names(
        modules="math os struct",
        imports={
            "ironrtc.rtcrtpparameters": "RTCRtpParameters",
            "av.audio.frame": "AudioFrame",
            "dataclasses": "dataclass field",
            "struct": "pack unpack unpack_from",
            "typing": "Any Optional Union",
        },
    ),
    "sdp": Names(
        modules="rtp=ironrtc.rtp",
    ),
    "aioice.ice": Names(
        modules="asyncio copy ipaddress itertools random re secrets threading",
        imports={
            "ironrtc.aioice": "mdns stun turn",
            "collections": "deque",
            "collections.abc": "Callable",
            "typing": "Any cast",
        },
        internal=(
            "CandidatePair Connection StunProtocol sort_candidate_pairs validate_password "
            "validate_remote_candidate validate_username"
        ),
        constants={
            "CONSENT_FAILURES": 6,
            "CONSENT_INTERVAL": 5,
            "ICE_COMPLETED": 1,
            "ICE_FAILED": 2,
            "MAX_EARLY_CHECKS": 100,
        },
    ),
    "aioice.mdns": Names(
        modules="asyncio re",
        internal="MDnsProtocol create_mdns_hostname is_mdns_hostname",
        constants={"MDNS_ADDRESS": "224.0.0.251", "MDNS_PORT": 5353},
    ),
    "aioice.stun": Names(
        modules="asyncio binascii enum hmac ipaddress",
        internal="Message Transaction TransactionSender parse_message",
        constants={
            "COOKIE": 0x2112A442,
            "FINGERPRINT_LENGTH": 8,
            "FINGERPRINT_XOR": 0x5354554E,
            "HEADER_LENGTH": 20,
            "INTEGRITY_LENGTH": 24,
            "RETRY_MAX": 6,
            "RETRY_RTO": 0.5,
        },
    ),
    "aioice.turn": Names(
        modules="asyncio",
        internal=(
            "TurnClientMixin TurnClientTcpProtocol TurnClientUdpProtocol TurnStreamMixin "
            "TurnTransport create_turn_endpoint is_channel_data make_integrity_key"
        ),
        constants={
            "CHANNEL_NUMBER_MAX": 0x4FFF,
            "DEFAULT_ALLOCATION_LIFETIME": 600,
            "DEFAULT_CHANNEL_REFRESH_TIME": 500,
            "TCP_TRANSPORT": 0x06000000,
            "UDP_SOCKET_BUFFER_SIZE": 262144,
            "UDP_TRANSPORT": 0x11000000,
        },
    ),
}
