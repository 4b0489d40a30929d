//! What acknowledgements and timers mean for the sender: losses, probes, abandonment.

use std::collections::VecDeque;
use std::time::Duration;

use super::Sender;
use super::queue::Remainder;
use crate::sctp::cc::{Ack, Rate, Sample};
use crate::sctp::message::Event;
use crate::sctp::packet::sack::Sack;
use crate::time::Time;

/// A probe for a loss at the end comes no earlier than this after the last packet.
const MIN_PROBE_DELAY: Duration = Duration::from_millis(10);
/// Packets are taken for lost and not only reordered no earlier than this.
const MIN_REORDER: Duration = Duration::from_millis(1);
/// Most round trips of idle time for which the congestion window is reduced.
const MAX_IDLE: u32 = 31;

impl Sender {
    /// Takes in a SACK; false if it made no sense.
    pub(crate) fn on_sack(
        &mut self,
        now: Time,
        sack: &Sack<'_>,
        events: &mut VecDeque<Event>,
    ) -> bool {
        let flight = self.outstanding.flight();
        let unanswered = now - self.rtt.smoothed().unwrap_or_default() / 2;
        let blocks = sack.blocks();
        let Some(acked) = self
            .outstanding
            .on_sack(unanswered, sack.cumulative, blocks)
        else {
            return false;
        };
        let window = sack.window as usize;
        let reopened = self.peer_window < self.packet_size && window >= self.packet_size;
        self.peer_window = window;
        self.queue.max_begun = self.queue.max_begun.max(window / 2);
        // RFC 9260 section 6.1, rule A: a peer that answers probes of its closed window is alive.
        if acked.advanced || window < self.packet_size {
            self.errors = 0;
        }
        let rtt = acked.sample.map(|sent_at| now.since(sent_at));
        if let Some(rtt) = rtt {
            self.rtt.on_sample(rtt);
        }
        self.burst = self.max_burst;
        let was_fast = self.fast_recovery;
        if was_fast && self.outstanding.cumulative() + 1 >= self.recovery_point {
            self.fast_recovery = false;
        }
        if !was_fast && acked.bytes > 0 {
            self.cc.on_ack(&Ack {
                now,
                bytes: acked.bytes,
                rtt,
                srtt: self.rtt.smoothed().unwrap_or_default(),
                limited: flight + self.packet_size >= self.cc.window(),
                cumulative: self.outstanding.cumulative(),
                next: self.outstanding.next(),
                packet: self.packet_size,
            });
        }
        let reorder = self.reorder_window();
        if self.outstanding.detect_losses(&acked, reorder) {
            self.on_losses(now, events);
        }
        // What was sent into the closed window was dropped there, which is no congestion.
        if reopened && !acked.advanced && self.outstanding.flight() > 0 {
            let round_trip = self.rtt.smoothed().unwrap_or_default();
            self.outstanding.mark_old_lost(now - round_trip);
            self.outstanding.delivery.take_lost();
            self.recovery_point = self.outstanding.next();
        }
        self.repeat_forward(now);
        let rate = self
            .outstanding
            .delivery
            .on_acked(now, acked.bytes, acked.newest);
        self.report_delivery(now, acked.bytes, flight, rtt, rate);
        self.on_progress(now, acked.advanced);
        true
    }

    /// Tells the congestion control what was delivered and lost, and paces as it then says.
    fn report_delivery(
        &mut self,
        now: Time,
        acked: usize,
        prior_flight: usize,
        rtt: Option<Duration>,
        rate: Option<Rate>,
    ) {
        let (lost, worst) = self.outstanding.delivery.take_lost();
        self.cc.on_delivery(&Sample {
            now,
            acked,
            lost,
            worst,
            rate,
            rtt,
            delivered: self.outstanding.delivery.delivered(),
            flight: self.outstanding.flight(),
            prior_flight,
            packet: self.packet_size,
        });
        let srtt = self.rtt.smoothed().unwrap_or_default();
        let rate = self.cc.pacing_rate(srtt);
        self.pacer.set_rate(rate, srtt, self.packet_size);
    }

    /// RFC 3758 section 3.5, rule C3: an acknowledgement that does not reach what is to be skipped
    /// asks for another FORWARD-TSN, but at most one in a round trip.
    fn repeat_forward(&mut self, now: Time) {
        if !self.outstanding.must_forward() {
            return;
        }
        let round_trip = self.rtt.smoothed().unwrap_or_default().max(MIN_PROBE_DELAY);
        self.forward_due |= self.forwarded.is_none_or(|(said, at)| {
            said != self.outstanding.forward_tsn() || now.since(at) >= round_trip
        });
    }

    /// Sets the timers after an acknowledgement.
    fn on_progress(&mut self, now: Time, advanced: bool) {
        if self.outstanding.is_empty() {
            self.t3 = None;
            self.pto = None;
            self.reorder = None;
            self.probe = false;
            return;
        }
        if advanced {
            self.t3 = Some(now + self.rtt.timeout());
        }
        self.start_t3(now);
        self.arm_probe(now);
        if self.reorder.is_none() {
            self.arm_reorder(now);
        }
    }

    /// RFC 9260 section 6.3.2, rule R1.
    pub(super) fn start_t3(&mut self, now: Time) {
        if self.t3.is_none() {
            self.t3 = Some(now + self.rtt.timeout());
        }
    }

    /// RFC 8985 section 7.2: when nothing more comes, a loss at the end is found by a probe
    /// instead of the retransmission timer.
    pub(super) fn arm_probe(&mut self, now: Time) {
        let flight = self.outstanding.flight();
        let Some(srtt) = self.rtt.smoothed() else {
            return;
        };
        if self.fast_recovery || self.outstanding.has_lost() || flight == 0 {
            self.pto = None;
            return;
        }
        let mut delay = (2 * srtt).max(MIN_PROBE_DELAY);
        if flight <= self.packet_size {
            delay += self.sack_delay;
        }
        self.pto = (delay < self.rtt.timeout()).then(|| now + delay);
    }

    fn reorder_window(&self) -> Duration {
        // RFC 8985 section 6.2, step 4: a quarter of the round trip.
        (self.rtt.smoothed().unwrap_or_default() / 4).max(MIN_REORDER)
    }

    fn arm_reorder(&mut self, now: Time) {
        let wait = self.rtt.smoothed().unwrap_or_default() + self.reorder_window();
        self.reorder = self
            .outstanding
            .oldest_hole()
            .map(|sent_at| (sent_at + wait).max(now + MIN_REORDER));
    }

    /// RFC 9260 section 7.2.4: answers losses that were not known before.
    fn on_losses(&mut self, now: Time, events: &mut VecDeque<Event>) {
        let new = self
            .outstanding
            .highest_lost()
            .is_some_and(|position| position >= self.recovery_point);
        if new && !self.fast_recovery {
            self.cc.on_loss(self.packet_size);
            self.fast_recovery = true;
            self.forced_packet = true;
            self.recovery_point = self.outstanding.next();
            self.fast_recoveries += 1;
        }
        self.abandon_spent(now, events);
    }

    /// Gives up the lost messages that have used up their limits.
    fn abandon_spent(&mut self, now: Time, events: &mut VecDeque<Event>) {
        let mut abandoned = Vec::new();
        self.outstanding.take_abandoned(now, &mut abandoned);
        for message in abandoned {
            self.messages_abandoned += 1;
            if message.complete {
                continue;
            }
            if let Some(rest) = self
                .queue
                .drop_front(message.stream, message.message, events)
            {
                self.push_placeholder(&rest);
            }
        }
        self.outstanding.advance_forward();
        self.forward_due |= self.outstanding.must_forward();
    }

    /// The rest of a message that was begun is given up.
    pub(super) fn abandon_rest(&mut self, now: Time, rest: &Remainder) {
        self.push_placeholder(rest);
        self.outstanding.abandon_message(rest.message);
        self.forward_due |= self.outstanding.must_forward();
        self.start_t3(now);
    }

    /// The peer skips a message up to its last TSN, so the part never sent needs one.
    fn push_placeholder(&mut self, rest: &Remainder) {
        let position = self.outstanding.push_abandoned(rest.header, rest.message);
        self.queue.set_last_tsn(rest.header.stream, position);
    }

    /// RFC 9260 section 7.2.1: after a pause the window has to prove itself again.
    pub(super) fn on_send_after_idle(&mut self, now: Time) {
        if self.outstanding.flight() > 0 {
            return;
        }
        let Some(last) = self.last_send else { return };
        let idle = now.since(last).as_nanos() / self.rtt.timeout().as_nanos().max(1);
        if idle > 0 {
            let timeouts = u32::try_from(idle).unwrap_or(MAX_IDLE);
            self.cc.on_idle(timeouts, self.initial_window);
            self.last_send = Some(now);
        }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Time> {
        [self.t3, self.pto, self.reorder, self.paced_until()]
            .into_iter()
            .flatten()
            .min()
    }

    /// When pacing lets the next packet out, if there is one that nothing else holds.
    fn paced_until(&self) -> Option<Time> {
        let flight = self.outstanding.flight();
        let waits = self.outstanding.has_lost() || !self.queue.is_empty();
        self.pacer
            .next()
            .filter(|_| waits && flight < self.cc.window())
    }

    /// Runs the timers that are due.
    pub(crate) fn handle_timeout(&mut self, now: Time, events: &mut VecDeque<Event>) {
        self.pacer.refill(now);
        if self.reorder.take_if(|at| *at <= now).is_some() {
            let wait = self.rtt.smoothed().unwrap_or_default() + self.reorder_window();
            if self.outstanding.mark_holes_lost(now - wait) {
                self.on_losses(now, events);
            }
            self.arm_reorder(now);
        }
        if self.pto.take_if(|at| *at <= now).is_some() {
            self.probe = !self.outstanding.has_lost() && self.outstanding.flight() > 0;
        }
        if self.t3.take_if(|at| *at <= now).is_some() {
            self.on_t3(now, events);
        }
    }

    /// RFC 9260 section 6.3.3: the retransmission timer ran out.
    fn on_t3(&mut self, now: Time, events: &mut VecDeque<Event>) {
        if self.outstanding.is_empty() {
            return;
        }
        self.timeouts += 1;
        self.errors += 1;
        self.rtt.back_off();
        if self.outstanding.flight() > 0 {
            self.cc.on_timeout(self.packet_size);
        }
        self.outstanding.mark_all_lost();
        self.recovery_point = self.outstanding.next();
        self.fast_recovery = false;
        self.forced_packet = true;
        self.burst = self.max_burst;
        self.probe = false;
        self.pto = None;
        self.reorder = None;
        self.abandon_spent(now, events);
        self.t3 = Some(now + self.rtt.timeout());
    }
}
