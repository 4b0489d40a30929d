//! Roles, states and what the engine reports.

use crate::words::words;

/// Which side opens the handshake (`a=setup`, RFC 8842).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Sends the ClientHello: `active`.
    Client,
    /// Waits for it: `passive`.
    Server,
}

/// The state of the transport (webrtc-pc section 5.5.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DtlsState {
    /// Not started.
    New,
    /// The handshake is under way.
    Connecting,
    /// The handshake is done and the fingerprint matched.
    Connected,
    /// Closed by either side.
    Closed,
    /// The handshake failed, or the fingerprint did not match.
    Failed,
}

words!(Role, "DTLS role", { Client => "client", Server => "server" });
words!(DtlsState, "state of a DTLS transport", {
    New => "new",
    Connecting => "connecting",
    Connected => "connected",
    Closed => "closed",
    Failed => "failed",
});

/// Why a transport failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DtlsError {
    /// The crypto library refused its configuration.
    #[error("DTLS cannot start: {0}")]
    Setup(String),
    /// None of the fingerprints in the description is usable.
    #[error("the remote description has no usable fingerprint")]
    NoFingerprint,
    /// The peer's certificate has another fingerprint than the description said.
    #[error("the peer's certificate does not match the fingerprints of the remote description")]
    FingerprintMismatch,
    /// The peer's certificate is larger than we read.
    #[error("the peer's certificate is too large")]
    CertificateTooLarge,
    /// The handshake broke off.
    #[error("the DTLS handshake failed: {0}")]
    Handshake(HandshakeError),
}

/// Why a handshake broke off, by whose fault. The texts are for people; what a program may want to
/// know is in the type.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HandshakeError {
    /// The peer did not answer in time.
    #[error("{0}")]
    TimedOut(String),
    /// The peer refused it, with this alert (RFC 8446 section 6.2).
    #[error("the peer refused it with alert {0}")]
    Refused(u8),
    /// Both sides keep to the protocol and have no version, cipher suite, group or kind of
    /// signature in common.
    #[error("{0}")]
    PeerIncompatible(String),
    /// The peer broke the protocol: a proof is wrong, or it chose what was not offered.
    #[error("{0}")]
    PeerMisbehaved(String),
    /// So many keys were used that no more may be made.
    #[error("the keys are used up")]
    KeysUsedUp,
    /// The library could not go on, by a fault of its own or of ours.
    #[error("{0}")]
    Library(String),
}

/// Why plaintext could not be sealed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// The handshake is not done, or the transport is closed.
    #[error("DTLS is not connected")]
    NotConnected,
    /// The record layer refused: the keys are used up.
    #[error("DTLS cannot encrypt: {0}")]
    Record(String),
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The state changed.
    StateChange(DtlsState),
}
