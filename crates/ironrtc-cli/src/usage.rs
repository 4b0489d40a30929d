//! A command line that cannot work.

/// The command was called in a way that cannot work.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);
