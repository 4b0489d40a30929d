//! Syntax errors that say where and why.

/// A line that cannot be accepted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("SDP line {line} ({text:?}): {reason}")]
pub struct SdpError {
    /// The line's number, counted from 1.
    pub line: usize,
    /// The line's text, shortened.
    pub text: String,
    /// What is wrong with it.
    pub reason: String,
}

impl SdpError {
    /// Most characters of the line that an error repeats.
    const SHOWN: usize = 80;

    pub(crate) fn new(line: usize, text: &str, reason: impl Into<String>) -> Self {
        Self {
            line,
            text: text.chars().take(Self::SHOWN).collect(),
            reason: reason.into(),
        }
    }
}
