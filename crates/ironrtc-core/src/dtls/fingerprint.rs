//! Certificate fingerprints as SDP writes them (RFC 8122).

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::digest;

/// A hash function that may protect a certificate here.
///
/// SHA-1 and MD5 are absent on purpose: a fingerprint under them proves nothing, so it is refused
/// like any unknown algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// SHA-256, which everybody has.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

impl HashAlgorithm {
    /// All algorithms, in the order in which fingerprints are offered.
    pub const ALL: [Self; 3] = [Self::Sha256, Self::Sha384, Self::Sha512];

    /// The name in SDP, such as `sha-256`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sha384 => "sha-384",
            Self::Sha512 => "sha-512",
        }
    }

    fn digest(self, data: &[u8]) -> Vec<u8> {
        let algorithm = match self {
            Self::Sha256 => &digest::SHA256,
            Self::Sha384 => &digest::SHA384,
            Self::Sha512 => &digest::SHA512,
        };
        digest::digest(algorithm, data).as_ref().to_vec()
    }

    const fn digest_len(self) -> usize {
        match self {
            Self::Sha256 => 32,
            Self::Sha384 => 48,
            Self::Sha512 => 64,
        }
    }
}

/// Why a fingerprint was refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FingerprintError {
    /// Not of the form `algorithm AB:CD:…`.
    #[error("a fingerprint is written as \"sha-256 AB:CD:…\"")]
    Syntax,
    /// An algorithm that is unknown or too weak.
    #[error("the hash algorithm {0:?} is not usable; use sha-256, sha-384 or sha-512")]
    Algorithm(String),
    /// The number of bytes does not fit the algorithm.
    #[error("a {algorithm} fingerprint has {expected} bytes, not {actual}")]
    Length {
        /// The algorithm's name.
        algorithm: &'static str,
        /// How many bytes it has.
        expected: usize,
        /// How many were given.
        actual: usize,
    },
}

/// The hash of a certificate, as exchanged in the SDP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// The hash function.
    pub algorithm: HashAlgorithm,
    /// The hash.
    pub value: Vec<u8>,
}

impl Fingerprint {
    /// The fingerprint of a certificate in DER.
    pub fn of(algorithm: HashAlgorithm, certificate: &[u8]) -> Self {
        Self {
            algorithm,
            value: algorithm.digest(certificate),
        }
    }

    /// The hash as SDP writes it: upper-case pairs with colons.
    pub fn hex(&self) -> String {
        let pairs: Vec<String> = self
            .value
            .iter()
            .map(|byte| format!("{byte:02X}"))
            .collect();
        pairs.join(":")
    }

    /// True if the certificate has this fingerprint.
    pub fn matches(&self, certificate: &[u8]) -> bool {
        self.algorithm.digest(certificate) == self.value
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.algorithm.name(), self.hex())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (name, hex) = text
            .trim()
            .split_once(' ')
            .ok_or(FingerprintError::Syntax)?;
        // RFC 8122 section 5: names of hash functions are case-insensitive.
        let algorithm = HashAlgorithm::ALL
            .into_iter()
            .find(|algorithm| algorithm.name().eq_ignore_ascii_case(name))
            .ok_or_else(|| FingerprintError::Algorithm(name.chars().take(32).collect()))?;
        let value = hex
            .trim()
            .split(':')
            .take(algorithm.digest_len() + 1)
            .map(parse_pair)
            .collect::<Option<Vec<u8>>>()
            .ok_or(FingerprintError::Syntax)?;
        let expected = algorithm.digest_len();
        if value.len() != expected {
            let actual = hex.split(':').count();
            return Err(FingerprintError::Length {
                algorithm: algorithm.name(),
                expected,
                actual,
            });
        }
        Ok(Self { algorithm, value })
    }
}

/// Two hexadecimal digits; RFC 8122 writes them in upper case, but peers send both.
fn parse_pair(pair: &str) -> Option<u8> {
    let hex = pair.len() == 2 && pair.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| u8::from_str_radix(pair, 16).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    // FIPS 180-4's example: the digests of "abc".
    const ABC_SHA256: &str = "BA:78:16:BF:8F:01:CF:EA:41:41:40:DE:5D:AE:22:23:\
                              B0:03:61:A3:96:17:7A:9C:B4:10:FF:61:F2:00:15:AD";

    #[test]
    fn known_digests_match_in_either_case() {
        let upper: Fingerprint = format!("sha-256 {ABC_SHA256}").parse().unwrap();
        let lower: Fingerprint = format!("SHA-256 {}", ABC_SHA256.to_lowercase())
            .parse()
            .unwrap();
        assert_eq!(upper, lower);
        assert!(upper.matches(b"abc"));
        assert!(!upper.matches(b"abd"));
        assert_eq!(upper.to_string(), format!("sha-256 {ABC_SHA256}"));
        for algorithm in HashAlgorithm::ALL {
            let fingerprint = Fingerprint::of(algorithm, b"abc");
            assert_eq!(fingerprint.value.len(), algorithm.digest_len());
            assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        }
    }

    #[test]
    fn weak_malformed_and_short_fingerprints_are_refused_by_name() {
        assert_eq!(
            "sha-1 AB:CD".parse::<Fingerprint>(),
            Err(FingerprintError::Algorithm("sha-1".into()))
        );
        assert_eq!(
            "sha-256".parse::<Fingerprint>(),
            Err(FingerprintError::Syntax)
        );
        assert_eq!(
            "sha-256 A:B".parse::<Fingerprint>(),
            Err(FingerprintError::Syntax)
        );
        assert_eq!(
            "sha-256 +1:AB".parse::<Fingerprint>(),
            Err(FingerprintError::Syntax)
        );
        assert!(matches!(
            "sha-256 AB:CD".parse::<Fingerprint>(),
            Err(FingerprintError::Length {
                expected: 32,
                actual: 2,
                ..
            })
        ));
        let long = format!("sha-256 {ABC_SHA256}:00");
        assert!(matches!(
            long.parse::<Fingerprint>(),
            Err(FingerprintError::Length { .. })
        ));
    }
}
