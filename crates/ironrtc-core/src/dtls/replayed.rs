//! Handshakes that replay from a seed, for tests and the simulator.
//!
//! The crypto library makes keys and signatures of its own randomness, whatever the seed says, and an
//! ECDSA signature in DER has a length that varies. On a line of limited bandwidth a byte more shifts
//! all that follows. So a certificate made with a generator that replays signs anew until the
//! signature has the most frequent length, which half of them have, and gives dimpl a seed for what
//! is no key: hellos and the jitter of timers. The bytes differ from run to run; their lengths and
//! times do not.

use std::sync::{Arc, OnceLock};

use dimpl::crypto::SigningKey;
use dimpl::crypto::{Buf, CryptoProvider, HashAlgorithm, KeyProvider, SignatureAlgorithm};
use dimpl::{Config, CryptoError};

use super::library::config_builder;
use super::{DtlsError, tap};

/// What two sequences of two numbers take in DER beside the numbers' bytes, if one of the numbers
/// begins with a zero: the most frequent case.
const EVEN_EXCESS: usize = 7;
/// Bytes of a number in a signature over P-256 and P-384.
const NUMBERS: [usize; 2] = [32, 48];
/// Attempts of which each succeeds with a chance of a half.
const ATTEMPTS: usize = 64;
/// Making a configuration tests the crypto library, so there are few to choose from.
const VARIANTS: usize = 4;

/// Whether a signature has the most frequent length.
pub(super) fn is_even(len: usize) -> bool {
    NUMBERS.iter().any(|number| len == 2 * number + EVEN_EXCESS)
}

/// Makes something once, or if it is to replay until it is even.
pub(super) fn repeat<T, E>(
    replays: bool,
    mut make: impl FnMut() -> Result<(T, bool), E>,
) -> Result<T, E> {
    let (mut made, mut even) = make()?;
    for _ in 1..ATTEMPTS {
        if even || !replays {
            break;
        }
        (made, even) = make()?;
    }
    Ok(made)
}

/// The configuration of handshakes that follow from a seed.
pub(super) fn shared_config(seed: u64) -> Result<Arc<Config>, DtlsError> {
    static CONFIGS: [OnceLock<Result<Arc<Config>, String>>; VARIANTS] =
        [const { OnceLock::new() }; VARIANTS];
    let variant = seed % VARIANTS as u64;
    let slot = CONFIGS.get(variant as usize).unwrap_or(&CONFIGS[0]);
    let built = slot.get_or_init(|| {
        let builder = config_builder().with_crypto_provider(provider());
        let built = builder.dangerously_set_rng_seed(variant).build();
        built.map(Arc::new).map_err(|error| error.to_string())
    });
    built.clone().map_err(DtlsError::Setup)
}

fn provider() -> CryptoProvider {
    static KEYS: OnceLock<EvenKeys> = OnceLock::new();
    let mut provider = tap::provider();
    provider.key_provider = KEYS.get_or_init(|| EvenKeys(provider.key_provider));
    provider
}

/// Loads keys that sign in one length.
#[derive(Debug)]
struct EvenKeys(&'static dyn KeyProvider);

impl KeyProvider for EvenKeys {
    fn load_private_key(&self, key_der: &[u8]) -> Result<Box<dyn SigningKey>, CryptoError> {
        Ok(Box::new(EvenKey(self.0.load_private_key(key_der)?)))
    }
}

#[derive(Debug)]
struct EvenKey(Box<dyn SigningKey>);

impl SigningKey for EvenKey {
    fn sign(
        &mut self,
        data: &[u8],
        hash_alg: HashAlgorithm,
        out: &mut Buf,
    ) -> Result<(), CryptoError> {
        repeat(true, || {
            self.0.sign(data, hash_alg, out)?;
            Ok(((), is_even(out.len())))
        })
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.0.algorithm()
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        self.0.hash_algorithm()
    }

    fn supported_hash_algorithms(&self) -> &[HashAlgorithm] {
        self.0.supported_hash_algorithms()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::{Certificate, CertificateOptions, KeyAlgorithm};
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn a_certificate_from_a_test_seed_has_one_length_and_others_have_many() {
        for algorithm in [KeyAlgorithm::EcdsaP256, KeyAlgorithm::EcdsaP384] {
            let lengths = |make: fn() -> Rng| {
                let mut lengths: Vec<usize> = (0..40)
                    .map(|_| {
                        let options = CertificateOptions::default().algorithm(algorithm);
                        let now = Duration::from_secs(1_790_000_000);
                        let made = Certificate::generate(options, now, &mut make());
                        made.unwrap().der().len()
                    })
                    .collect();
                lengths.sort_unstable();
                lengths.dedup();
                lengths.len()
            };
            assert_eq!(lengths(|| Rng::from_test_seed(3)), 1, "{algorithm:?}");
            assert!(lengths(|| Rng::from_entropy([3; 32])) > 1, "{algorithm:?}");
        }
    }

    #[test]
    fn signatures_of_a_handshake_that_replays_have_one_length() {
        let options = CertificateOptions::default();
        let now = Duration::from_secs(1_790_000_000);
        let certificate = Certificate::generate(options, now, &mut Rng::from_test_seed(1)).unwrap();
        assert!(certificate.replays().is_some());
        let key_der = certificate.to_dimpl().private_key;
        let mut key = provider().key_provider.load_private_key(&key_der).unwrap();
        for index in 0..40_u8 {
            let mut signature = Buf::new();
            let hash = key.hash_algorithm();
            key.sign(&[index], hash, &mut signature).unwrap();
            assert_eq!(signature.len(), 71);
        }
    }
}
