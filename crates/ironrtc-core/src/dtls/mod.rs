//! DTLS (RFC 6347, RFC 9147) and certificates.
//!
//! The handshake, alerts and key updates are dimpl's; [`Engine`] is the narrow door to it. What is
//! ours: which bytes reach it, the fingerprint check (RFC 8122, RFC 8827 section 5), that nothing
//! passes before it, and the protection of application records after it (`records`).

mod acks;
mod certificate;
mod clock;
mod engine;
mod event;
mod export;
mod fingerprint;
mod key_log;
mod keys;
mod library;
mod narrow;
mod record;
mod records;
mod replayed;
mod tap;

pub use certificate::{Certificate, CertificateError, CertificateOptions, KeyAlgorithm};
pub use engine::Engine;
pub use event::{DtlsError, DtlsState, Event, HandshakeError, Role, SealError};
pub use export::SrtpKeys;
pub use fingerprint::{Fingerprint, FingerprintError, HashAlgorithm};
