//! Candidates in both directions, and names among the peer's.

use super::state::gathering_state;
use super::{Event, PeerConnection, TransportEvent};
use crate::ice::{Candidate, CandidateAddress, GatheringState};
use crate::jsep::{CandidateInit, JsepError, RemoteCandidate};
use crate::time::Time;
use crate::transport::{IoRequest, TransportId};

impl PeerConnection {
    /// Takes in a candidate of the peer, or the end of them.
    pub fn add_ice_candidate(&mut self, now: Time, init: &CandidateInit) -> Result<(), JsepError> {
        match self.negotiator.add_ice_candidate(init)? {
            RemoteCandidate::Candidate(id, candidate) => {
                self.add_remote_candidate(now, id, candidate);
            }
            RemoteCandidate::EndOfCandidates(ids) => {
                for id in ids {
                    if let Some(carrier) = self.carriers.get_mut(id) {
                        carrier.transport.end_of_remote_candidates(now);
                    }
                }
            }
            RemoteCandidate::Ignored => {}
        }
        Ok(())
    }

    /// A candidate that cannot be used (TCP, port 0, one too many) is left aside: webrtc-pc section
    /// 4.4.2 has no error for it.
    pub(super) fn add_remote_candidate(
        &mut self,
        now: Time,
        id: TransportId,
        candidate: Candidate,
    ) {
        let Some(carrier) = self.carriers.get_mut(id) else {
            return;
        };
        if matches!(candidate.address, CandidateAddress::Ip(_)) {
            let _ = carrier.transport.add_remote_candidate(now, candidate);
        } else if carrier.asks_for(&candidate) {
            self.events
                .push_back(Event::Io(id, IoRequest::Resolve(candidate)));
        }
    }

    pub(super) fn on_local_candidate(&mut self, id: TransportId, candidate: &Candidate) {
        let carrier = self.carriers.get(id);
        if carrier.is_some_and(|carrier| carrier.gathering_shown) {
            let init = self.negotiator.on_local_candidate(id, candidate);
            self.events.push_back(Event::IceCandidate(Some(init)));
        }
    }

    /// webrtc-pc section 5.6: the state first, then the end of candidates.
    pub(super) fn on_gathering_state(&mut self, id: TransportId, state: GatheringState) {
        let Some(carrier) = self.carriers.get_mut(id) else {
            return;
        };
        if !carrier.gathering_shown && state != GatheringState::New {
            return;
        }
        if std::mem::replace(&mut carrier.gathering, state) != state {
            self.push(id, TransportEvent::IceGatheringStateChange(state));
        }
        if state == GatheringState::Complete {
            self.negotiator.on_gathering_complete(id);
        }
        self.update_gathering_state();
    }

    pub(super) fn update_gathering_state(&mut self) {
        let state = gathering_state(self.carriers.in_use().map(|carrier| carrier.gathering));
        if self.states.gathering == state {
            return;
        }
        self.states.gathering = state;
        let complete = state == GatheringState::Complete;
        self.events.push_back(Event::IceGatheringStateChange(state));
        if complete {
            self.events.push_back(Event::IceCandidate(None));
        }
    }
}
