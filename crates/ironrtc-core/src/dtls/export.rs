//! What DTLS exports for SRTP (RFC 5764).
//!
//! dimpl always offers AES-GCM of 256 and 128 bits and AES-CM with tags of 80, without an MKI. A
//! server of DTLS 1.2 takes the first of them that the client has, one of DTLS 1.3 the client's first;
//! the order cannot be set.

use std::fmt;

use dimpl::{KeyingMaterial, SrtpProfile};
use zeroize::Zeroizing;

use super::Role;

/// The longest material: two keys of 32 bytes and two salts of 12 (RFC 7714 section 12).
const MAX_LEN: usize = 2 * (32 + 12);

/// The keys of an association for SRTP, wiped when dropped and never printed.
pub struct SrtpKeys {
    profile: u16,
    role: Role,
    material: Zeroizing<[u8; MAX_LEN]>,
    len: usize,
}

impl SrtpKeys {
    /// None for a profile that we do not know, of which none is offered.
    pub(super) fn new(role: Role, profile: SrtpProfile, material: &KeyingMaterial) -> Option<Self> {
        let profile = match profile {
            SrtpProfile::AES128_CM_SHA1_80 => 0x0001,
            SrtpProfile::AEAD_AES_128_GCM => 0x0007,
            SrtpProfile::AEAD_AES_256_GCM => 0x0008,
            _ => return None,
        };
        let mut kept = Zeroizing::new([0; MAX_LEN]);
        kept.get_mut(..material.len())?.copy_from_slice(material);
        Some(Self {
            profile,
            role,
            material: kept,
            len: material.len(),
        })
    }

    /// The number of the protection profile that was agreed on (RFC 5764 section 4.1.2).
    pub const fn profile(&self) -> u16 {
        self.profile
    }

    /// Our role, which says whose the client's keys are.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// The client's key, the server's, the client's salt, the server's (RFC 5764 section 4.2).
    pub fn material(&self) -> &[u8] {
        self.material.get(..self.len).unwrap_or_default()
    }
}

impl fmt::Debug for SrtpKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SrtpKeys")
            .field("profile", &self.profile)
            .field("role", &self.role)
            .finish_non_exhaustive()
    }
}
