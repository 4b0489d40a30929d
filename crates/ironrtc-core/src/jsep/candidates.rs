//! Candidates on their way into and out of descriptions (RFC 8838, RFC 8840).

use super::read::{Description, MAX_CANDIDATES, TransportAttributes};
use super::{JsepError, Negotiator};
use crate::ice::Candidate;
use crate::transport::TransportId;

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

/// What a candidate of the peer means for the transports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RemoteCandidate {
    /// The transport is to use it.
    Candidate(TransportId, Candidate),
    /// No more will come for these transports.
    EndOfCandidates(Vec<TransportId>),
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
        if end && place == Place::Anywhere && fragment.is_none() {
            return Ok(self.end_all_remote_candidates());
        }
        let mut section_found = false;
        let mut found = None;
        let current = self.agreed.as_mut().map(|agreed| &mut agreed.remote);
        for description in [self.exchange.remote_mut(), current].into_iter().flatten() {
            // webrtc-pc section 4.4.2: a section that is named has to be there.
            let index = match (place, fragment.as_deref()) {
                (Place::Anywhere, Some(fragment)) => description.place_of(fragment),
                _ => place.find(description),
            };
            let Some(index) = index else { continue };
            section_found = true;
            match record(description, index, candidate.as_ref(), fragment.as_deref()) {
                Recorded::Elsewhere => {}
                Recorded::Unused => return Ok(RemoteCandidate::Ignored),
                Recorded::Of(generation) => {
                    found = Some((generation, index));
                    break;
                }
            }
        }
        if let Some((generation, index)) = found {
            return Ok(self.in_force_of(&generation, index, candidate));
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

    /// The peer says of all its sections at once that no more candidates will come.
    fn end_all_remote_candidates(&mut self) -> RemoteCandidate {
        let current = self.agreed.as_mut().map(|agreed| &mut agreed.remote);
        let Some(description) = self.exchange.remote_mut().or(current) else {
            return RemoteCandidate::Ignored;
        };
        let places: Vec<usize> = (description.transports.iter())
            .map(TransportAttributes::tagged)
            .collect();
        let mut ended = Vec::new();
        for index in places {
            if let Recorded::Of(generation) = record(description, index, None, None) {
                ended.push((generation, index));
            }
        }
        let ids: Vec<TransportId> = (ended.into_iter())
            .filter_map(|(generation, index)| self.remote_in_force(&generation, index))
            .collect();
        match ids.is_empty() {
            true => RemoteCandidate::Ignored,
            false => RemoteCandidate::EndOfCandidates(ids),
        }
    }

    fn in_force_of(
        &self,
        generation: &str,
        index: usize,
        candidate: Option<Candidate>,
    ) -> RemoteCandidate {
        match (self.remote_in_force(generation, index), candidate) {
            (Some(id), Some(candidate)) => RemoteCandidate::Candidate(id, candidate),
            (Some(id), None) => RemoteCandidate::EndOfCandidates(vec![id]),
            (None, _) => RemoteCandidate::Ignored,
        }
    }

    /// The transport that uses the peer's generation of this username fragment: that of the
    /// section, where several have the same one.
    fn remote_in_force(&self, generation: &str, index: usize) -> Option<TransportId> {
        let (_, remote) = self.in_force();
        let transports = || {
            let transports = remote.into_iter().flat_map(|remote| &remote.transports);
            transports.filter(|transport| transport.credentials.ufrag() == generation)
        };
        let found = transports().find(|transport| transport.members.contains(&index));
        found.or_else(|| transports().next()).map(|found| found.id)
    }

    /// Takes in a candidate that was gathered here for a transport, and gives it as the application
    /// sends it: under the section that owns the transport (RFC 9143 section 7.1.3).
    pub fn on_local_candidate(&mut self, id: TransportId, candidate: &Candidate) -> CandidateInit {
        if let Some(state) = self.transports.get_mut(id) {
            state.gathered.add(candidate);
        }
        self.write_gathered();
        let tagged = |description: &Description| Some(description.transport(id)?.tagged());
        let known = [self.exchange.local(), self.current_local()];
        let place = (known.into_iter().flatten())
            .find_map(|known| Some((known, tagged(known)?)))
            .and_then(|(known, index)| Some((known.sections.get(index)?.mid.to_string(), index)));
        let gathered = self.transports.get(id).map(|state| &state.gathered);
        CandidateInit {
            candidate: candidate.to_string(),
            sdp_mid: place.as_ref().map(|(mid, _)| mid.clone()),
            sdp_mline_index: place.and_then(|(_, index)| u16::try_from(index).ok()),
            username_fragment: gathered
                .and_then(|gathered| gathered.fragment())
                .map(ToString::to_string),
        }
    }

    /// Gathering for a transport is complete: the descriptions say so.
    pub fn on_gathering_complete(&mut self, id: TransportId) {
        if let Some(state) = self.transports.get_mut(id) {
            state.gathered.end();
        }
        self.write_gathered();
    }

    /// Writes what was gathered into our descriptions.
    pub(super) fn write_gathered(&mut self) {
        let current = self.agreed.as_mut().map(|agreed| &mut agreed.local);
        for description in [current, self.exchange.local_mut()].into_iter().flatten() {
            for (id, state) in self.transports.iter_mut() {
                state.gathered.write_into(description, id);
            }
        }
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
            Self::Anywhere => None,
        }
        .filter(|index| *index < description.sections.len())
    }
}

/// Where a candidate went.
enum Recorded {
    /// To a transport of the description, of this generation.
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
    let known = |fragment: &str| {
        let found = description
            .fragments
            .binary_search_by(|known| known.as_str().cmp(fragment));
        found.is_ok()
    };
    if fragment.is_some_and(|fragment| !known(fragment)) {
        return Recorded::Elsewhere;
    }
    let transport = match fragment {
        None => description.transport_place(index),
        Some(fragment) => description.transport_of_fragment(fragment, index),
    };
    let (Some(section), Some(media)) = (
        description.sections.get_mut(index),
        description.sdp.media.get_mut(index),
    ) else {
        return Recorded::Elsewhere;
    };
    let transport = transport.and_then(|place| description.transports.get_mut(place));
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
    Recorded::Of(transport.credentials.ufrag().to_string())
}
