//! Our candidates, as descriptions show them.

use super::read::{Description, MAX_CANDIDATES};
use crate::ice::{Candidate, Ufrag};
use crate::transport::TransportId;

/// The candidates of one generation.
#[derive(Clone, Debug, Default)]
pub(super) struct Gathered {
    /// The generation's username fragment.
    fragment: Option<Ufrag>,
    candidates: Vec<Candidate>,
    complete: bool,
}

impl Gathered {
    /// Notes which credentials are gathered for; true if they are new.
    pub(super) fn begin(&mut self, fragment: &Ufrag) -> bool {
        let new = self.fragment.as_ref() != Some(fragment);
        if new {
            *self = Self {
                fragment: Some(fragment.clone()),
                ..Self::default()
            };
        }
        new
    }

    pub(super) const fn fragment(&self) -> Option<&Ufrag> {
        self.fragment.as_ref()
    }

    pub(super) fn add(&mut self, candidate: &Candidate) {
        // One gathered early, or before a rollback, may be told again.
        if self.candidates.len() < MAX_CANDIDATES && !self.candidates.contains(candidate) {
            self.candidates.push(candidate.clone());
        }
    }

    pub(super) const fn end(&mut self) {
        self.complete = true;
    }

    /// Writes the candidates gathered so far into a description of their generation: into the
    /// section that owns the transport (RFC 9143 section 7.1.3).
    pub(super) fn write_into(&self, description: &mut Description, id: TransportId) {
        let Some(transport) = description.transport(id) else {
            return;
        };
        if Some(transport.credentials.ufrag()) != self.fragment() {
            return;
        }
        let tagged = transport.tagged();
        let Some(media) = description.sdp.media.get_mut(tagged) else {
            return;
        };
        let section = &mut media.section;
        let is_said = |value: &str| section.attribute_line(value);
        let mut new: Vec<String> = self.candidates.iter().map(ToString::to_string).collect();
        if self.complete {
            new.push("end-of-candidates".to_owned());
        }
        new.retain(|value| !is_said(value));
        // The transport's attributes stay last, `a=setup` at the very end: tests of other stacks
        // look for it there.
        let place = section.position("ice-ufrag");
        section.insert_attributes(place, new);
    }
}
