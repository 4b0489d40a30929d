//! Descriptions: what applying one does to the transport, and in which order it is told.

use super::{Event, PeerConnection};
use crate::ice::GatheringState;
use crate::jsep::{
    Applied, JsepError, OfferOptions, SdpType, SessionDescription, SignalingState, Step,
};
use crate::observe::observe;
use crate::time::Time;
use crate::transport::IoRequest;

impl PeerConnection {
    /// Makes an offer.
    pub fn create_offer(
        &mut self,
        options: &OfferOptions,
    ) -> Result<SessionDescription, JsepError> {
        self.negotiator.create_offer(options)
    }

    /// Makes an answer.
    pub fn create_answer(&mut self) -> Result<SessionDescription, JsepError> {
        self.negotiator.create_answer()
    }

    /// Applies a local description; `None` makes the fitting one.
    pub fn set_local_description(
        &mut self,
        now: Time,
        description: Option<SessionDescription>,
    ) -> Result<(), JsepError> {
        self.on_transport_events();
        let applied = self.negotiator.set_local_description(description)?;
        self.tell_description(now, "local");
        self.on_applied(now, applied);
        Ok(())
    }

    /// Applies a remote description.
    pub fn set_remote_description(
        &mut self,
        now: Time,
        description: SessionDescription,
    ) -> Result<(), JsepError> {
        let glare = description.kind == SdpType::Offer
            && self.negotiator.signaling_state() == SignalingState::HaveLocalOffer;
        self.on_transport_events();
        let applied = self.negotiator.set_remote_description(description)?;
        self.tell_description(now, "remote");
        if glare {
            // webrtc-pc section 4.4.1.5: the implicit rollback passes through stable.
            let stable = SignalingState::Stable;
            self.events.push_back(Event::SignalingStateChange(stable));
        }
        self.on_applied(now, applied);
        Ok(())
    }

    fn tell_description(&self, now: Time, side: &'static str) {
        observe!(
            self.first.transport.observer(),
            now,
            Jsep,
            "description_set",
            side = side,
            signaling_state = self.negotiator.signaling_state().as_str(),
        );
    }

    /// The next offer restarts ICE.
    pub fn restart_ice(&mut self) {
        self.negotiator.restart_ice();
        self.update_negotiation_needed();
    }

    /// webrtc-pc section 4.4.1.5, "set a session description", from where the text was found good.
    fn on_applied(&mut self, now: Time, applied: Applied) {
        let state = self.negotiator.signaling_state();
        if applied.signaling_state_changed {
            self.events.push_back(Event::SignalingStateChange(state));
        }
        for (_, step) in applied.steps {
            self.carry_out(now, step);
            self.on_transport_events();
        }
        if state == SignalingState::Stable {
            self.negotiation_needed = false;
            self.update_negotiation_needed();
        }
    }

    fn carry_out(&mut self, now: Time, step: Step) {
        match step {
            Step::Start(plan) | Step::Update(plan) => {
                let before = self.first.remote_fragment();
                self.first.transport.apply(now, &plan);
                if before != self.first.remote_fragment() {
                    self.first.forget_names();
                }
            }
            Step::Gather => self.gather(now),
            Step::AddCandidates { candidates, end } => {
                for candidate in candidates {
                    self.add_remote_candidate(now, candidate);
                }
                if end {
                    self.first.transport.end_of_remote_candidates(now);
                }
            }
            Step::EndData => self.first.transport.reject_sctp(now),
            Step::Withdraw => {
                self.first.transport.withdraw(now);
                self.hide_transport();
            }
            Step::Reject(reason) => {
                self.first.transport.reject(now, &reason.to_string());
                self.hide_transport();
            }
        }
    }

    /// Starts gathering for a new generation, and shows what was gathered before it was asked for.
    fn gather(&mut self, now: Time) {
        let gathering = self.first.transport.ice().gathering_state();
        if gathering == GatheringState::New {
            self.first.gathering_shown = true;
            self.first.transport.set_relay_only(self.relay_only);
            self.first.transport.start_gathering(now);
            self.on_transport_events();
            self.events.push_back(Event::Io(IoRequest::Gather));
        } else if !self.first.gathering_shown {
            self.first.gathering_shown = true;
            self.on_gathering_state(GatheringState::Gathering);
            for candidate in self.first.transport.ice().local_candidates().to_vec() {
                self.on_local_candidate(candidate);
            }
            self.on_gathering_state(gathering);
        }
    }

    /// Without a transport every state of it is `new`; sockets and candidates stay for the next.
    fn hide_transport(&mut self) {
        self.on_transport_events();
        self.first.forget_names();
        self.first.gathering_shown = false;
        self.on_gathering_state(GatheringState::New);
        self.on_dtls_state(self.first.transport.dtls_state());
    }

    /// webrtc-pc section 4.7.3: asked for once, and only while nothing is being negotiated. After
    /// a return to `stable` it is looked at afresh.
    pub(super) fn update_negotiation_needed(&mut self) {
        if self.negotiator.signaling_state() != SignalingState::Stable {
            return;
        }
        let needed = self.negotiator.negotiation_needed();
        if needed && !self.negotiation_needed {
            self.events.push_back(Event::NegotiationNeeded);
        }
        self.negotiation_needed = needed;
    }

    /// Whether a `negotiationneeded` that waits is still true when its turn comes.
    pub(super) fn still_needs_negotiation(&self) -> bool {
        self.negotiation_needed && self.negotiator.signaling_state() == SignalingState::Stable
    }
}
