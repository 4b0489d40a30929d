//! What a description says of a transport, whichever of the bundled sections says it.

use super::{Attributes, Setup};
use crate::dtls::Fingerprint;
use crate::ice::{Candidate, Credentials};
use crate::jsep::JsepError;
use crate::transport::TransportId;
use crate::wire::sdp::{Line, Sdp, SdpError, Section};

/// Most candidates of a transport that are kept.
pub(in crate::jsep) const MAX_CANDIDATES: usize = 256;

/// ICE and DTLS of one transport. BUNDLE shares it whole (RFC 9143 section 7.1.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::jsep) struct TransportAttributes {
    /// Which of the connection's transports it is, once the description is in force.
    pub(in crate::jsep) id: TransportId,
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
        session: &SessionLevel<'_>,
        members: Vec<usize>,
        others: &[usize],
        bundled: bool,
    ) -> Result<Self, JsepError> {
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
            ufrag.is_none_or(|ufrag| *credentials.ufrag() == ufrag)
        });
        let candidates = of_transport
            .clone()
            .flat_map(Attributes::candidates)
            .filter(|candidate| {
                let ufrag = candidate.username_fragment.as_ref();
                ufrag.is_none_or(|ufrag| *credentials.ufrag() == ufrag.as_str())
            })
            .take(MAX_CANDIDATES)
            .collect();
        let fingerprints = first(of_transport.clone(), |section| {
            let found = section.fingerprints()?;
            Ok(Some(found).filter(|found| !found.is_empty()))
        })?;
        let fingerprints = match fingerprints {
            Some(found) => found,
            None => session.fingerprints.clone()?,
        };
        if fingerprints.is_empty() {
            return Err(JsepError::MissingFingerprint);
        }
        let setup = match first(of_transport.clone(), Attributes::setup)? {
            None => session.setup.clone()?,
            said => said,
        };
        // RFC 8840 section 8.2: per section, or for all of them.
        let end_of_candidates = session.ended
            || of_transport
                .clone()
                .any(|section| section.0.has("end-of-candidates"));
        Ok(Self {
            id: TransportId::default(),
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

/// What the session says for the transports whose sections do not: it is read once for all.
#[derive(Clone, Debug)]
pub(in crate::jsep) struct SessionLevel<'a> {
    /// The username fragment and the password, each with its line.
    ufrag: Option<(&'a Line, &'a str)>,
    pwd: Option<(&'a Line, &'a str)>,
    fingerprints: Result<Vec<Fingerprint>, SdpError>,
    setup: Result<Option<Setup>, SdpError>,
    ended: bool,
}

impl<'a> SessionLevel<'a> {
    pub(in crate::jsep) fn read(session: &'a Section) -> Self {
        let attributes = Attributes(session);
        Self {
            ufrag: session.attribute("ice-ufrag"),
            pwd: session.attribute("ice-pwd"),
            fingerprints: attributes.fingerprints(),
            setup: attributes.setup(),
            ended: session.has("end-of-candidates"),
        }
    }
}

/// The first section that has both; either may be left to the session (RFC 8839 section 5.4).
fn credentials(
    sections: &[Attributes<'_>],
    session: &SessionLevel<'_>,
) -> Result<Option<Credentials>, SdpError> {
    let found = sections.iter().find_map(|section| {
        let own = (
            section.0.attribute("ice-ufrag"),
            section.0.attribute("ice-pwd"),
        );
        let said = own.0.is_some() || own.1.is_some();
        said.then_some((own.0.or(session.ufrag)?, own.1.or(session.pwd)?))
    });
    let Some(((line, ufrag), (_, pwd))) = found.or_else(|| session.ufrag.zip(session.pwd)) else {
        return Ok(None);
    };
    Credentials::from_peer(ufrag.trim(), pwd.trim())
        .map(Some)
        .map_err(|error| line.error(error.to_string()))
}

fn first<'a, T>(
    mut sections: impl Iterator<Item = Attributes<'a>>,
    read: impl Fn(Attributes<'a>) -> Result<Option<T>, SdpError>,
) -> Result<Option<T>, SdpError> {
    sections
        .find_map(|section| read(section).transpose())
        .transpose()
}
