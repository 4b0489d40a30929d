//! Candidates in both directions, and names among the peer's.

use std::net::IpAddr;

use super::{Event, PeerConnection};
use crate::ice::{Candidate, CandidateAddress, GatheringState};
use crate::jsep::{CandidateInit, JsepError, RemoteCandidate};
use crate::time::Time;

impl PeerConnection {
    /// Takes in a candidate of the peer, or the end of them.
    pub fn add_ice_candidate(&mut self, now: Time, init: &CandidateInit) -> Result<(), JsepError> {
        match self.negotiator.add_ice_candidate(init)? {
            RemoteCandidate::Candidate(candidate) => self.add_remote_candidate(now, candidate),
            RemoteCandidate::EndOfCandidates => self.transport.end_of_remote_candidates(now),
            RemoteCandidate::Ignored => {}
        }
        Ok(())
    }

    /// The answer to [`Event::Resolve`].
    pub fn add_resolved_candidate(&mut self, now: Time, mut candidate: Candidate, address: IpAddr) {
        let asked = self
            .named
            .iter_mut()
            .find(|(named, waiting)| *waiting && *named == candidate);
        // The peer may have restarted ICE during the look-up.
        let Some((_, waiting)) = asked else { return };
        *waiting = false;
        candidate.address = CandidateAddress::Ip(address);
        self.add_remote_candidate(now, candidate);
    }

    /// A candidate that cannot be used (TCP, port 0, one too many) is left aside: webrtc-pc section
    /// 4.4.2 has no error for it.
    pub(super) fn add_remote_candidate(&mut self, now: Time, candidate: Candidate) {
        let CandidateAddress::Name(name) = &candidate.address else {
            let _ = self.transport.add_remote_candidate(now, candidate);
            return;
        };
        if self.named.iter().any(|(named, _)| *named == candidate) {
            return;
        }
        if let Err(error) = self.transport.look_up(name) {
            tracing::debug!(name, %error, "a candidate is not used");
            return;
        }
        self.named.push((candidate.clone(), true));
        self.events.push_back(Event::Resolve(candidate));
    }

    pub(super) fn on_local_candidate(&mut self, candidate: Candidate) {
        if self.gathering_shown {
            let init = self.negotiator.on_local_candidate(&candidate);
            self.events.push_back(Event::IceCandidate(Some(init)));
        }
    }

    /// webrtc-pc section 5.6: the state first, then the end of candidates.
    pub(super) fn on_gathering_state(&mut self, state: GatheringState) {
        let hidden = !self.gathering_shown && state != GatheringState::New;
        if hidden || self.states.gathering == state {
            return;
        }
        self.states.gathering = state;
        let complete = state == GatheringState::Complete;
        if complete {
            self.negotiator.on_gathering_complete();
        }
        self.events.push_back(Event::IceGatheringStateChange(state));
        if complete {
            self.events.push_back(Event::IceCandidate(None));
        }
    }
}
