//! What an observer is told of the layers together: DTLS, whose failure may be ours, timers, figures
//! and drops. Each layer tells of its own events.

use std::time::Duration;

use super::Transport;
use crate::datagram::{DropCounters, DropReason};
use crate::dtls::{self, DtlsState};
use crate::observe::{Category, observe};
use crate::sctp::{self, SctpStats};
use crate::time::Time;

/// Least time between two events with SCTP's figures.
const FIGURES_EVERY: Duration = Duration::from_millis(100);

/// SCTP's figures as they were told last, and when.
#[derive(Debug, Default)]
pub(super) struct Told {
    figures: Option<(Time, SctpStats)>,
}

impl Transport {
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
