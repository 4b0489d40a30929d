//! Master keys and the split of what DTLS exports.

use std::fmt;

use zeroize::Zeroizing;

use super::{KeyError, Profile};

/// The master key and salt of one direction. Wiped when dropped, and never printed.
pub struct MasterKey {
    profile: Profile,
    key: Zeroizing<[u8; 32]>,
    salt: Zeroizing<[u8; 14]>,
}

impl MasterKey {
    /// A key of a profile.
    pub fn new(profile: Profile, key: &[u8], salt: &[u8]) -> Result<Self, KeyError> {
        if key.len() != profile.key_len() || salt.len() != profile.salt_len() {
            return Err(KeyError::Length);
        }
        let mut made = Self {
            profile,
            key: Zeroizing::default(),
            salt: Zeroizing::default(),
        };
        fill(made.key.as_mut(), key);
        // RFC 7714 section 11: a short salt is padded with zeros behind it.
        fill(made.salt.as_mut(), salt);
        Ok(made)
    }

    /// The keys of DTLS's client and of its server, from what DTLS exported (RFC 5764 section 4.2).
    pub fn from_exported(profile: Profile, material: &[u8]) -> Result<(Self, Self), KeyError> {
        let (key, salt) = (profile.key_len(), profile.salt_len());
        let (client_key, rest) = material.split_at_checked(key).ok_or(KeyError::Length)?;
        let (server_key, rest) = rest.split_at_checked(key).ok_or(KeyError::Length)?;
        let (client_salt, server_salt) = rest.split_at_checked(salt).ok_or(KeyError::Length)?;
        Ok((
            Self::new(profile, client_key, client_salt)?,
            Self::new(profile, server_key, server_salt)?,
        ))
    }

    /// The profile.
    pub const fn profile(&self) -> Profile {
        self.profile
    }

    pub(super) fn key(&self) -> &[u8] {
        self.key.get(..self.profile.key_len()).unwrap_or_default()
    }

    pub(super) fn salt(&self) -> &[u8; 14] {
        &self.salt
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MasterKey")
            .field("profile", &self.profile)
            .finish_non_exhaustive()
    }
}

fn fill(room: &mut [u8], bytes: &[u8]) {
    for (place, byte) in room.iter_mut().zip(bytes) {
        *place = *byte;
    }
}
