#![doc = include_str!("../README.md")]
//!
//! ## How it behaves
//!
//! - **A connection is a task** of the tokio runtime in which it was made. Handles of it and of its
//!   channels are cheap to clone, may be used from any thread, and never block.
//! - **Events** come in a stream ([`PeerConnection::events`]) in the order in which they happened,
//!   and after the state that they tell of can be read. They wait until they are read: subscribe
//!   before the first description, and nothing is missed.
//! - **Messages** are read from their channel, not from the events. What is not read stays in the
//!   transport and makes the peer wait; nothing is dropped that was promised. A channel is a
//!   [`Stream`](futures_core::Stream) of its messages, for the
//!   `StreamExt` of `futures-util` or `tokio-stream`.
//! - **Cancelling is safe**: a future that is dropped before it is ready has lost nothing. The
//!   methods that change offer and answer do all of their work at the first poll.
//! - **Errors** are one enumeration per operation. Each says what is wrong in words, and
//!   [`Error::name`] is the name of the W3C's exception. What the network sends is never an error.
//! - **States and types** have the W3C's words: `as_str`, `Display` and `FromStr` on all of them.
//!
//! ## Below
//!
//! [`ortc::Transport`] is ICE, DTLS and SCTP without offers and answers. `ironrtc-core` holds all
//! protocols without sockets and clocks, for drivers of one's own.
#![forbid(unsafe_code)]
#![warn(clippy::exhaustive_enums, clippy::exhaustive_structs)]

mod beginning;
mod channel_event;
mod clock;
mod configuration;
mod data_channel;
mod driver;
mod dtmf;
mod error;
mod event;
mod handle;
mod local_track;
mod machine;
pub mod observe;
pub mod ortc;
mod peer_connection;
mod place;
mod queue;
mod remote_track;
mod shared;
mod signal;
mod tone_changes;
mod track_state;
mod tracks;
mod transceiver;
mod transport;
mod url;
mod wait;

pub use channel_event::DataChannelEvent;
pub use configuration::{Configuration, IceServer, IceTransportPolicy};
pub use data_channel::DataChannel;
pub use dtmf::DtmfSender;
pub use error::{ConfigurationError, Error};
pub use event::{Event, Events, TrackAdded};
pub use local_track::{KeyFrameRequest, LocalTrack};
pub use peer_connection::{PeerConnection, SctpTransport};
pub use remote_track::RemoteTrack;
pub use tone_changes::ToneChange;
pub use track_state::TrackEvent;
pub use transceiver::{RtpContributingSource, RtpReceiver, RtpSender, RtpTransceiver, TrackOrKind};
pub use transport::{DtlsTransport, IceTransport};

pub use ironrtc_core::channel::{
    ChannelState as DataChannelState, CreateError as CreateDataChannelError, DataChannelInit,
    Message, Priority, SendError, Text,
};
pub use ironrtc_core::datagram::{Path as NetworkPath, Protocol as NetworkProtocol};
pub use ironrtc_core::dtls::{
    Certificate, CertificateError, CertificateOptions, DtlsError, DtlsState, Fingerprint,
    FingerprintError, HandshakeError as DtlsHandshakeError, HashAlgorithm, KeyAlgorithm,
    Role as DtlsRole,
};
pub use ironrtc_core::ice::{
    AddCandidateError as AddIceCandidateError, Candidate as IceCandidate,
    CandidateAddress as IceCandidateAddress, CandidateError as IceCandidateParseError,
    CandidateKind as IceCandidateType, CandidateProtocol as IceCandidateProtocol,
    Credentials as IceCredentials, CredentialsError as IceCredentialsError,
    GatheringState as IceGatheringState, IceConfig, IceState as IceConnectionState,
    PairState as IceCandidatePairState, Role as IceRole, TcpType as IceTcpCandidateType,
    Ufrag as IceUfrag,
};
pub use ironrtc_core::ids::{PayloadType, Rid, RidError};
pub use ironrtc_core::jsep::{
    BundlePolicy, CandidateInit as IceCandidateInit, JsepError, LocalChange, Mid, MidError,
    OfferOptions, SdpType, SessionDescription, SignalingState,
};
pub use ironrtc_core::jsep::{
    DegradationPreference, EncodingParameters as RtpEncodingParameters, MediaConfig,
    ReceiveParameters as RtpReceiveParameters, SendParameters as RtpSendParameters,
    TransceiverDirection as RtpTransceiverDirection, TransceiverError,
    TransceiverId as RtpTransceiverId, TransceiverInit as RtpTransceiverInit,
};
pub use ironrtc_core::peer::{
    ConnectionState, DtmfError, ReceivedLayer, TrackFrame as EncodedFrame, TrackPacket as RtpPacket,
};
pub use ironrtc_core::rng::Rng;
pub use ironrtc_core::rtp::{
    Av1Parameters as RtpAv1Parameters, Feedback as RtcpFeedback, H264Level,
    H264Parameters as RtpH264Parameters, H264Profile, H265Parameters as RtpH265Parameters,
    OpusParameters as RtpOpusParameters,
};
pub use ironrtc_core::rtp::{
    Codec as RtpCodec, CodecError as RtpCodecError, CodecName as RtpCodecName,
    CodecParameters as RtpCodecParameters, ExtensionPlan as RtpHeaderExtensionParameters,
    FeedbackSet as RtcpFeedbackSet, Format as RtpFormat, FormatParameters as RtpFormatParameters,
    HeaderExtension as RtpHeaderExtension, LayerChoice, MediaKind,
    OutgoingExtensions as RtpPacketExtensions, RtpCapabilities, RtxParameters,
};
pub use ironrtc_core::sctp::{CongestionAlgorithm, SctpConfig, SctpState};
pub use ironrtc_core::stats::{
    CandidatePairStats, CertificateStats, CodecStats, DataChannelStats, IceCandidateStats,
    InboundRtpStats, MediaSourceStats, OutboundRtpStats, PeerConnectionStats,
    RemoteInboundRtpStats, RemoteOutboundRtpStats, Stats, StatsReport, StatsType, StatsValue,
    TransportStats,
};
pub use ironrtc_core::time::Time;
pub use ironrtc_core::wire::payload::{
    About as EncodedFrameHints, Format as EncodedFormat, TemporalLayer,
};
pub use ironrtc_core::wire::payload::{
    Descriptor as RtpPayloadDescriptor, Edge as RtpPayloadEdge, JoinError as RtpPayloadJoinError,
    Joined as RtpPayloadJoined, PictureDiffs as RtpPictureDiffs, PictureId as RtpPictureId,
};
pub use ironrtc_core::wire::rtp::{
    AbsCaptureTime, AudioLevel, PlayoutDelay, RtpTime, SeqNo as RtpSequenceNumber, VideoOrientation,
};
pub use ironrtc_core::wire::rtp::{
    ElementSet as RtpHeaderElements, Form as RtpHeaderForm, NtpShort, NtpTime,
    Rotation as VideoRotation,
};
pub use ironrtc_core::wire::sdp::SdpError;
pub use ironrtc_core::words::UnknownWord;
