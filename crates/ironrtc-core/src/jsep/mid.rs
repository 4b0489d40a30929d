//! The names of media sections.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;

/// An identification tag (RFC 5888 section 4): one word, which an answer repeats.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mid(String);

/// The text is not one word.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mid is one word")]
pub struct MidError;

impl Mid {
    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Mid {
    type Err = MidError;

    fn from_str(text: &str) -> Result<Self, MidError> {
        let text = text.trim();
        // It has to be one word for whoever reads the answer.
        let bad = |c: char| c.is_whitespace() || c.is_control();
        if text.is_empty() || text.contains(bad) {
            return Err(MidError);
        }
        Ok(Self(text.to_owned()))
    }
}

/// A section's place, where it has no other name.
impl From<usize> for Mid {
    fn from(place: usize) -> Self {
        Self(place.to_string())
    }
}

impl fmt::Display for Mid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Mid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Mid {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}
