//! What callers can do wrong.

/// Why there are no keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// Key or salt has another length than the profile wants.
    #[error("the profile wants a key or a salt of another length")]
    Length,
    /// The crypto library failed.
    #[error("the crypto library refused the key")]
    Library,
}

/// Why a packet was not sealed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SealError {
    /// What should be sealed is no packet of RTP or RTCP.
    #[error("these bytes are no packet of RTP or RTCP")]
    Malformed,
    /// A packet of this source was sealed under this number before, or long ago: two under one
    /// number would show what is in them. A new number is needed.
    #[error("the sequence number was used, or is too old to tell")]
    Repeated,
    /// As many sources send under this key as are remembered. New keys are needed.
    #[error("too many sources send under one key")]
    TooManySources,
    /// The key has protected as many packets as it may. New keys are needed.
    #[error("the key is used up")]
    UsedUp,
    /// The packet's header extension has neither of the forms of RFC 8285, which are the only ones
    /// that RFC 9335 encrypts.
    #[error("a header extension of this form cannot be encrypted")]
    Extension,
    /// The crypto library failed.
    #[error("the crypto library failed")]
    Library,
}
