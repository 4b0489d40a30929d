//! The names and numbers by which media is known to all layers: sections, layers of a simulcast,
//! sources, payload types.

use std::borrow::Borrow;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

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

/// The name of one encoding of a simulcast (RFC 8851 section 4): letters, digits, `-` and `_`. Each
/// packet of the encoding has it, so its text is shared.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rid(Arc<str>);

/// The text is no rid.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rid has 1 to {} letters, digits, - or _", Rid::MAX_LENGTH)]
pub struct RidError;

impl Rid {
    /// What a header extension element can carry (RFC 8852 section 3, RFC 8285 section 4.3).
    pub const MAX_LENGTH: usize = 255;

    /// The word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Rid {
    type Err = RidError;

    fn from_str(text: &str) -> Result<Self, RidError> {
        let known = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if (1..=Self::MAX_LENGTH).contains(&text.len()) && text.bytes().all(known) {
            Ok(Self(text.into()))
        } else {
            Err(RidError)
        }
    }
}

impl fmt::Display for Rid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Borrow<str> for Rid {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl PartialEq<str> for Rid {
    fn eq(&self, other: &str) -> bool {
        *self.0 == *other
    }
}

/// A synchronization source (RFC 3550 section 3): the number of one stream of packets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ssrc(u32);

impl Ssrc {
    /// The source of that number.
    pub const fn new(number: u32) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn get(self) -> u32 {
        self.0
    }
}

impl From<u32> for Ssrc {
    fn from(number: u32) -> Self {
        Self(number)
    }
}

impl fmt::Display for Ssrc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// What a packet's payload is (RFC 3550 section 5.1): 0 to 127, by what was negotiated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayloadType(u8);

impl PayloadType {
    /// The payload type of that number; none above 127.
    pub const fn new(number: u8) -> Option<Self> {
        if number <= 127 {
            Some(Self(number))
        } else {
            None
        }
    }

    /// The payload type in a byte of a header that begins with the marker bit.
    pub const fn of_low_bits(byte: u8) -> Self {
        Self(byte & 127)
    }

    /// The number.
    pub const fn get(self) -> u8 {
        self.0
    }
}

impl fmt::Display for PayloadType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mid_is_one_word() {
        assert_eq!(
            "audio".parse::<Mid>().map(|mid| mid.to_string()),
            Ok("audio".into())
        );
        assert_eq!("a b".parse::<Mid>(), Err(MidError));
        assert_eq!("".parse::<Mid>(), Err(MidError));
    }

    #[test]
    fn a_rid_has_letters_digits_and_two_signs_and_fits_an_extension() {
        for good in ["h", "hi_1-x", &"r".repeat(255)] {
            assert_eq!(
                good.parse::<Rid>().map(|rid| rid.to_string()),
                Ok(good.into())
            );
        }
        for bad in ["", "a b", "a;b", "é", &"r".repeat(256)] {
            assert_eq!(bad.parse::<Rid>(), Err(RidError), "{bad:?}");
        }
    }

    #[test]
    fn a_payload_type_has_seven_bits() {
        assert_eq!(PayloadType::new(127).map(PayloadType::get), Some(127));
        assert_eq!(PayloadType::new(128), None);
        assert_eq!(PayloadType::of_low_bits(0x80 | 96), PayloadType(96));
    }
}
