//! Typed readings of the attributes that offer and answer use.

use crate::dtls::{Fingerprint, FingerprintError};
use crate::ice::{Candidate, Credentials};
use crate::wire::sdp::{SdpError, Section};

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

impl Section {
    /// The groups of a session.
    pub fn groups(&self) -> Vec<Group> {
        self.attributes("group")
            .filter_map(|(_, value)| {
                let mut words = value.split_ascii_whitespace().map(str::to_owned);
                Some(Group {
                    semantics: words.next()?,
                    mids: words.collect(),
                })
            })
            .collect()
    }

    /// `a=mid` (RFC 5888 section 4).
    pub fn mid(&self) -> Result<Option<&str>, SdpError> {
        let Some((line, mid)) = self.attribute("mid") else {
            return Ok(None);
        };
        if mid.is_empty() || mid.contains(char::is_whitespace) {
            return Err(line.error("a mid is one word"));
        }
        Ok(Some(mid))
    }

    /// `a=ice-ufrag` and `a=ice-pwd` (RFC 8839 section 5.4), if both are here.
    pub fn ice_credentials(&self) -> Result<Option<Credentials>, SdpError> {
        match (self.attribute("ice-ufrag"), self.attribute("ice-pwd")) {
            (Some((line, ufrag)), Some((_, pwd))) => Credentials::new(ufrag, pwd)
                .map(Some)
                .map_err(|error| line.error(error.to_string())),
            (None, None) => Ok(None),
            (Some((line, _)), None) => Err(line.error("ice-ufrag comes without ice-pwd")),
            (None, Some((line, _))) => Err(line.error("ice-pwd comes without ice-ufrag")),
        }
    }

    /// `a=fingerprint`: all that are usable. Unknown or weak hash functions are passed over (RFC
    /// 8122 section 5); a malformed value is an error.
    pub fn fingerprints(&self) -> Result<Vec<Fingerprint>, SdpError> {
        let mut found = Vec::new();
        for (line, value) in self.attributes("fingerprint").take(16) {
            match value.parse() {
                Ok(fingerprint) => found.push(fingerprint),
                Err(FingerprintError::Algorithm(_)) => {}
                Err(error) => return Err(line.error(error.to_string())),
            }
        }
        Ok(found)
    }

    /// `a=setup`.
    pub fn setup(&self) -> Result<Option<Setup>, SdpError> {
        let Some((line, value)) = self.attribute("setup") else {
            return Ok(None);
        };
        match value {
            "active" => Ok(Some(Setup::Active)),
            "passive" => Ok(Some(Setup::Passive)),
            "actpass" => Ok(Some(Setup::ActPass)),
            _ => Err(line.error("setup is active, passive or actpass")),
        }
    }

    /// `a=sctp-port` (RFC 8841 section 5), or the port of the older `a=sctpmap`.
    pub fn sctp_port(&self) -> Result<Option<u16>, SdpError> {
        let found = self
            .attribute("sctp-port")
            .or_else(|| self.attribute("sctpmap"));
        let Some((line, value)) = found else {
            return Ok(None);
        };
        let port = value.split_ascii_whitespace().next().unwrap_or_default();
        port.parse()
            .map(Some)
            .map_err(|_| line.error("the SCTP port is a number up to 65535"))
    }

    /// `a=max-message-size` (RFC 8841 section 6).
    pub fn max_message_size(&self) -> Result<Option<u64>, SdpError> {
        let Some((line, value)) = self.attribute("max-message-size") else {
            return Ok(None);
        };
        let size = value.trim().parse();
        size.map(Some)
            .map_err(|_| line.error("max-message-size is a number of bytes"))
    }

    /// `a=candidate` lines that can be read. Others are passed over (RFC 8839 section 5.1 lets
    /// transports and types be extended).
    pub fn candidates(&self) -> Vec<Candidate> {
        self.attributes("candidate")
            .filter_map(|(line, _)| line.value.parse().ok())
            .collect()
    }
}

#[cfg(test)]
mod tests;
