//! Typed readings of the attributes that offer and answer use.
//!
//! Liberal in, strict out: here, and only here, an attribute's value is read, and generously. Case,
//! surrounding space, characters beyond the grammar and values that can be left aside do no harm;
//! an error is what leaves no sensible meaning. What is printed (`jsep::write`) is made anew
//! from the typed values, to the letter of the grammar.

use std::collections::BTreeMap;

use crate::dtls::{Fingerprint, FingerprintError};
use crate::ice::Candidate;
use crate::ids::{Mid, MidError};
use crate::wire::sdp::{SdpError, Section};

/// Most fingerprint lines that are looked at in a section.
const MAX_FINGERPRINTS: usize = 16;

/// `a=setup` (RFC 4145, RFC 8842).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Setup {
    /// Opens the handshake.
    Active,
    /// Waits for it.
    Passive,
    /// Either, as the answerer likes.
    ActPass,
}

impl Setup {
    /// The attribute's value.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Passive => "passive",
            Self::ActPass => "actpass",
        }
    }
}

/// `a=group` (RFC 5888).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// Such as `BUNDLE`.
    pub semantics: String,
    /// The identification tags.
    pub mids: Vec<String>,
}

/// The attributes of a session or of a section.
#[derive(Clone, Copy, Debug)]
pub struct Attributes<'a>(
    /// Their lines.
    pub &'a Section,
);

impl<'a> Attributes<'a> {
    /// The groups of a session.
    pub fn groups(self) -> Vec<Group> {
        self.0
            .attributes("group")
            .filter_map(|(_, value)| {
                let mut words = value.split_ascii_whitespace().map(str::to_owned);
                Some(Group {
                    semantics: words.next()?,
                    mids: words.collect(),
                })
            })
            .collect()
    }

    /// The BUNDLE groups (RFC 9143), as indices of the sections that `places` knows by their tags.
    /// A section is in one group only (section 7.1); the first counts.
    pub(super) fn bundles(self, places: &BTreeMap<&str, usize>) -> Vec<Vec<usize>> {
        let mut taken = vec![false; places.len()];
        let mut groups = Vec::new();
        for (_, value) in self.0.attributes("group") {
            let mut words = value.split_ascii_whitespace();
            if words.next() != Some("BUNDLE") {
                continue;
            }
            let mut group = Vec::new();
            for index in words.filter_map(|tag| places.get(tag).copied()) {
                if let Some(taken) = taken.get_mut(index).filter(|taken| !**taken) {
                    *taken = true;
                    group.push(index);
                }
            }
            if !group.is_empty() {
                groups.push(group);
            }
        }
        groups
    }

    /// `a=mid` (RFC 5888 section 4).
    pub fn mid(self) -> Result<Option<Mid>, SdpError> {
        let Some((line, mid)) = self.0.attribute("mid") else {
            return Ok(None);
        };
        mid.parse()
            .map(Some)
            .map_err(|error: MidError| line.error(error.to_string()))
    }

    /// Whether `a=ice-options` names the option (RFC 8839 section 5.6).
    pub(super) fn has_ice_option(self, option: &str) -> bool {
        self.0.attributes("ice-options").any(|(_, options)| {
            let mut options = options.split_ascii_whitespace();
            options.any(|found| found == option)
        })
    }

    /// `a=ice-ufrag` (RFC 8839 section 5.4).
    pub fn ice_ufrag(self) -> Option<&'a str> {
        self.0.attribute("ice-ufrag").map(|(_, value)| value.trim())
    }

    /// `a=ice-pwd` (RFC 8839 section 5.4).
    pub fn ice_pwd(self) -> Option<&'a str> {
        self.0.attribute("ice-pwd").map(|(_, value)| value.trim())
    }

    /// `a=fingerprint`: all that are usable. Unknown or weak hash functions are passed over (RFC
    /// 8122 section 5), malformed values too as long as one is usable.
    pub fn fingerprints(self) -> Result<Vec<Fingerprint>, SdpError> {
        let mut found = Vec::new();
        let mut malformed = None;
        for (line, value) in self.0.attributes("fingerprint").take(MAX_FINGERPRINTS) {
            match value.parse() {
                Ok(fingerprint) => found.push(fingerprint),
                Err(FingerprintError::Algorithm(_)) => {}
                Err(error) => malformed = malformed.or(Some((line, error))),
            }
        }
        match malformed {
            Some((line, error)) if found.is_empty() => Err(line.error(error.to_string())),
            _ => Ok(found),
        }
    }

    /// `a=setup`, in any case as browsers take it.
    pub fn setup(self) -> Result<Option<Setup>, SdpError> {
        let Some((line, value)) = self.0.attribute("setup") else {
            return Ok(None);
        };
        [Setup::Active, Setup::Passive, Setup::ActPass]
            .into_iter()
            .find(|setup| setup.name().eq_ignore_ascii_case(value.trim()))
            .map(Some)
            .ok_or_else(|| line.error("setup is active, passive or actpass"))
    }

    /// `a=sctp-port` (RFC 8841 section 5), or the port of the older `a=sctpmap`.
    pub fn sctp_port(self) -> Result<Option<u16>, SdpError> {
        let found = (self.0)
            .attribute("sctp-port")
            .or_else(|| self.0.attribute("sctpmap"));
        let Some((line, value)) = found else {
            return Ok(None);
        };
        let port = value.split_ascii_whitespace().next().unwrap_or_default();
        port.parse()
            .map(Some)
            .map_err(|_| line.error("the SCTP port is a number up to 65535"))
    }

    /// `a=max-message-size` (RFC 8841 section 6).
    pub fn max_message_size(self) -> Result<Option<u64>, SdpError> {
        let Some((line, value)) = self.0.attribute("max-message-size") else {
            return Ok(None);
        };
        let value = value.trim();
        if value.is_empty() || !value.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(line.error("max-message-size is a number of bytes"));
        }
        // Only a number that is too large can fail now.
        Ok(Some(value.parse().unwrap_or(u64::MAX)))
    }

    /// `a=candidate` lines that can be read. Others are passed over (RFC 8839 section 5.1 lets
    /// transports and types be extended).
    pub fn candidates(self) -> impl Iterator<Item = Candidate> + 'a {
        self.0
            .attributes("candidate")
            .filter_map(|(line, _)| line.value.parse().ok())
    }
}

#[cfg(test)]
mod tests;
