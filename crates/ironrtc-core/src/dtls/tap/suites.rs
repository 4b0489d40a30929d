//! dimpl's suites with ciphers of ours. What they do beside that is dimpl's own.

use std::sync::OnceLock;

use aws_lc_rs::aead;
use aws_lc_rs::aead::quic::{self, HeaderProtectionKey};
use dimpl::CryptoError;
use dimpl::crypto::{
    Cipher, CryptoProvider, Dtls12CipherSuite, Dtls13CipherSuite, HashAlgorithm,
    SupportedDtls12CipherSuite, SupportedDtls13CipherSuite,
};

use super::{Scheme, TappedCipher, trace};
use crate::dtls::key_log::AudibleHmac;

#[derive(Debug)]
struct Suite12 {
    inner: &'static dyn SupportedDtls12CipherSuite,
    name: &'static str,
    scheme: Scheme,
    algorithm: &'static aead::Algorithm,
}

impl SupportedDtls12CipherSuite for Suite12 {
    fn suite(&self) -> Dtls12CipherSuite {
        self.inner.suite()
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        self.inner.hash_algorithm()
    }

    fn key_lengths(&self) -> (usize, usize, usize) {
        self.inner.key_lengths()
    }

    fn explicit_nonce_len(&self) -> usize {
        self.inner.explicit_nonce_len()
    }

    fn tag_len(&self) -> usize {
        self.inner.tag_len()
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        TappedCipher::create(self.scheme, self.name, self.algorithm, key)
    }
}

#[derive(Debug)]
struct Suite13 {
    inner: &'static dyn SupportedDtls13CipherSuite,
    name: &'static str,
    algorithm: &'static aead::Algorithm,
    number_algorithm: &'static quic::Algorithm,
}

impl SupportedDtls13CipherSuite for Suite13 {
    fn suite(&self) -> Dtls13CipherSuite {
        self.inner.suite()
    }

    fn hash_algorithm(&self) -> HashAlgorithm {
        self.inner.hash_algorithm()
    }

    fn key_len(&self) -> usize {
        self.inner.key_len()
    }

    fn iv_len(&self) -> usize {
        self.inner.iv_len()
    }

    fn tag_len(&self) -> usize {
        self.inner.tag_len()
    }

    fn create_cipher(&self, key: &[u8]) -> Result<Box<dyn Cipher>, CryptoError> {
        TappedCipher::create(Scheme::Dtls13, self.name, self.algorithm, key)
    }

    fn encrypt_sn(&self, sn_key: &[u8], sample: &[u8; 16]) -> [u8; 16] {
        let key = || HeaderProtectionKey::new(self.number_algorithm, sn_key).ok();
        match trace(|trace| trace.sealed.take()) {
            Some((of, tap)) if of == *sample => {
                if tap.is_taken() {
                    return [0; 16];
                }
                if tap.number_key.get().is_none()
                    && let Some(key) = key()
                {
                    let _ = tap.number_key.set(key);
                }
            }
            _ => trace(|trace| trace.masked = key().map(|key| (*sample, key))),
        }
        self.inner.encrypt_sn(sn_key, sample)
    }
}

/// The default provider with tapped suites. Suites that we do not know stay as they are, and so
/// does the way of records under them.
pub(in crate::dtls) fn provider() -> CryptoProvider {
    static PROVIDER: OnceLock<CryptoProvider> = OnceLock::new();
    let provider = PROVIDER.get_or_init(|| {
        let mut provider = dimpl::crypto::aws_lc_rs::default_provider();
        let suites = provider.cipher_suites.iter().copied().map(tapped12);
        provider.cipher_suites = Vec::leak(suites.collect());
        let suites = provider.dtls13_cipher_suites.iter().copied().map(tapped13);
        provider.dtls13_cipher_suites = Vec::leak(suites.collect());
        provider.hmac_provider = Box::leak(Box::new(AudibleHmac(provider.hmac_provider)));
        provider
    });
    provider.clone()
}

fn tapped12(
    inner: &'static dyn SupportedDtls12CipherSuite,
) -> &'static dyn SupportedDtls12CipherSuite {
    let (name, scheme, algorithm) = match inner.suite() {
        Dtls12CipherSuite::ECDHE_ECDSA_AES128_GCM_SHA256 => {
            let name = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256";
            (name, Scheme::Dtls12Gcm, &aead::AES_128_GCM)
        }
        Dtls12CipherSuite::ECDHE_ECDSA_AES256_GCM_SHA384 => {
            let name = "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384";
            (name, Scheme::Dtls12Gcm, &aead::AES_256_GCM)
        }
        Dtls12CipherSuite::ECDHE_ECDSA_CHACHA20_POLY1305_SHA256 => {
            let name = "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256";
            (name, Scheme::Dtls12ChaCha, &aead::CHACHA20_POLY1305)
        }
        _ => return inner,
    };
    Box::leak(Box::new(Suite12 {
        inner,
        name,
        scheme,
        algorithm,
    }))
}

fn tapped13(
    inner: &'static dyn SupportedDtls13CipherSuite,
) -> &'static dyn SupportedDtls13CipherSuite {
    let (name, algorithm, number_algorithm) = match inner.suite() {
        Dtls13CipherSuite::AES_128_GCM_SHA256 => {
            ("TLS_AES_128_GCM_SHA256", &aead::AES_128_GCM, &quic::AES_128)
        }
        Dtls13CipherSuite::AES_256_GCM_SHA384 => {
            ("TLS_AES_256_GCM_SHA384", &aead::AES_256_GCM, &quic::AES_256)
        }
        Dtls13CipherSuite::CHACHA20_POLY1305_SHA256 => {
            let name = "TLS_CHACHA20_POLY1305_SHA256";
            (name, &aead::CHACHA20_POLY1305, &quic::CHACHA20)
        }
        _ => return inner,
    };
    Box::leak(Box::new(Suite13 {
        inner,
        name,
        algorithm,
        number_algorithm,
    }))
}
