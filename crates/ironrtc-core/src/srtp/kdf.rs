//! Session keys from master keys (RFC 3711 section 4.3, RFC 6188 section 3).

use aws_lc_rs::cipher::{
    AES_128, AES_256, DecryptingKey, DecryptionContext, OperatingMode, UnboundCipherKey,
};
use aws_lc_rs::iv::FixedLength;

use super::{KeyError, MasterKey};

/// What a derived key is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Label {
    RtpKey = 0,
    RtpTag = 1,
    RtpSalt = 2,
    RtcpKey = 3,
    RtcpTag = 4,
    RtcpSalt = 5,
}

/// AES in counter mode. What it encrypts and what it decrypts is the same.
pub(super) fn counter_mode(key: &[u8]) -> Result<DecryptingKey, KeyError> {
    let algorithm = match key.len() {
        16 => &AES_128,
        32 => &AES_256,
        _ => return Err(KeyError::Length),
    };
    let key = UnboundCipherKey::new(algorithm, key).map_err(|_| KeyError::Library)?;
    let key = DecryptingKey::ctr(key).map_err(|_| KeyError::Library)?;
    debug_assert_eq!(key.mode(), OperatingMode::CTR);
    Ok(key)
}

/// Adds the key stream that begins with the block `iv` to `bytes`.
pub(super) fn apply(key: &DecryptingKey, iv: [u8; 16], bytes: &mut [u8]) -> Option<()> {
    let context = DecryptionContext::Iv128(FixedLength::from(iv));
    key.decrypt(bytes, context).ok().map(|_| ())
}

/// Fills `out` with the key for a use. Keys are derived once: the rate of derivation is 0 (RFC 5764
/// section 4.1.2).
pub(super) fn derive(master: &MasterKey, label: Label, out: &mut [u8]) -> Result<(), KeyError> {
    let mut iv = [0; 16];
    for (place, byte) in iv.iter_mut().zip(master.salt()) {
        *place = *byte;
    }
    // RFC 3711 section 4.3.1: the label stands left of an index of 48 bits, which is 0.
    iv[7] ^= label as u8;
    out.fill(0);
    apply(&counter_mode(master.key())?, iv, out).ok_or(KeyError::Library)
}
