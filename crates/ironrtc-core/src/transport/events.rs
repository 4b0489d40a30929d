//! The timers, what is reported, and how one layer's progress moves the next.
//!
//! Input (`handle_*`) only changes the layer that it is for. What that makes possible in others is
//! done once for all input of a batch, when events or datagrams are polled or timers run.

use super::{Event, Security, Transport};
use crate::dtls::{self, DtlsState};
use crate::ice;
use crate::sctp;
use crate::time::{Deadline, Time};

impl Transport {
    /// When [`handle_timeout`](Self::handle_timeout) wants to be called; see what there is to send
    /// then as well. It is due at once while consequences of input are still to be drawn, since
    /// those may begin what has timers.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.next_deadline().map(|deadline| deadline.at)
    }

    /// The same, and what for.
    pub fn next_deadline(&self) -> Option<Deadline> {
        if self.closed {
            return None;
        }
        if self.news {
            return Some(Deadline {
                at: self.clock,
                reason: "input",
            });
        }
        let dtls = self.dtls().and_then(dtls::Engine::next_deadline);
        let running = self.sctp_started && self.dtls_state() == DtlsState::Connected;
        let sctp = self.association.as_ref().filter(|_| running);
        [
            self.ice.next_deadline(),
            dtls,
            sctp.and_then(sctp::Association::next_deadline),
            self.media_deadline(),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Runs the timers that are due.
    pub fn handle_timeout(&mut self, now: Time) {
        if self.closed {
            return;
        }
        self.tell_timeout(now);
        self.ice.handle_timeout(now);
        if let Security::Begun(engine) = &mut self.security {
            engine.handle_timeout(now);
        }
        if let Some(association) = self.association.as_mut().filter(|_| self.sctp_started) {
            association.handle_timeout(now);
        }
        if let Some(session) = self.rtp_mut() {
            session.handle_timeout(now);
        }
        self.progress(now);
    }

    /// Input came, whose consequences are still to be drawn.
    pub(super) fn has_news(&mut self, now: Time) {
        self.clock = self.clock.max(now);
        self.news = true;
    }

    /// The next event. States come before channels, and those
    /// before media. Poll after every batch of input, and after
    /// [`poll_transmit`](Self::poll_transmit).
    ///
    /// The events of channels are bounded: while many wait, channels that the peer makes stay
    /// unread in SCTP, whose window closes.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.poll_state_event()
            .or_else(|| self.poll_channel_event().map(Event::Channel))
            .or_else(|| self.poll_media_event().map(Event::Rtp))
    }

    /// The next event that is not about a channel.
    pub(crate) fn poll_state_event(&mut self) -> Option<Event> {
        self.draw_consequences();
        self.events.pop_front()
    }

    /// The next event about a channel.
    pub(crate) fn poll_channel_event(&mut self) -> Option<crate::channel::Event> {
        self.draw_consequences();
        let event = self.channels.poll_event()?;
        (self.channels).tell(&self.config.observer, self.clock, &event);
        if let Some(association) = &mut self.association {
            self.channels.resume(self.clock, association);
        }
        Some(event)
    }

    /// Progress after input, if there was any.
    pub(super) fn draw_consequences(&mut self) {
        if self.news {
            self.progress(self.clock);
        }
    }

    /// Passes on what each layer has to say, lowest first.
    pub(super) fn progress(&mut self, now: Time) {
        self.clock = self.clock.max(now);
        self.news = false;
        while let Some(event) = self.ice.poll_event() {
            event.tell(&self.config.observer, now);
            if matches!(event, ice::Event::SelectedPairChange(_)) {
                self.counters.selected_pair_changes += 1;
                // What was found out about the old path's MTU says nothing about the new one's.
                self.tell_path();
            }
            self.events.push_back(Event::Ice(event));
        }
        self.make_association();
        self.start_dtls(now);
        self.release_held(now);
        // What SCTP took in before DTLS ended came before it.
        self.on_sctp_events(now);
        self.on_dtls_events(now);
        self.key_media();
        self.tell_srtp(now);
        self.start_sctp(now);
        self.on_sctp_events(now);
        self.tell_figures(now);
    }

    pub(super) fn on_dtls_events(&mut self, now: Time) {
        loop {
            let Security::Begun(engine) = &mut self.security else {
                return;
            };
            let Some(dtls::Event::StateChange(state)) = engine.poll_event() else {
                return;
            };
            let failure = engine.failure().map(ToString::to_string);
            self.push_dtls_state(now, state);
            if matches!(state, DtlsState::Failed | DtlsState::Closed) {
                self.end_sctp(now, failure.as_deref());
            }
        }
    }

    pub(super) fn push_dtls_state(&mut self, now: Time, state: DtlsState) {
        self.tell_dtls(now, state);
        self.dtls_told = state;
        self.events.push_back(Event::DtlsStateChange(state));
    }

    /// RFC 8831 section 6.2 has both sides open the association; neither waits for the other.
    fn start_sctp(&mut self, now: Time) {
        if self.sctp_started || self.dtls_state() != DtlsState::Connected {
            return;
        }
        if let Some(association) = &mut self.association {
            self.sctp_started = true;
            association.connect(now);
        }
    }

    /// Ends the association and the channels; what is written of it until then is an abort.
    pub(super) fn end_sctp(&mut self, now: Time, error: Option<&str>) {
        // What came before the end can still be read.
        self.on_sctp_events(now);
        self.sctp_started = true;
        self.channels.shut(self.association.as_ref(), error);
        if let Some(association) = &mut self.association {
            association.abort(error.unwrap_or("the application closed the transport"));
        }
        self.on_sctp_events(now);
    }

    pub(super) fn on_sctp_events(&mut self, now: Time) {
        while let Some(association) = &mut self.association
            && let Some(event) = association.poll_event()
        {
            if let sctp::Event::StateChange(state) = event {
                self.events.push_back(Event::SctpStateChange(state));
            }
            self.channels.handle_sctp_event(now, association, &event);
            event.tell(&self.config.observer, now);
        }
    }
}
