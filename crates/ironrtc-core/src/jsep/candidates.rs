//! Candidates on their way into and out of descriptions (RFC 8838, RFC 8840).

use super::media::{Description, MediaSection};
use super::{JsepError, Negotiator};
use crate::ice::Candidate;

/// A candidate as an application exchanges it (`RTCIceCandidateInit`).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CandidateInit {
    /// `candidate:…`, or empty for the end of candidates.
    pub candidate: String,
    /// The media section by its identification tag.
    pub sdp_mid: Option<String>,
    /// The media section by its place.
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

/// Most candidate lines kept in a description.
const MAX_LINES: usize = 256;

impl Negotiator {
    /// Takes in a candidate of the peer (webrtc-pc section 4.4.2).
    pub fn add_ice_candidate(
        &mut self,
        init: &CandidateInit,
    ) -> Result<RemoteCandidate, JsepError> {
        self.check_open()?;
        let end = init.candidate.is_empty();
        if !end && init.sdp_mid.is_none() && init.sdp_mline_index.is_none() {
            return Err(JsepError::CandidateWithoutSection);
        }
        if self.remote().is_none() {
            return Err(JsepError::CandidateTooEarly);
        }
        let mut candidate = None;
        if !end {
            let parsed: Candidate = init
                .candidate
                .parse()
                .map_err(|error| JsepError::Candidate(format!("{error}")))?;
            candidate = Some(parsed);
        }
        let fragment = init
            .username_fragment
            .clone()
            .or_else(|| candidate.as_ref().and_then(|c| c.username_fragment.clone()));
        let in_force = self.remote_fragment_in_force().map(str::to_owned);
        let mut section_found = false;
        let mut used_by = None;
        for description in [&mut self.pending_remote, &mut self.current_remote]
            .into_iter()
            .flatten()
        {
            let Some(index) = find_section(description, init) else {
                continue;
            };
            section_found = true;
            if let Some(found) = record(description, index, candidate.as_ref(), fragment.as_deref())
            {
                used_by = Some(found);
                break;
            }
        }
        if !section_found {
            let name = init
                .sdp_mid
                .clone()
                .or_else(|| init.sdp_mline_index.map(|index| index.to_string()));
            return Err(JsepError::UnknownSection(name.unwrap_or_default()));
        }
        let Some(used_by) = used_by else {
            return Err(JsepError::UnknownFragment(fragment.unwrap_or_default()));
        };
        if used_by.is_none() || used_by != in_force {
            return Ok(RemoteCandidate::Ignored);
        }
        Ok(candidate.map_or(RemoteCandidate::EndOfCandidates, RemoteCandidate::Candidate))
    }

    /// Takes in a candidate that was gathered here, and gives it as the application sends it.
    pub fn on_local_candidate(&mut self, candidate: &Candidate) -> CandidateInit {
        let line = candidate.to_string();
        // One gathered early, or before a rollback, may be told again.
        if self.gathered.len() < MAX_LINES && !self.gathered.contains(candidate) {
            self.gathered.push(candidate.clone());
        }
        let place = self.decorate_all();
        CandidateInit {
            candidate: line,
            sdp_mid: place.as_ref().map(|(mid, _)| mid.clone()),
            sdp_mline_index: place.and_then(|(_, index)| u16::try_from(index).ok()),
            username_fragment: self.gathered_for.clone(),
        }
    }

    /// Gathering is complete: the descriptions say so.
    pub fn on_gathering_complete(&mut self) {
        self.gathering_complete = true;
        self.decorate_all();
    }

    fn decorate_all(&mut self) -> Option<(String, usize)> {
        let mut place = None;
        let (mut pending, mut current) = (self.pending_local.take(), self.current_local.take());
        for description in [&mut current, &mut pending].into_iter().flatten() {
            self.decorate(description);
            let found = description.sections.iter().position(|section| section.data);
            place = found
                .map(|index| (description.sections[index].mid.clone(), index))
                .or(place);
        }
        (self.pending_local, self.current_local) = (pending, current);
        place
    }

    /// Writes the candidates gathered so far into a description of their generation.
    pub(super) fn decorate(&self, description: &mut Description) {
        let Some(index) = description.sections.iter().position(|section| section.data) else {
            return;
        };
        let ours = description
            .sections
            .get(index)
            .and_then(|s| s.credentials.as_ref());
        if ours.map(|credentials| &credentials.ufrag) != self.gathered_for.as_ref() {
            return;
        }
        let Some(media) = description.sdp.media.get_mut(index) else {
            return;
        };
        for candidate in &self.gathered {
            let value = candidate.to_string();
            if !media
                .section
                .lines
                .iter()
                .any(|line| line.kind == 'a' && line.value == value)
            {
                media.section.push('a', value);
            }
        }
        if self.gathering_complete && !media.section.has("end-of-candidates") {
            media.section.push('a', "end-of-candidates");
        }
    }
}

fn find_section(description: &Description, init: &CandidateInit) -> Option<usize> {
    match (&init.sdp_mid, init.sdp_mline_index) {
        (Some(mid), _) => description
            .sections
            .iter()
            .position(|section| &section.mid == mid),
        (None, Some(index)) => {
            Some(usize::from(index)).filter(|index| *index < description.sections.len())
        }
        // The end of candidates may be said for all sections at once.
        (None, None) => Some(0).filter(|_| !description.sections.is_empty()),
    }
}

/// Writes a candidate into the description if it is of its generation. `Some` holds the
/// generation's fragment, if the section has one.
fn record(
    description: &mut Description,
    index: usize,
    candidate: Option<&Candidate>,
    fragment: Option<&str>,
) -> Option<Option<String>> {
    let section: &mut MediaSection = description.sections.get_mut(index)?;
    let media = description.sdp.media.get_mut(index)?;
    let generation = section
        .credentials
        .as_ref()
        .map(|credentials| credentials.ufrag.clone());
    if fragment.is_some() && fragment != generation.as_deref() {
        return None;
    }
    match candidate {
        Some(candidate) if section.candidates.len() < MAX_LINES => {
            media.section.push('a', candidate.to_string());
            section.candidates.push(candidate.clone());
        }
        Some(_) => {}
        None => {
            section.end_of_candidates = true;
            if !media.section.has("end-of-candidates") {
                media.section.push('a', "end-of-candidates");
            }
        }
    }
    Some(generation.filter(|_| section.data))
}
