//! Why a step of offer and answer was refused. The state is then as it was.

use super::{Mid, SdpType, SignalingState};
use crate::ice::CandidateError;
use crate::wire::sdp::SdpError;

/// Why a step was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsepError {
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
    /// Not in this state.
    #[error("a {side} {kind} is not possible in the signaling state {state:?}", state = .state.as_str())]
    WrongState {
        /// `local` or `remote`.
        side: &'static str,
        /// The description's kind.
        kind: SdpType,
        /// The present state.
        state: SignalingState,
    },
    /// An answer needs an offer of the peer.
    #[error("there is no remote offer to answer (the signaling state is {:?})", .0.as_str())]
    NothingToAnswer(SignalingState),
    /// The text is not SDP.
    #[error(transparent)]
    Syntax(#[from] SdpError),
    /// Two sections have one name.
    #[error("two media sections have the mid \"{0}\"")]
    RepeatedMid(Mid),
    /// An offer leaves out sections of the session.
    #[error(
        "the offer has {offered} media sections and the session has {known}; sections are rejected with port 0, never removed (RFC 9429 section 5.2.2)"
    )]
    SectionsRemoved {
        /// In the session.
        known: usize,
        /// In the offer.
        offered: usize,
    },
    /// An offer gives a place to another section, though neither side has rejected the one there.
    #[error(
        "the offer has another mid or kind in the place of the section \"{0}\", which neither side has rejected (RFC 9429 section 5.2.2)"
    )]
    SectionReplaced(Mid),
    /// RFC 8834 section 4.5: RTCP has no port of its own.
    #[error("the answer's section \"{0}\" has no a=rtcp-mux, without which media is not carried")]
    RtcpMux(Mid),
    /// The answer takes media, and none of its codecs is one that was offered.
    #[error("the answer's section \"{0}\" has no codec that was offered")]
    NoCommonCodec(Mid),
    /// RFC 8841 section 10.3: an association keeps its ports.
    #[error("the peer's sctp-port changes from {from} to {to} under an association that exists")]
    SctpPortChanged {
        /// The association's.
        from: u16,
        /// The description's.
        to: u16,
    },
    /// The answer's sections are not the offer's.
    #[error(
        "the answer has {answered} media sections and the offer has {offered}; each must be answered, in the same order"
    )]
    SectionCount {
        /// In the offer.
        offered: usize,
        /// In the answer.
        answered: usize,
    },
    /// A section that the answer takes is not the one offered in its place.
    #[error(
        "the answer's section \"{0}\" does not fit the offer: another mid, kind, or not offered"
    )]
    SectionMismatch(Mid),
    /// An answer has a transport of its own for what was offered in the bundle only.
    #[error(
        "the answer takes the section \"{0}\" out of the bundle, in which alone it was offered"
    )]
    OnlyBundled(Mid),
    /// What is to be connected has no ICE credentials.
    #[error("no section to be connected has ice-ufrag and ice-pwd")]
    MissingCredentials,
    /// What is to be connected has no fingerprint that proves anything.
    #[error("no section to be connected has a usable fingerprint (sha-256, sha-384 or sha-512)")]
    MissingFingerprint,
    /// An answer that leaves the DTLS roles open.
    #[error("an answer's setup must be active or passive (RFC 8842 section 5.3)")]
    AnswerSetup,
    /// A local description that does not come from `create_offer` or `create_answer`.
    #[error("the local description is not the one created: {0}")]
    NotCreated(LocalChange),
    /// A candidate without a place.
    #[error("a candidate needs sdp_mid or sdp_mline_index")]
    CandidateWithoutSection,
    /// A candidate before the remote description.
    #[error("a candidate came before the remote description; add it afterwards")]
    CandidateTooEarly,
    /// A candidate for a section that does not exist.
    #[error("the remote description has no media section {0}")]
    UnknownSection(String),
    /// A candidate of another generation.
    #[error("the remote description has no ICE username fragment {0:?}")]
    UnknownFragment(String),
    /// The candidate's text cannot be read.
    #[error("the candidate cannot be read: {0}")]
    Candidate(CandidateError),
}

/// How a local description differs from what was created, where it may not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocalChange {
    /// Sections of the session are left out.
    #[error("it has fewer media sections than before")]
    SectionsRemoved,
    /// The place of a section is given to another.
    #[error("it has another mid or kind in the place of a section that goes on")]
    SectionReplaced,
    /// An answer takes what the offer does not have.
    #[error("it accepts a section that was not offered, or cannot be connected")]
    BeyondOffer,
    /// ICE's credentials break the grammar that the peer may hold us to.
    #[error("its ICE credentials are not of letters, digits, '+' and '/' alone")]
    Credentials,
    /// The fingerprint proves another certificate.
    #[error("its fingerprint is not that of our certificate")]
    Fingerprint,
}

impl JsepError {
    /// The name of the exception with which W3C's method rejects.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Closed
            | Self::WrongState { .. }
            | Self::NothingToAnswer(_)
            | Self::CandidateTooEarly => "InvalidStateError",
            Self::Syntax(_) => "RTCError",
            Self::RepeatedMid(_)
            | Self::SectionsRemoved { .. }
            | Self::SectionReplaced(_)
            | Self::RtcpMux(_)
            | Self::NoCommonCodec(_)
            | Self::SctpPortChanged { .. }
            | Self::SectionCount { .. }
            | Self::SectionMismatch(_)
            | Self::OnlyBundled(_)
            | Self::MissingCredentials
            | Self::MissingFingerprint
            | Self::AnswerSetup => "InvalidAccessError",
            Self::NotCreated(_) => "InvalidModificationError",
            Self::CandidateWithoutSection => "TypeError",
            Self::UnknownSection(_) | Self::UnknownFragment(_) | Self::Candidate(_) => {
                "OperationError"
            }
        }
    }

    /// The line of the SDP at fault (`sdpLineNumber`).
    pub const fn sdp_line(&self) -> Option<usize> {
        match self {
            Self::Syntax(error) => Some(error.line),
            _ => None,
        }
    }
}
