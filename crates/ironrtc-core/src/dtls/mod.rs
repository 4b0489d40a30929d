//! DTLS (RFC 6347, RFC 9147) and certificates.
//!
//! The handshake and the record layer are dimpl's; [`Engine`] is the narrow door to it, so that
//! another record layer can take its place. What is ours: which bytes reach it, the fingerprint
//! check (RFC 8122, RFC 8827 section 5), and that nothing passes before it.

mod certificate;
mod engine;
mod fingerprint;
mod record;

pub use certificate::{Certificate, CertificateError, CertificateOptions, KeyAlgorithm};
pub use engine::{DtlsError, DtlsState, Engine, Event, Role, SealError};
pub use fingerprint::{Fingerprint, FingerprintError, HashAlgorithm};
