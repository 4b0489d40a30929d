//! Candidates in both directions, and names among the peer's.

use super::state::gathering_state;
use super::{Event, PeerConnection};
use crate::ice::{Candidate, CandidateAddress, GatheringState};
use crate::jsep::{CandidateInit, JsepError, RemoteCandidate};
use crate::time::Time;
use crate::transport::IoRequest;

impl PeerConnection {
    /// Takes in a candidate of the peer, or the end of them.
    pub fn add_ice_candidate(&mut self, now: Time, init: &CandidateInit) -> Result<(), JsepError> {
        match self.negotiator.add_ice_candidate(init)? {
            RemoteCandidate::Candidate(candidate) => self.add_remote_candidate(now, candidate),
            RemoteCandidate::EndOfCandidates => self.first.transport.end_of_remote_candidates(now),
            RemoteCandidate::Ignored => {}
        }
        Ok(())
    }

    /// A candidate that cannot be used (TCP, port 0, one too many) is left aside: webrtc-pc section
    /// 4.4.2 has no error for it.
    pub(super) fn add_remote_candidate(&mut self, now: Time, candidate: Candidate) {
        if matches!(candidate.address, CandidateAddress::Ip(_)) {
            let _ = self.first.transport.add_remote_candidate(now, candidate);
        } else if self.first.asks_for(&candidate) {
            self.events
                .push_back(Event::Io(IoRequest::Resolve(candidate)));
        }
    }

    pub(super) fn on_local_candidate(&mut self, candidate: Candidate) {
        if self.first.gathering_shown {
            let init = self.negotiator.on_local_candidate(&candidate);
            self.events.push_back(Event::IceCandidate(Some(init)));
        }
    }

    /// webrtc-pc section 5.6: the state first, then the end of candidates.
    pub(super) fn on_gathering_state(&mut self, state: GatheringState) {
        let hidden = !self.first.gathering_shown && state != GatheringState::New;
        if hidden {
            return;
        }
        self.first.gathering = state;
        let state = gathering_state(self.carriers().map(|carrier| carrier.gathering));
        if self.states.gathering == state {
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
