//! What the library has to say, after every call into it.

use std::time::Duration;

use dimpl::Output;

use super::Engine;
use crate::datagram::DropReason;
use crate::dtls::certificate::MAX_CERTIFICATE_LEN;
use crate::dtls::export::SrtpKeys;
use crate::dtls::{DtlsError, DtlsState, Fingerprint, HandshakeError};
use crate::work;

/// Least time between two calls into dimpl for its timers.
const MIN_WAIT: Duration = Duration::from_millis(5);
/// Datagrams that may wait to be sent: a flight and its retransmission.
const MAX_OUTGOING: usize = 32;
/// The buffer for dimpl's output once the handshake is done.
pub(super) const SCRATCH: usize = 2048;
/// The largest buffer a record can need: 2^14 bytes of plaintext and expansion.
pub(super) const MAX_SCRATCH: usize = (1 << 14) + 4096;

impl Engine {
    /// Collects all output, as dimpl wants after every call.
    pub(super) fn drain(&mut self, application: &mut dyn FnMut(&[u8])) {
        loop {
            work::add(1);
            match self.dtls.poll_output(&mut self.scratch) {
                Output::Packet(packet) if self.outgoing.len() < MAX_OUTGOING => {
                    let packet = self.records.outgoing(packet);
                    if !packet.is_empty() {
                        self.narrow.push(packet, &mut self.outgoing);
                    }
                }
                Output::BufferTooSmall { needed } if needed <= MAX_SCRATCH => {
                    self.scratch.resize(needed, 0);
                }
                Output::BufferTooSmall { .. } => {
                    let text = "a record is too large".to_owned();
                    self.fail(DtlsError::Handshake(HandshakeError::Library(text)));
                    return;
                }
                Output::PeerCert(der) => {
                    let verdict = check_certificate(der, &self.expected);
                    self.peer_certificate = Some(der.to_vec());
                    match verdict {
                        Ok(()) => self.trusted = true,
                        Err(error) => {
                            self.fail(error);
                            return;
                        }
                    }
                }
                Output::Connected if self.trusted => {
                    self.scratch = vec![0; SCRATCH];
                    self.set_state(DtlsState::Connected);
                }
                Output::Connected => {
                    self.fail(DtlsError::FingerprintMismatch);
                    return;
                }
                Output::KeyingMaterial(material, profile) if self.trusted => {
                    self.srtp_keys = SrtpKeys::new(self.role, profile, &material);
                }
                Output::ApplicationData(data) if self.trusted => application(data),
                Output::ApplicationData(_) => self.drops.add(DropReason::DtlsRecord),
                Output::CloseNotify => self.set_state(DtlsState::Closed),
                Output::Timeout(at) => {
                    // While a part of a plain message is missing, dimpl wants to acknowledge it at
                    // once, again and again, and has nothing to say.
                    self.deadline = Some(self.clock.time(at).max(self.now + MIN_WAIT));
                    return;
                }
                _ => {}
            }
        }
    }
}

/// RFC 8122 section 5.1 lets a peer list several fingerprints; one that matches is enough.
fn check_certificate(der: &[u8], expected: &[Fingerprint]) -> Result<(), DtlsError> {
    if der.len() > MAX_CERTIFICATE_LEN {
        return Err(DtlsError::CertificateTooLarge);
    }
    if expected.iter().any(|fingerprint| fingerprint.matches(der)) {
        Ok(())
    } else {
        Err(DtlsError::FingerprintMismatch)
    }
}
