//! Candidates on their way into and out of descriptions (RFC 8838, RFC 8840).

use super::read::{Description, MAX_CANDIDATES};
use super::{JsepError, Mid, Negotiator};
use crate::ice::Candidate;

/// A candidate as an application exchanges it (`RTCIceCandidateInit`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(
    feature = "serde",
    derive(serde::Serialize, serde::Deserialize),
    serde(default, rename_all = "camelCase")
)]
pub struct CandidateInit {
    /// `candidate:…`, or empty for the end of candidates.
    pub candidate: String,
    /// The media section by its identification tag.
    pub sdp_mid: Option<String>,
    /// The media section by its place.
    #[cfg_attr(feature = "serde", serde(rename = "sdpMLineIndex"))]
    pub sdp_mline_index: Option<u16>,
    /// The generation.
    pub username_fragment: Option<String>,
}

/// What a candidate of the peer means for the transport.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteCandidate {
    /// Use it.
    Candidate(Candidate),
    /// No more will come.
    EndOfCandidates,
    /// Nothing for now: it belongs to a generation that is not in force, or to a section in which
    /// nothing happens. It is in the description, and comes with it.
    Ignored,
}

impl Negotiator {
    /// Takes in a candidate of the peer (webrtc-pc section 4.4.2).
    pub fn add_ice_candidate(
        &mut self,
        init: &CandidateInit,
    ) -> Result<RemoteCandidate, JsepError> {
        self.check_open()?;
        let end = init.candidate.trim().is_empty();
        if self.remote().is_none() {
            // webrtc-pc section 4.4.2 looks at the place first.
            return Err(if end || Place::of(init) != Place::Anywhere {
                JsepError::CandidateTooEarly
            } else {
                JsepError::CandidateWithoutSection
            });
        }
        let candidate: Option<Candidate> = match end {
            true => None,
            false => Some(init.candidate.parse().map_err(JsepError::Candidate)?),
        };
        let named = |text: &Option<String>| text.clone().filter(|fragment| !fragment.is_empty());
        let fragment = named(&init.username_fragment)
            .or_else(|| named(&candidate.as_ref()?.username_fragment));
        let place = Place::of(init);
        // A fragment says all that is needed; without it and without a place nothing is said.
        if !end && place == Place::Anywhere && fragment.is_none() {
            return Err(JsepError::CandidateWithoutSection);
        }
        let in_force = self.remote_fragment_in_force().map(str::to_owned);
        let mut section_found = false;
        let current = self.agreed.as_mut().map(|agreed| &mut agreed.remote);
        for description in [self.exchange.remote_mut(), current].into_iter().flatten() {
            let Some(index) = place.find(description) else {
                continue;
            };
            section_found = true;
            match record(description, index, candidate.as_ref(), fragment.as_deref()) {
                Recorded::Elsewhere => {}
                Recorded::Unused => return Ok(RemoteCandidate::Ignored),
                Recorded::Of(generation) if Some(&generation) == in_force.as_ref() => {
                    return Ok(
                        candidate.map_or(RemoteCandidate::EndOfCandidates, |candidate| {
                            RemoteCandidate::Candidate(candidate)
                        }),
                    );
                }
                Recorded::Of(_) => return Ok(RemoteCandidate::Ignored),
            }
        }
        if !section_found {
            let index = || init.sdp_mline_index.map(|index| index.to_string());
            let name = init.sdp_mid.clone().filter(|mid| !mid.is_empty());
            return Err(JsepError::UnknownSection(
                name.or_else(index).unwrap_or_default(),
            ));
        }
        Err(JsepError::UnknownFragment(fragment.unwrap_or_default()))
    }

    /// Takes in a candidate that was gathered here, and gives it as the application sends it.
    pub fn on_local_candidate(&mut self, candidate: &Candidate) -> CandidateInit {
        let line = candidate.to_string();
        self.gathered.add(candidate);
        let place = self.decorate_all();
        CandidateInit {
            candidate: line,
            sdp_mid: place.as_ref().map(|(mid, _)| mid.to_string()),
            sdp_mline_index: place.and_then(|(_, index)| u16::try_from(index).ok()),
            username_fragment: self.gathered.fragment().map(str::to_owned),
        }
    }

    /// Gathering is complete: the descriptions say so.
    pub fn on_gathering_complete(&mut self) {
        self.gathered.end();
        self.decorate_all();
    }

    fn decorate_all(&mut self) -> Option<(Mid, usize)> {
        let mut place = None;
        let current = self.agreed.as_mut().map(|agreed| &mut agreed.local);
        for description in [current, self.exchange.local_mut()].into_iter().flatten() {
            self.gathered.write_into(description);
            let index = description.transport.as_ref().map(|t| t.tagged());
            place = index
                .and_then(|index| Some((description.sections.get(index)?.mid.clone(), index)))
                .or(place);
        }
        place
    }
}

/// Which section a candidate is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place<'a> {
    Tag(&'a str),
    Index(usize),
    /// The fragment decides; the end of candidates may be said for all sections at once.
    Anywhere,
}

impl<'a> Place<'a> {
    /// The tag counts before the place. An empty one is no name: Pion and browsers leave it so
    /// where they have none.
    fn of(init: &'a CandidateInit) -> Self {
        match (init.sdp_mid.as_deref(), init.sdp_mline_index) {
            (Some(mid), _) if !mid.is_empty() => Self::Tag(mid),
            (_, Some(index)) => Self::Index(usize::from(index)),
            _ => Self::Anywhere,
        }
    }

    fn find(self, description: &Description) -> Option<usize> {
        match self {
            Self::Tag(mid) => description
                .sections
                .iter()
                .position(|section| section.mid == *mid),
            Self::Index(index) => Some(index),
            Self::Anywhere => Some(description.transport.as_ref().map_or(0, |t| t.tagged())),
        }
        .filter(|index| *index < description.sections.len())
    }
}

/// Where a candidate went.
enum Recorded {
    /// To the transport in use, of this generation.
    Of(String),
    /// To a section that uses no transport of ours.
    Unused,
    /// Nowhere: the description knows no such generation.
    Elsewhere,
}

/// Writes a candidate into the section at `index` of the description if it is of its generation.
/// The username fragment says whose it is (RFC 8839 section 5.4), whichever of the bundled
/// sections it comes under (RFC 9143 section 7.1.3); without one the section does.
fn record(
    description: &mut Description,
    index: usize,
    candidate: Option<&Candidate>,
    fragment: Option<&str>,
) -> Recorded {
    let Some(section) = description.sections.get_mut(index) else {
        return Recorded::Elsewhere;
    };
    let known = |fragment: &str| {
        let found = description
            .fragments
            .binary_search_by(|known| known.as_str().cmp(fragment));
        found.is_ok()
    };
    if fragment.is_some_and(|fragment| !known(fragment)) {
        return Recorded::Elsewhere;
    }
    let transport = description
        .transport
        .as_mut()
        .filter(|transport| fragment.map_or(section.used, |f| f == transport.credentials.ufrag));
    let Some(media) = description.sdp.media.get_mut(index) else {
        return Recorded::Elsewhere;
    };
    match candidate {
        Some(candidate) if description.added < MAX_CANDIDATES => {
            description.added += 1;
            media.section.push('a', candidate.to_string());
        }
        None if !std::mem::replace(&mut section.ended, true) => {
            media.section.push('a', "end-of-candidates");
        }
        _ => {}
    }
    let Some(transport) = transport else {
        return Recorded::Unused;
    };
    match candidate {
        Some(candidate) if transport.candidates.len() < MAX_CANDIDATES => {
            transport.candidates.push(candidate.clone());
        }
        Some(_) => {}
        None => transport.end_of_candidates = true,
    }
    Recorded::Of(transport.credentials.ufrag.clone())
}
