//! From what the transport reports to the W3C's events.

use super::route::Routes;
use super::state::ice_state;
use super::{ConnectionState, Event, PeerConnection, TransportEvent};
use crate::dtls::DtlsState;
use crate::ice::{self, IceState};
use crate::jsep::SignalingState;
use crate::time::Time;
use crate::transport::{self, IoRequest, TransportId};

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
        if let Some(id) = self.carriers.take_gone() {
            return Some(Event::Io(id, IoRequest::Release));
        }
        let channels = &mut self.carriers.data_mut().transport;
        if let Some(event) = channels.poll_channel_event() {
            return Some(Event::Channel(event));
        }
        self.next_media_event()
    }

    /// Whether events wait that this side has caused itself.
    pub fn has_events(&self) -> bool {
        !self.events.is_empty()
    }

    /// Takes over what the transport has to report, channels and media aside, which wait for
    /// [`poll_event`](Self::poll_event). What the application does next comes after it, and may
    /// change what it means: which description a candidate belongs to, for one.
    pub(super) fn on_transport_events(&mut self) {
        while let Some((id, event)) = self.next_state_event() {
            match event {
                transport::Event::Ice(event) => self.on_ice_event(id, event),
                transport::Event::DtlsStateChange(state) => self.on_dtls_state(id, state),
                transport::Event::SctpStateChange(state) => {
                    self.push(id, TransportEvent::SctpStateChange(state));
                }
                transport::Event::SrtpStateChange(state) => {
                    self.push(id, TransportEvent::SrtpStateChange(state));
                }
                transport::Event::Channel(event) => self.events.push_back(Event::Channel(event)),
                transport::Event::Rtp(event) => self.push(id, TransportEvent::Rtp(event)),
            }
        }
    }

    fn next_state_event(&mut self) -> Option<(TransportId, transport::Event)> {
        self.carriers
            .iter_mut()
            .find_map(|carrier| Some((carrier.id, carrier.transport.poll_state_event()?)))
    }

    fn on_ice_event(&mut self, id: TransportId, event: ice::Event) {
        match event {
            ice::Event::StateChange(state) => self.on_ice_state(id, state),
            ice::Event::GatheringStateChange(state) => self.on_gathering_state(id, state),
            ice::Event::LocalCandidate(candidate) => self.on_local_candidate(id, &candidate),
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
                self.push(id, TransportEvent::SelectedPairChange(route));
            }
        }
    }

    pub(super) fn on_ice_state(&mut self, id: TransportId, state: IceState) {
        let carrier = self.carriers.get_mut(id);
        if let Some(carrier) = carrier.filter(|carrier| carrier.ice != state) {
            carrier.ice = state;
            self.push(id, TransportEvent::IceStateChange(state));
            self.update_ice_state();
            self.update_connection_state();
        }
    }

    pub(super) fn update_ice_state(&mut self) {
        let state = if self.is_closed() {
            IceState::Closed
        } else {
            ice_state(self.carriers.in_use().map(|carrier| carrier.ice))
        };
        if self.states.ice != state {
            self.states.ice = state;
            self.events
                .push_back(Event::IceConnectionStateChange(state));
        }
    }

    pub(super) fn on_dtls_state(&mut self, id: TransportId, state: DtlsState) {
        let carrier = self.carriers.get_mut(id);
        if let Some(carrier) = carrier.filter(|carrier| carrier.dtls != state) {
            carrier.dtls = state;
            self.push(id, TransportEvent::DtlsStateChange(state));
            self.update_connection_state();
        }
    }

    pub(super) fn push(&mut self, id: TransportId, event: TransportEvent) {
        self.events.push_back(Event::Transport(id, event));
    }

    fn is_closed(&self) -> bool {
        self.negotiator.signaling_state() == SignalingState::Closed
    }

    pub(super) fn update_connection_state(&mut self) {
        let state = if self.is_closed() {
            ConnectionState::Closed
        } else {
            let transports = self.carriers.in_use();
            ConnectionState::of(transports.map(|carrier| (carrier.ice, carrier.dtls)))
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
        self.routes = Routes::default();
        self.negotiation_needed = false;
        let closed = SignalingState::Closed;
        self.events.push_back(Event::SignalingStateChange(closed));
        for carrier in self.carriers.iter_mut() {
            carrier.transport.close(now);
        }
        self.on_transport_events();
        self.update_connection_state();
    }
}
