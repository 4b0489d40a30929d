//! From what the transport reports to the W3C's events.

use super::state::ice_state;
use super::{ConnectionState, Event, PeerConnection, TransportEvent};
use crate::dtls::DtlsState;
use crate::ice::{self, IceState};
use crate::jsep::SignalingState;
use crate::time::Time;
use crate::transport;

impl PeerConnection {
    /// The next event. Poll after every batch of input, and after
    /// [`poll_transmit`](Self::poll_transmit).
    pub fn poll_event(&mut self) -> Option<Event> {
        self.on_transport_events();
        while let Some(event) = self.events.pop_front() {
            // It was true when it was queued; an offer may have begun since.
            if event != Event::NegotiationNeeded || self.still_needs_negotiation() {
                return Some(event);
            }
        }
        self.first
            .transport
            .poll_channel_event()
            .map(Event::Channel)
    }

    /// Takes over what the transport has to report, channels aside, which wait for
    /// [`poll_event`](Self::poll_event). What the application does next comes after it, and may
    /// change what it means: which description a candidate belongs to, for one.
    pub(super) fn on_transport_events(&mut self) {
        while let Some(event) = self.first.transport.poll_state_event() {
            match event {
                transport::Event::Ice(event) => self.on_ice_event(event),
                transport::Event::DtlsStateChange(state) => self.on_dtls_state(state),
                transport::Event::SctpStateChange(state) => {
                    self.push(TransportEvent::SctpStateChange(state));
                }
                transport::Event::SrtpStateChange(state) => {
                    self.push(TransportEvent::SrtpStateChange(state));
                }
                transport::Event::Channel(event) => self.events.push_back(Event::Channel(event)),
            }
        }
    }

    fn on_ice_event(&mut self, event: ice::Event) {
        match event {
            ice::Event::StateChange(state) => self.on_ice_state(state),
            ice::Event::GatheringStateChange(state) => self.on_gathering_state(state),
            ice::Event::LocalCandidate(candidate) => self.on_local_candidate(candidate),
            ice::Event::CandidateError {
                address,
                url,
                error_code,
                error_text,
            } => self.events.push_back(Event::IceCandidateError {
                address,
                url,
                error_code,
                error_text,
            }),
            ice::Event::SelectedPairChange(route) => {
                self.push(TransportEvent::SelectedPairChange(route));
            }
        }
    }

    fn on_ice_state(&mut self, state: IceState) {
        self.first.ice = state;
        let state = if self.is_closed() {
            IceState::Closed
        } else {
            ice_state(self.carriers().map(|carrier| carrier.ice))
        };
        if self.states.ice != state {
            self.states.ice = state;
            self.events
                .push_back(Event::IceConnectionStateChange(state));
        }
        self.update_connection_state();
    }

    pub(super) fn on_dtls_state(&mut self, state: DtlsState) {
        if self.first.dtls != state {
            self.first.dtls = state;
            self.push(TransportEvent::DtlsStateChange(state));
            self.update_connection_state();
        }
    }

    fn push(&mut self, event: TransportEvent) {
        let id = self.first.id;
        self.events.push_back(Event::Transport(id, event));
    }

    fn is_closed(&self) -> bool {
        self.negotiator.signaling_state() == SignalingState::Closed
    }

    fn update_connection_state(&mut self) {
        let state = if self.is_closed() {
            ConnectionState::Closed
        } else {
            ConnectionState::of(self.carriers().map(|carrier| (carrier.ice, carrier.dtls)))
        };
        if self.states.connection != state {
            self.states.connection = state;
            self.events.push_back(Event::ConnectionStateChange(state));
        }
    }

    /// Ends everything. Goodbyes still wait in [`poll_transmit`](Self::poll_transmit).
    ///
    /// The events say `closed` of every part. The W3C's `close()` fires none of them, so a binding
    /// that follows it by the letter drops them.
    pub fn close(&mut self, now: Time) {
        if self.is_closed() {
            return;
        }
        self.on_transport_events();
        self.negotiator.close();
        self.negotiation_needed = false;
        let closed = SignalingState::Closed;
        self.events.push_back(Event::SignalingStateChange(closed));
        self.first.transport.close(now);
        self.on_transport_events();
        self.update_connection_state();
    }
}
