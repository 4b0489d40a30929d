//! Why no connection came about.

/// Why the two sides did not find each other.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ConnectError {
    /// ICE found no path, in time or at all.
    #[error(
        "no connection to the other side came about: a firewall may block UDP, or the routers between the two sides let no peers through (relays, which is TURN, are not supported); with --stun none both sides must be in the same network"
    )]
    TimedOut,
    /// DTLS failed.
    #[error("the encrypted connection failed: {0}; exchange fresh codes")]
    Dtls(String),
    /// No address that another machine could reach.
    #[error(
        "this machine has no network, so a code would be of no use; connect it, or use --local if both sides are on this machine"
    )]
    NoNetwork,
    /// The other side ended it.
    #[error("the other side left before the connection was made; start both commands again")]
    Left,
    /// A code that cannot be used.
    #[error("{0}")]
    Code(String),
    /// The demo server cannot be used.
    #[error("{0}")]
    Server(String),
    /// Anything that the library reports.
    #[error("the connection cannot be prepared: {0}")]
    Library(String),
}

impl ConnectError {
    pub(super) fn library(error: impl ToString) -> Self {
        Self::Library(error.to_string())
    }
}
