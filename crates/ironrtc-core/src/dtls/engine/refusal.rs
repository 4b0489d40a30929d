//! Alerts in a handshake: what the peer's may mean, and what ours say.

use std::time::Duration;

use crate::dtls::DtlsError;
use crate::time::Time;

/// The level of a fatal alert, and two descriptions (RFC 5246 section 7.2).
pub(super) const FATAL: u8 = 2;
pub(super) const HANDSHAKE_FAILURE: u8 = 40;
const BAD_CERTIFICATE: u8 = 42;
/// How long after a fatal alert that anybody on the path can have sent (RFC 6347 section 4.1.2.7
/// and RFC 9147 section 4.5.2 have us distrust such) the handshake waits for a sign that it goes on.
pub(super) const ALERT_GRACE: Duration = Duration::from_secs(3);

/// The peer may have refused: with which alert, and when that is believed.
#[derive(Debug, Default)]
pub(super) struct Refusal(Option<(u8, Time)>);

impl Refusal {
    /// A fatal alert has come that nothing protects. The first one counts.
    pub(super) fn note(&mut self, description: u8, now: Time) {
        self.0.get_or_insert((description, now + ALERT_GRACE));
    }

    /// The handshake goes on, or is over.
    pub(super) fn withdraw(&mut self) {
        self.0 = None;
    }

    /// When it is believed.
    pub(super) fn at(&self) -> Option<Time> {
        self.0.map(|(_, at)| at)
    }

    /// The alert, if it is believed by now.
    pub(super) fn believed(&self, now: Time) -> Option<u8> {
        let (description, at) = self.0?;
        (at <= now).then_some(description)
    }
}

/// The alert that tells the peer why (RFC 8446 section 6.2).
pub(super) fn alert_for(error: &DtlsError) -> u8 {
    match error {
        DtlsError::FingerprintMismatch | DtlsError::CertificateTooLarge => BAD_CERTIFICATE,
        _ => HANDSHAKE_FAILURE,
    }
}
