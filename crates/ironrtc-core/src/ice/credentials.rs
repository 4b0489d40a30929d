//! ICE username fragments and passwords (RFC 8445 section 5.3, RFC 8839 section 5.4).

use std::fmt;

use crate::rng::Rng;

/// Shortest and longest username fragment (RFC 8839 section 5.4).
const UFRAG_LENGTH: std::ops::RangeInclusive<usize> = 4..=256;
/// Shortest and longest password (RFC 8839 section 5.4).
const PWD_LENGTH: std::ops::RangeInclusive<usize> = 22..=256;

/// The username fragment and password of one ICE generation of one side: there are none whose lengths
/// or characters STUN's USERNAME could not carry.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    ufrag: Ufrag,
    pwd: String,
}

/// A username fragment, which names a generation of one side: 4 to 256 characters without a colon.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ufrag(String);

impl Ufrag {
    /// Its text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ufrag {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl PartialEq<str> for Ufrag {
    fn eq(&self, other: &str) -> bool {
        self.0 == other
    }
}

impl PartialEq<&str> for Ufrag {
    fn eq(&self, other: &&str) -> bool {
        self.0 == *other
    }
}

/// Why a username fragment or password was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialsError {
    /// The username fragment has a wrong length.
    #[error("ice-ufrag has {0} characters; use 4 to 256")]
    UfragLength(usize),
    /// The password has a wrong length.
    #[error("ice-pwd has {0} characters; use 22 to 256")]
    PwdLength(usize),
    /// A character outside the ice-char set.
    #[error("{0} contains a character that is not a letter, a digit, '+' or '/'; remove it")]
    Character(&'static str),
}

impl Credentials {
    /// Credentials chosen by the application, to the letter of the grammar.
    pub fn new(ufrag: impl Into<String>, pwd: impl Into<String>) -> Result<Self, CredentialsError> {
        Self::parse(ufrag.into(), pwd.into(), is_ice_char)
    }

    /// Credentials received from the peer. Any printable ASCII is taken, as browsers do with `-`,
    /// `_`, `=` and `#`, but for the colon, which parts the two fragments in STUN's USERNAME.
    pub fn from_peer(
        ufrag: impl Into<String>,
        pwd: impl Into<String>,
    ) -> Result<Self, CredentialsError> {
        Self::parse(ufrag.into(), pwd.into(), is_peer_char)
    }

    /// Fresh credentials: 48 random bits of fragment and 144 of password, where RFC 8445
    /// section 5.3 demands at least 24 and 128.
    pub fn generate(rng: &mut Rng) -> Self {
        Self {
            ufrag: Ufrag(rng.ice_chars(8)),
            pwd: rng.ice_chars(24),
        }
    }

    /// The username fragment.
    pub const fn ufrag(&self) -> &Ufrag {
        &self.ufrag
    }

    /// The password.
    pub fn pwd(&self) -> &str {
        &self.pwd
    }

    /// Whether they follow the grammar of RFC 8839 section 5.4, as what we send must; a peer's may
    /// have more characters.
    pub fn validate(&self) -> Result<(), CredentialsError> {
        check(&self.ufrag.0, &self.pwd, is_ice_char)
    }

    fn parse(
        ufrag: String,
        pwd: String,
        allowed: fn(u8) -> bool,
    ) -> Result<Self, CredentialsError> {
        check(&ufrag, &pwd, allowed)?;
        Ok(Self {
            ufrag: Ufrag(ufrag),
            pwd,
        })
    }
}

fn check(ufrag: &str, pwd: &str, allowed: fn(u8) -> bool) -> Result<(), CredentialsError> {
    if !UFRAG_LENGTH.contains(&ufrag.len()) {
        return Err(CredentialsError::UfragLength(ufrag.len()));
    }
    if !PWD_LENGTH.contains(&pwd.len()) {
        return Err(CredentialsError::PwdLength(pwd.len()));
    }
    if !ufrag.bytes().all(allowed) {
        return Err(CredentialsError::Character("ice-ufrag"));
    }
    if !pwd.bytes().all(allowed) {
        return Err(CredentialsError::Character("ice-pwd"));
    }
    Ok(())
}

/// RFC 8839 section 5.1: ice-char is a letter, a digit, "+" or "/".
pub(super) const fn is_ice_char(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'/'
}

/// What a peer's fragment and password may be made of.
pub(super) const fn is_peer_char(byte: u8) -> bool {
    byte.is_ascii_graphic() && byte != b':'
}

impl fmt::Debug for Credentials {
    /// Keeps the password out of logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("ufrag", &self.ufrag.0)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generated_credentials_are_valid_and_differ() {
        let mut rng = Rng::from_test_seed(1);
        let first = Credentials::generate(&mut rng);
        let second = Credentials::generate(&mut rng);
        assert_eq!(first.validate(), Ok(()));
        assert_ne!(first, second);
    }

    #[test]
    fn lengths_and_characters_are_checked() {
        let pwd = "p".repeat(22);
        assert!(Credentials::new("abcd", pwd.clone()).is_ok());
        assert!(Credentials::new("a".repeat(256), "p".repeat(256)).is_ok());
        assert_eq!(
            Credentials::new("abc", pwd.clone()),
            Err(CredentialsError::UfragLength(3))
        );
        assert_eq!(
            Credentials::new("a".repeat(257), pwd.clone()),
            Err(CredentialsError::UfragLength(257))
        );
        assert_eq!(
            Credentials::new("abcd", "p".repeat(21)),
            Err(CredentialsError::PwdLength(21))
        );
        assert_eq!(
            Credentials::new("ab d", pwd),
            Err(CredentialsError::Character("ice-ufrag"))
        );
        assert_eq!(
            Credentials::new("abcd", "é".repeat(11)),
            Err(CredentialsError::Character("ice-pwd"))
        );
    }

    #[test]
    fn a_peers_credentials_may_have_more_characters() {
        let pwd = "p-_=#pppppppppppppppppppppp";
        assert!(Credentials::from_peer("a-_=", pwd).is_ok());
        assert!(Credentials::new("a-_=", pwd).is_err());
        for bad in ["ab:cd", "ab cd", "ab\u{7f}cd", "abé"] {
            assert!(Credentials::from_peer(bad, pwd).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn debug_output_hides_the_password() {
        let credentials = Credentials::new("abcd", "secretsecretsecretsecret").unwrap();
        assert!(!format!("{credentials:?}").contains("secret"));
    }
}
