//! What can go wrong, by operation.

use ironrtc_core::jsep::JsepError;

/// Why a connection was not made, or a configuration not accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigurationError {
    /// A URL that is none of `stun:`, `stuns:`, `turn:` and `turns:`.
    #[error("the ICE server URL {url:?} cannot be used: {reason}")]
    Url {
        /// The URL.
        url: String,
        /// What is wrong.
        reason: String,
    },
    /// A TURN server without user name or password.
    #[error("the TURN server {0:?} needs a username and a credential")]
    Credentials(String),
    /// An address of [`Configuration::bind`](crate::Configuration::bind) cannot be had.
    #[error("cannot bind to {address}: {reason}; choose another address or port")]
    Bind {
        /// The address.
        address: std::net::SocketAddr,
        /// What the operating system says.
        reason: String,
    },
    /// Changed after the start, which the W3C forbids.
    #[error("{0} cannot be changed on an existing connection; make a new one")]
    Unchangeable(&'static str),
    /// The certificate has expired.
    #[error("the certificate has expired; generate a new one")]
    CertificateExpired,
    /// No certificate could be made.
    #[error("no certificate could be made: {0}")]
    Certificate(String),
    /// Not inside a tokio runtime.
    #[error("a connection needs a tokio runtime; create it inside one")]
    NoRuntime,
    /// The operating system gave no randomness.
    #[error("the operating system gave no randomness: {0}")]
    Entropy(String),
    /// The connection is closed.
    #[error("the connection is closed")]
    Closed,
}

impl ConfigurationError {
    /// The name of the exception that W3C's method throws.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Url { .. } => "SyntaxError",
            Self::Unchangeable(_) => "InvalidModificationError",
            Self::CertificateExpired | Self::Credentials(_) => "InvalidAccessError",
            Self::Closed => "InvalidStateError",
            _ => "OperationError",
        }
    }
}

/// Why an asynchronous operation of a connection failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Offer and answer refused it; the state is as it was.
    #[error(transparent)]
    Jsep(JsepError),
    /// The connection was closed before the operation ended.
    #[error("the connection is closed")]
    Closed,
}

impl Error {
    /// The name of the exception with which W3C's method rejects.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Jsep(error) => error.name(),
            Self::Closed => "InvalidStateError",
        }
    }
}

impl From<JsepError> for Error {
    fn from(error: JsepError) -> Self {
        match error {
            JsepError::Closed => Self::Closed,
            error => Self::Jsep(error),
        }
    }
}
