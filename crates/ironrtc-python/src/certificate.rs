//! Certificates.

use std::time::{SystemTime, UNIX_EPOCH};

use ironrtc_core::dtls::{Certificate as Core, CertificateOptions};
use ironrtc_core::rng::Rng;
use pyo3::exceptions::{PyOSError, PyValueError};
use pyo3::prelude::*;

/// A certificate and its private key.
#[pyclass(module = "ironrtc._ironrtc", frozen)]
pub(crate) struct Certificate(pub(crate) Core);

#[pymethods]
impl Certificate {
    /// Make a key and a certificate for it.
    #[staticmethod]
    fn generate(py: Python<'_>) -> PyResult<Self> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed).map_err(|e| PyOSError::new_err(e.to_string()))?;
        py.detach(|| {
            let now = SystemTime::now()
                .duration_since(UNIX_EPOCH)
                .unwrap_or_default();
            Core::generate(
                CertificateOptions::default(),
                now,
                &mut Rng::from_entropy(seed),
            )
        })
        .map(Self)
        .map_err(|e| PyValueError::new_err(e.to_string()))
    }

    /// Take a certificate and its private key (PKCS #8), both in DER.
    #[staticmethod]
    fn from_der(certificate: &[u8], private_key: &[u8]) -> PyResult<Self> {
        Core::from_der(certificate, private_key)
            .map(Self)
            .map_err(|e| PyValueError::new_err(e.to_string()))
    }

    /// The certificate and its private key as PEM text.
    fn to_pem(&self) -> String {
        self.0.to_pem()
    }

    /// When it expires, in seconds since 1970.
    #[getter]
    fn expires(&self) -> f64 {
        self.0.expires().as_secs_f64()
    }

    /// Its hashes: pairs of the algorithm and the value.
    fn fingerprints(&self) -> Vec<(String, String)> {
        self.0
            .fingerprints()
            .iter()
            .map(|fingerprint| {
                let text = fingerprint.to_string();
                let (algorithm, value) = text.split_once(' ').unwrap_or((&text, ""));
                (algorithm.to_owned(), value.to_owned())
            })
            .collect()
    }
}
