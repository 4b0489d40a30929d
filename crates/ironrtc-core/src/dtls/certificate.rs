//! The certificate that a connection shows its peer (webrtc-pc section 4.9).

use crate::setters::setters;
use std::sync::Arc;
use std::time::Duration;

use rcgen::{CertificateParams, DistinguishedName, DnType, KeyPair};
use time::OffsetDateTime;
use x509_cert::der::Decode as _;

use super::{Fingerprint, HashAlgorithm, replayed};
use crate::rng::Rng;

/// The longest certificate of a peer's that is accepted.
pub(crate) const MAX_CERTIFICATE_LEN: usize = 8 * 1024;
/// The longest of our own: dimpl keeps twelve records of a flight for repetition, and panics over
/// more.
const MAX_OWN_CERTIFICATE_LEN: usize = 2 * 1024;

/// Longest validity that W3C allows a user to ask for: 365 days.
const MAX_VALIDITY: Duration = Duration::from_secs(365 * 24 * 3600);

/// The key of a generated certificate.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyAlgorithm {
    /// ECDSA over P-256, which every WebRTC endpoint must accept (RFC 8827 section 6.5).
    #[default]
    EcdsaP256,
    /// ECDSA over P-384.
    EcdsaP384,
}

/// What to generate.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct CertificateOptions {
    /// The key's algorithm.
    pub algorithm: KeyAlgorithm,
    /// How long the certificate is valid from now: 30 days by default, 365 at most.
    pub validity: Duration,
}

setters!(CertificateOptions {
    algorithm: KeyAlgorithm,
    validity: Duration,
});

impl Default for CertificateOptions {
    fn default() -> Self {
        Self {
            algorithm: KeyAlgorithm::default(),
            validity: Duration::from_secs(30 * 24 * 3600),
        }
    }
}

/// Why a certificate could not be made or loaded.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Key or certificate generation failed.
    #[error("the certificate could not be generated: {0}")]
    Generation(String),
    /// The PEM text has no such block.
    #[error("the PEM text has no {0} block")]
    MissingBlock(&'static str),
    /// The certificate is not valid X.509 in DER.
    #[error("the certificate cannot be read: {0}")]
    Certificate(String),
    /// The private key cannot be used.
    #[error("the private key cannot be used (ECDSA P-256 or P-384 in PKCS#8 is needed): {0}")]
    Key(String),
    /// The private key belongs to another certificate.
    #[error("the private key does not belong to the certificate")]
    KeyMismatch,
}

/// A certificate with its private key. Cheap to clone.
#[derive(Clone)]
pub struct Certificate(Arc<Inner>);

struct Inner {
    der: Vec<u8>,
    private_key: Vec<u8>,
    expires: Duration,
    /// From what its handshakes follow, if they are to replay.
    replays: Option<u64>,
}

impl Certificate {
    /// A self-signed certificate with a fresh key.
    ///
    /// `unix_now` is the time since 1970. The name in it is random (RFC 8827 section 6.5 asks that
    /// nothing in it identifies the user).
    pub fn generate(
        options: CertificateOptions,
        unix_now: Duration,
        rng: &mut Rng,
    ) -> Result<Self, CertificateError> {
        let failed = |error: rcgen::Error| CertificateError::Generation(error.to_string());
        let algorithm = match options.algorithm {
            KeyAlgorithm::EcdsaP256 => &rcgen::PKCS_ECDSA_P256_SHA256,
            KeyAlgorithm::EcdsaP384 => &rcgen::PKCS_ECDSA_P384_SHA384,
        };
        let key = KeyPair::generate_for(algorithm).map_err(failed)?;
        let expires = unix_now + options.validity.min(MAX_VALIDITY);
        let mut params = CertificateParams::default();
        let mut name = DistinguishedName::new();
        let (first, second) = (rng.u64(), rng.u64());
        name.push(DnType::CommonName, format!("{first:016x}{second:016x}"));
        params.distinguished_name = name;
        // Peers' clocks may be behind ours.
        let day = Duration::from_secs(24 * 3600);
        params.not_before = timestamp(unix_now.saturating_sub(day))?;
        params.not_after = timestamp(expires)?;
        if rng.replays() {
            // By default the key gives the number, whose length then depends on it.
            params.serial_number = Some(1_u64.into());
        }
        let der = replayed::repeat(rng.replays(), || {
            let certificate = params.self_signed(&key).map_err(failed)?;
            let der = certificate.der().to_vec();
            let parsed = x509_cert::Certificate::from_der(&der);
            let even =
                parsed.is_ok_and(|parsed| replayed::is_even(parsed.signature().raw_bytes().len()));
            Ok((der, even))
        })?;
        Ok(Self(Arc::new(Inner {
            der,
            private_key: key.serialize_der(),
            expires: Duration::from_secs(expires.as_secs()),
            replays: rng.replays().then_some(first),
        })))
    }

    /// A certificate and its private key from PEM text (`CERTIFICATE` and `PRIVATE KEY` blocks, in
    /// one text or two joined; of several certificates the first counts).
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let blocks = pem::parse_many(text)
            .map_err(|error| CertificateError::Certificate(error.to_string()))?;
        let find = |tag: &'static str| {
            blocks
                .iter()
                .find(|block| block.tag() == tag)
                .map(pem::Pem::contents)
                .ok_or(CertificateError::MissingBlock(tag))
        };
        Self::from_der(find("CERTIFICATE")?, find("PRIVATE KEY")?)
    }

    /// A certificate in DER and its private key in PKCS#8 DER.
    pub fn from_der(certificate: &[u8], private_key: &[u8]) -> Result<Self, CertificateError> {
        if certificate.len() > MAX_OWN_CERTIFICATE_LEN {
            let text = format!(
                "it has {} bytes, over {MAX_OWN_CERTIFICATE_LEN}",
                certificate.len()
            );
            return Err(CertificateError::Certificate(text));
        }
        let parsed = x509_cert::Certificate::from_der(certificate)
            .map_err(|error| CertificateError::Certificate(error.to_string()))?;
        let key = KeyPair::try_from(private_key)
            .map_err(|error| CertificateError::Key(error.to_string()))?;
        let algorithm = key.algorithm();
        if algorithm != &rcgen::PKCS_ECDSA_P256_SHA256
            && algorithm != &rcgen::PKCS_ECDSA_P384_SHA384
        {
            return Err(CertificateError::Key("it is of another kind".into()));
        }
        let tbs = parsed.tbs_certificate();
        let subject = tbs.subject_public_key_info().subject_public_key.raw_bytes();
        if subject != rcgen::PublicKeyData::der_bytes(&key) {
            return Err(CertificateError::KeyMismatch);
        }
        Ok(Self(Arc::new(Inner {
            der: certificate.to_vec(),
            private_key: private_key.to_vec(),
            expires: tbs.validity().not_after.to_unix_duration(),
            replays: None,
        })))
    }

    /// When the certificate expires, as time since 1970.
    pub fn expires(&self) -> Duration {
        self.0.expires
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The certificate and its private key as PEM text, which [`from_pem`](Self::from_pem) reads.
    pub fn to_pem(&self) -> String {
        let blocks = [
            pem::Pem::new("CERTIFICATE", self.0.der.clone()),
            pem::Pem::new("PRIVATE KEY", self.0.private_key.clone()),
        ];
        pem::encode_many(&blocks)
    }

    /// The fingerprints under every usable hash function, SHA-256 first.
    pub fn fingerprints(&self) -> Vec<Fingerprint> {
        HashAlgorithm::ALL
            .map(|algorithm| Fingerprint::of(algorithm, &self.0.der))
            .to_vec()
    }

    pub(super) fn replays(&self) -> Option<u64> {
        self.0.replays
    }

    pub(super) fn to_dimpl(&self) -> dimpl::DtlsCertificate {
        dimpl::DtlsCertificate {
            certificate: self.0.der.clone(),
            private_key: self.0.private_key.clone(),
        }
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl std::fmt::Debug for Certificate {
    /// Never prints the private key.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let fingerprint = Fingerprint::of(HashAlgorithm::Sha256, &self.0.der);
        f.debug_struct("Certificate")
            .field("sha256", &fingerprint.hex())
            .field("expires", &self.0.expires)
            .finish()
    }
}

fn timestamp(since_epoch: Duration) -> Result<OffsetDateTime, CertificateError> {
    let seconds = i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX);
    OffsetDateTime::from_unix_timestamp(seconds)
        .map_err(|error| CertificateError::Generation(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_790_000_000);

    fn generate(algorithm: KeyAlgorithm) -> Certificate {
        let options = CertificateOptions {
            algorithm,
            ..CertificateOptions::default()
        };
        Certificate::generate(options, NOW, &mut Rng::from_test_seed(1)).unwrap()
    }

    #[test]
    fn a_generated_certificate_survives_a_trip_through_pem() {
        for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384] {
            let certificate = generate(algorithm);
            let loaded = Certificate::from_pem(&certificate.to_pem()).unwrap();
            assert_eq!(loaded, certificate);
            assert_eq!(loaded.expires(), certificate.expires());
            assert_eq!(loaded.expires(), NOW + Duration::from_secs(30 * 24 * 3600));
            assert_eq!(loaded.fingerprints(), certificate.fingerprints());
        }
    }

    #[test]
    fn two_certificates_share_neither_key_nor_name() {
        assert_ne!(
            generate(KeyAlgorithm::EcdsaP256),
            generate(KeyAlgorithm::EcdsaP256)
        );
    }

    #[test]
    fn validity_is_capped_at_a_year() {
        let options = CertificateOptions {
            validity: Duration::MAX,
            ..CertificateOptions::default()
        };
        let certificate = Certificate::generate(options, NOW, &mut Rng::from_test_seed(1)).unwrap();
        assert_eq!(certificate.expires(), NOW + MAX_VALIDITY);
    }

    #[test]
    fn a_foreign_key_and_broken_input_are_refused() {
        let (a, b) = (
            generate(KeyAlgorithm::EcdsaP256),
            generate(KeyAlgorithm::EcdsaP256),
        );
        let mixed = Certificate::from_der(a.der(), &b.0.private_key);
        assert_eq!(mixed.unwrap_err(), CertificateError::KeyMismatch);
        assert!(matches!(
            Certificate::from_der(&[0x30, 0x03], &a.0.private_key),
            Err(CertificateError::Certificate(_))
        ));
        assert!(matches!(
            Certificate::from_der(a.der(), b"key"),
            Err(CertificateError::Key(_))
        ));
        assert_eq!(
            Certificate::from_pem("nothing").unwrap_err(),
            CertificateError::MissingBlock("CERTIFICATE")
        );
        let oversized = vec![0x30; MAX_OWN_CERTIFICATE_LEN + 1];
        assert!(Certificate::from_der(&oversized, &a.0.private_key).is_err());
    }

    #[test]
    fn debug_output_holds_no_private_key() {
        let certificate = generate(KeyAlgorithm::EcdsaP256);
        let text = format!("{certificate:?}");
        assert!(text.contains("sha256") && text.len() < 250, "{text}");
    }
}
