//! What an observer is told of the layers' progress.

use std::time::Duration;

use super::Transport;
use crate::channel;
use crate::datagram::{DropCounters, DropReason};
use crate::dtls::{self, DtlsState};
use crate::ice::{self, AddCandidateError, Candidate};
use crate::observe::{Category, Value, observe};
use crate::sctp::{self, SctpStats};
use crate::time::Time;

/// Least time between two events with SCTP's figures.
const FIGURES_EVERY: Duration = Duration::from_millis(100);

/// SCTP's figures as they were told last, and when.
#[derive(Debug, Default)]
pub(super) struct Told {
    figures: Option<(Time, SctpStats)>,
}

/// A channel's `label` is what an application wrote, so logs hide it.
fn private(text: &str) -> Value<'_> {
    Value::Private(text)
}

impl Transport {
    pub(super) fn tell_ice(&self, now: Time, event: &ice::Event) {
        let observer = &self.config.observer;
        match event {
            ice::Event::StateChange(state) => {
                observe!(observer, now, Ice, "state_change", to = state.as_str());
            }
            ice::Event::GatheringStateChange(state) => {
                observe!(
                    observer,
                    now,
                    Ice,
                    "gathering_state_change",
                    to = state.as_str()
                );
            }
            ice::Event::LocalCandidate(candidate) => {
                let text = candidate.to_string();
                observe!(
                    observer,
                    now,
                    Ice,
                    "local_candidate",
                    candidate = private(&text)
                );
            }
            ice::Event::CandidateError {
                error_code,
                error_text,
                ..
            } => {
                let (code, reason) = (*error_code, error_text);
                observe!(
                    observer,
                    now,
                    Ice,
                    "candidate_error",
                    code = code,
                    reason = reason
                );
            }
            ice::Event::SelectedPairChange(route) => {
                observe!(
                    observer,
                    now,
                    Ice,
                    "selected_pair_change",
                    local = route.local(),
                    remote = route.remote(),
                );
            }
        }
    }

    pub(super) fn tell_remote_candidate(&self, now: Time, candidate: &Candidate) {
        let observer = &self.config.observer;
        let text = candidate.to_string();
        observe!(
            observer,
            now,
            Ice,
            "remote_candidate",
            candidate = private(&text)
        );
    }

    /// The reason may name the peer's address.
    pub(super) fn tell_refused_candidate(&self, now: Time, error: &AddCandidateError) {
        let observer = &self.config.observer;
        let reason = error.to_string();
        observe!(
            observer,
            now,
            Ice,
            "remote_candidate_refused",
            reason = private(&reason)
        );
    }

    pub(super) fn tell_dtls(&self, now: Time, state: DtlsState) {
        let reason = self.dtls_failure().map(ToString::to_string);
        let engine = self.dtls();
        observe!(
            self.config.observer,
            now,
            Dtls,
            "state_change",
            to = state.as_str(),
            role = self.dtls_role().map_or("", dtls::Role::as_str),
            version = engine.and_then(dtls::Engine::version).unwrap_or_default(),
            cipher_suite = engine
                .and_then(dtls::Engine::cipher_suite)
                .unwrap_or_default(),
            reason = reason.as_deref().unwrap_or_default(),
        );
    }

    /// A timer fires. Those that are a part of the flow of data are not worth a word each.
    pub(super) fn tell_timeout(&self, now: Time) {
        let observer = &self.config.observer;
        if observer.wants(Category::Transport)
            && let Some(deadline) = self.next_deadline()
            && deadline.at <= now
            && ![sctp::PACING, sctp::DELAYED_SACK].contains(&deadline.reason)
        {
            observe!(
                observer,
                now,
                Transport,
                "timeout",
                reason = deadline.reason
            );
        }
    }

    pub(super) fn tell_sctp(&self, now: Time, event: &sctp::Event) {
        let observer = &self.config.observer;
        match event {
            sctp::Event::StateChange(state) => {
                observe!(observer, now, Sctp, "state_change", to = state.as_str());
            }
            sctp::Event::Aborted { reason } => {
                observe!(observer, now, Sctp, "aborted", reason = reason);
            }
            sctp::Event::Restarted => observe!(observer, now, Sctp, "restarted"),
            sctp::Event::StreamResetByPeer(stream) => {
                observe!(
                    observer,
                    now,
                    Sctp,
                    "stream_reset_by_peer",
                    stream = stream.0
                );
            }
            sctp::Event::StreamResetDone(stream) => {
                observe!(observer, now, Sctp, "stream_reset", stream = stream.0);
            }
            // Part of the flow of data: the figures tell of it.
            sctp::Event::Readable(_) | sctp::Event::BufferedAmountLow(_) => {}
        }
    }

    pub(super) fn tell_channel(&self, now: Time, event: &channel::Event) {
        let observer = &self.config.observer;
        let (id, name, reason) = match event {
            channel::Event::Announced(id) => (id, "announced", ""),
            channel::Event::Open(id) => (id, "open", ""),
            channel::Event::Closing(id) => (id, "closing", ""),
            channel::Event::Closed(id) => (id, "closed", ""),
            channel::Event::Error(id, reason) => (id, "error", reason.as_str()),
            channel::Event::Readable(_) | channel::Event::BufferedAmountLow(_) => return,
        };
        let channel = self.channels.get(*id);
        let label = channel.map_or("", |channel| channel.label());
        let stream = channel.and_then(channel::Channel::stream_id);
        observe!(
            observer,
            now,
            Channel,
            "state_change",
            to = name,
            channel = id.0,
            stream = stream.map_or(Value::Text("none"), Value::from),
            label = private(label),
            reason = reason,
        );
    }

    /// SCTP's figures, a few times a second while they change. `FIGURES_EVERY` bounds what a long
    /// transfer writes.
    pub(super) fn tell_figures(&mut self, now: Time) {
        let (true, Some(association)) = (self.config.observer.is_on(), &self.association) else {
            return;
        };
        let due =
            (self.told.figures.as_ref()).is_none_or(|(at, _)| now.since(*at) >= FIGURES_EVERY);
        if !due {
            return;
        }
        let stats = association.stats();
        if self
            .told
            .figures
            .as_ref()
            .is_some_and(|(_, told)| *told == stats)
        {
            return;
        }
        observe!(
            self.config.observer,
            now,
            Sctp,
            "figures",
            smoothed_rtt = stats.srtt.unwrap_or_default(),
            rto = stats.rto,
            cwnd = stats.cwnd,
            rwnd = stats.rwnd,
            in_flight = stats.in_flight,
            queued = stats.queued,
            packet_size = stats.packet_size,
            bytes_sent = stats.bytes_sent,
            bytes_received = stats.bytes_received,
        );
        self.told.figures = Some((now, stats));
    }

    /// What was dropped so far, for [`tell_drops`](Self::tell_drops); nothing if nobody listens.
    pub(super) fn drops_to_tell(&self) -> Option<DropCounters> {
        self.config.observer.is_on().then(|| self.drops())
    }

    /// What was dropped since `before`.
    pub(super) fn tell_drops(&self, now: Time, before: &DropCounters) {
        let after = self.drops();
        for reason in DropReason::ALL {
            let count = after.count(reason) - before.count(reason);
            if count > 0 {
                let text = reason.to_string();
                let observer = &self.config.observer;
                observe!(
                    observer,
                    now,
                    Transport,
                    "dropped",
                    reason = &text,
                    count = count
                );
            }
        }
    }
}
