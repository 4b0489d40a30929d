//! Descriptions: what applying one does to the transports, and in which order it is told.

use super::{Event, PeerConnection, TransportEvent};
use crate::dtls::DtlsState;
use crate::ice::{GatheringState, IceState};
use crate::jsep::{
    Applied, JsepError, OfferOptions, SdpType, SessionDescription, SignalingState, Step,
};
use crate::observe::observe;
use crate::time::Time;
use crate::transport::{IoRequest, TransportId};

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
            self.transport().observer(),
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
        let tracks = applied.tracks.into_iter().map(Event::Track);
        self.events.extend(tracks);
        for (id, step) in &applied.steps {
            // What ends counts for no state any more, before any is derived: else each step of
            // one description would show states that nothing is in.
            match step {
                Step::Start(_) => self.carriers.start(*id),
                Step::Withdraw | Step::Reject(_) => self.carriers.leave_out(*id),
                _ => {}
            }
        }
        // Channels go along before anything begins, or ends, on a transport.
        if let Some(id) = self.negotiator.data_transport() {
            let before = self.carriers.data().dtls;
            self.carriers.move_data(now, id);
            self.on_transport_events();
            let state = self.carriers.data().dtls;
            if state != before {
                self.push(id, TransportEvent::DtlsStateChange(state));
            }
        }
        for (id, step) in applied.steps {
            self.carry_out(now, id, step);
            self.on_transport_events();
        }
        if state == SignalingState::Stable {
            self.negotiation_needed = false;
            self.update_negotiation_needed();
        }
    }

    fn carry_out(&mut self, now: Time, id: TransportId, step: Step) {
        let Some(carrier) = self.carriers.get_mut(id) else {
            return;
        };
        match step {
            Step::Start(plan) | Step::Update(plan) => {
                let before = carrier.remote_fragment();
                carrier.transport.apply(now, &plan);
                if before != carrier.remote_fragment() {
                    carrier.forget_names();
                }
                self.route_media(id, plan.rtp.as_ref());
            }
            Step::Gather => self.gather(now, id),
            Step::AddCandidates { candidates, end } => {
                for candidate in candidates {
                    self.add_remote_candidate(now, id, candidate);
                }
                if end && let Some(carrier) = self.carriers.get_mut(id) {
                    carrier.transport.end_of_remote_candidates(now);
                }
            }
            Step::EndData => carrier.transport.reject_sctp(now, None),
            Step::Withdraw => self.end_transport(now, id, None),
            Step::Reject(reason) => self.end_transport(now, id, Some(&reason.to_string())),
        }
    }

    /// Starts gathering for a new generation, and shows what was gathered before it was asked for.
    fn gather(&mut self, now: Time, id: TransportId) {
        let relay_only = self.relay_only;
        let Some(carrier) = self.carriers.get_mut(id) else {
            return;
        };
        let gathering = carrier.transport.ice().gathering_state();
        let shown = std::mem::replace(&mut carrier.gathering_shown, true);
        if gathering == GatheringState::New {
            carrier.transport.set_relay_only(relay_only);
            carrier.transport.start_gathering(now);
            self.on_transport_events();
            self.events.push_back(Event::Io(id, IoRequest::Gather));
        } else if !shown {
            let candidates = carrier.transport.ice().local_candidates().to_vec();
            self.on_gathering_state(id, GatheringState::Gathering);
            for candidate in &candidates {
                self.on_local_candidate(id, candidate);
            }
            self.on_gathering_state(id, gathering);
        }
    }

    /// Nothing uses a transport any more, as its offer was taken back, or for this `reason`. The last
    /// one stays with its sockets and candidates for the next that is negotiated, and until then every
    /// state of it is `new`; another is closed.
    fn end_transport(&mut self, now: Time, id: TransportId, reason: Option<&str>) {
        self.route_media(id, None);
        if self.carriers.end(now, id, reason) {
            self.on_transport_events();
            // Where there is more to tell: one that had failed is closed as well.
            self.on_ice_state(id, IceState::Closed);
            self.on_dtls_state(id, DtlsState::Closed);
            self.carriers.let_go(id);
        } else if let Some(carrier) = self.carriers.get_mut(id) {
            match reason {
                Some(reason) => carrier.transport.reject(now, reason),
                None => carrier.transport.withdraw(now),
            }
            self.on_transport_events();
        }
        if let Some(carrier) = self.carriers.get_mut(id) {
            carrier.forget_names();
            carrier.gathering_shown = false;
            carrier.gathering = GatheringState::New;
            let state = carrier.transport.dtls_state();
            self.on_dtls_state(id, state);
        }
        self.update_gathering_state();
        self.update_ice_state();
        self.update_connection_state();
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
