//! What a description says of a transport, whichever of the bundled sections says it.

use super::{Attributes, Setup};
use crate::dtls::Fingerprint;
use crate::ice::{Candidate, Credentials};
use crate::jsep::JsepError;
use crate::wire::sdp::{Sdp, SdpError};

/// Most candidates of a transport that are kept.
pub(in crate::jsep) const MAX_CANDIDATES: usize = 256;

/// ICE and DTLS of one transport. BUNDLE shares it whole (RFC 9143 section 7.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jsep) struct TransportAttributes {
    /// The places of the sections that use it, in the bundle's order. The first owns it.
    pub(in crate::jsep) members: Vec<usize>,
    /// The sections are a BUNDLE group, and not just one that stands alone.
    pub(in crate::jsep) bundled: bool,
    pub(in crate::jsep) credentials: Credentials,
    pub(in crate::jsep) fingerprints: Vec<Fingerprint>,
    pub(in crate::jsep) setup: Option<Setup>,
    pub(in crate::jsep) candidates: Vec<Candidate>,
    pub(in crate::jsep) end_of_candidates: bool,
}

impl TransportAttributes {
    /// Reads what the `members` of a bundle say, in this order; where they say nothing, the
    /// `others`, which do not use the transport, and then the session. The members are not empty.
    pub(in crate::jsep) fn read(
        sdp: &Sdp,
        members: Vec<usize>,
        others: &[usize],
        bundled: bool,
    ) -> Result<Self, JsepError> {
        let session = Attributes(&sdp.session);
        let sections: Vec<Attributes<'_>> = members
            .iter()
            .chain(others)
            .filter_map(|index| Some(Attributes(&sdp.media.get(*index)?.section)))
            .collect();
        let credentials = credentials(&sections, session)?;
        let credentials = credentials.ok_or(JsepError::MissingCredentials)?;
        // Browsers repeat the credentials in each section, others leave them to the first: both
        // say the same. Another fragment belongs to another transport, or to none.
        let of_transport = sections.iter().copied().filter(|section| {
            let ufrag = section.ice_ufrag();
            ufrag.is_none_or(|ufrag| ufrag == credentials.ufrag)
        });
        let candidates = of_transport
            .clone()
            .flat_map(Attributes::candidates)
            .filter(|candidate| {
                let ufrag = candidate.username_fragment.as_ref();
                ufrag.is_none_or(|ufrag| *ufrag == credentials.ufrag)
            })
            .take(MAX_CANDIDATES)
            .collect();
        let levels = || of_transport.clone().chain([session]);
        let fingerprints = first(levels(), |section| {
            let found = section.fingerprints()?;
            Ok(Some(found).filter(|found| !found.is_empty()))
        })?
        .ok_or(JsepError::MissingFingerprint)?;
        let setup = first(levels(), Attributes::setup)?;
        // RFC 8840 section 8.2: per section, or for all of them.
        let end_of_candidates = levels().any(|section| section.0.has("end-of-candidates"));
        Ok(Self {
            members,
            bundled,
            credentials,
            fingerprints,
            setup,
            candidates,
            end_of_candidates,
        })
    }
}

impl TransportAttributes {
    /// The place of the section that owns the transport.
    pub(in crate::jsep) fn tagged(&self) -> usize {
        self.members.first().copied().unwrap_or_default()
    }

    /// Whether both may stand for one certificate: they have a fingerprint in common.
    pub(in crate::jsep) fn shares_certificate(&self, other: &Self) -> bool {
        (self.fingerprints.iter()).any(|fingerprint| other.fingerprints.contains(fingerprint))
    }
}

/// The first section that has both; either may be left to the session (RFC 8839 section 5.4).
fn credentials(
    sections: &[Attributes<'_>],
    session: Attributes<'_>,
) -> Result<Option<Credentials>, SdpError> {
    let (ufrag, pwd) = (session.ice_ufrag(), session.ice_pwd());
    let found = sections
        .iter()
        .copied()
        .chain([session])
        .find_map(|section| {
            let own = (section.ice_ufrag(), section.ice_pwd());
            if own == (None, None) {
                return None;
            }
            Some((section, own.0.or(ufrag)?, own.1.or(pwd)?))
        });
    let Some((section, ufrag, pwd)) = found else {
        return Ok(None);
    };
    let line = (section.0.attribute("ice-ufrag"))
        .or_else(|| section.0.attribute("ice-pwd"))
        .map(|(line, _)| line);
    match (Credentials::from_peer(ufrag, pwd), line) {
        (Ok(credentials), _) => Ok(Some(credentials)),
        (Err(error), Some(line)) => Err(line.error(error.to_string())),
        (Err(_), None) => Ok(None),
    }
}

fn first<'a, T>(
    mut sections: impl Iterator<Item = Attributes<'a>>,
    read: impl Fn(Attributes<'a>) -> Result<Option<T>, SdpError>,
) -> Result<Option<T>, SdpError> {
    sections
        .find_map(|section| read(section).transpose())
        .transpose()
}
