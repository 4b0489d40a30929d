//! What acknowledgements and timers mean for the sender: losses, probes, abandonment.

use std::collections::VecDeque;
use std::time::Duration;

use super::outstanding::Acked;
use super::recovery::Verdict;
use super::{Sender, Timer};
use crate::sctp::cc::{Ack, Rate, Sample};
use crate::sctp::message::{Event, PACING};
use crate::sctp::packet::data::DataHeader;
use crate::sctp::packet::sack::Sack;
use crate::time::{Deadline, Time, TimerTable};

/// Bytes found lost, and the chunk among them whose loss says most.
type Lost = (usize, Option<(usize, usize)>);

/// A probe for a loss at the end comes no earlier than this after the last packet.
const MIN_PROBE_DELAY: Duration = Duration::from_millis(10);
/// Loss is looked for no more often than this without an acknowledgement.
const MIN_REORDER: Duration = Duration::from_millis(1);
/// Most round trips of idle time for which the congestion window is reduced.
const MAX_IDLE: u32 = 31;

impl Sender {
    /// Takes in a SACK; false if it made no sense.
    pub(crate) fn on_sack(&mut self, now: Time, sack: &Sack<'_>) -> bool {
        let flight = self.outstanding.flight();
        // What comes within half of the least round trip cannot be the answer to what was just
        // sent; half, since the samples may all have waited for delayed acknowledgements.
        let unanswered = now - self.rtt.least().unwrap_or_default() / 2;
        let doubts = self.recovery.doubts_mut();
        let mut reported = false;
        for tsn in sack.duplicates() {
            reported |= self.outstanding.on_duplicate(tsn, doubts);
        }
        let blocks = sack.blocks();
        let acked = self
            .outstanding
            .on_sack(unanswered, sack.cumulative, blocks, doubts);
        let Some(mut acked) = acked else {
            // It came late itself, but what it says of duplicates still holds.
            let nothing = Acked {
                proven: reported,
                ..Acked::default()
            };
            self.learn(now, &nothing, unanswered);
            return false;
        };
        acked.proven |= reported;
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
            self.rtt.on_sample(now, rtt);
        }
        self.learn(now, &acked, unanswered);
        self.pacer.allow_burst();
        let was_fast = self.recovery.on_cumulative(self.outstanding.cumulative());
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
        self.settle_probe();
        self.detect_losses(now);
        let lost = self.outstanding.delivery.take_lost();
        // What was sent into the closed window was dropped there, which is no congestion.
        if reopened && !acked.advanced && self.outstanding.flight() > 0 {
            let round_trip = self.rtt.smoothed().unwrap_or_default();
            let old = now - round_trip;
            self.outstanding.mark_old_lost(old, &mut Vec::new());
            self.outstanding.delivery.take_lost();
            self.recovery.disregard_before(self.outstanding.next());
        }
        self.repeat_forward(now);
        let rate = self
            .outstanding
            .delivery
            .on_acked(now, acked.bytes, acked.newest);
        self.report_delivery(now, acked.bytes, (flight, lost), rtt, rate);
        self.on_progress(now, acked.advanced);
        true
    }

    /// Tells the congestion control what was delivered and lost, and paces as it then says.
    fn report_delivery(
        &mut self,
        now: Time,
        acked: usize,
        (prior_flight, (lost, worst)): (usize, Lost),
        rtt: Option<Duration>,
        rate: Option<Rate>,
    ) {
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
            self.timers = TimerTable::new();
            self.probe = false;
            return;
        }
        if advanced {
            self.restart_t3(now);
        }
        self.start_t3(now);
        self.arm_probe(now);
    }

    /// RFC 9260 section 6.3.2, rule R1.
    pub(super) fn start_t3(&mut self, now: Time) {
        if !self.timers.is_set(Timer::Retransmission) {
            self.restart_t3(now);
        }
    }

    pub(super) fn restart_t3(&mut self, now: Time) {
        self.timers
            .set(Timer::Retransmission, now + self.rtt.timeout());
    }

    /// RFC 8985 section 7.2: when nothing more comes, a loss at the end is found by a probe
    /// instead of the retransmission timer.
    pub(super) fn arm_probe(&mut self, now: Time) {
        let flight = self.outstanding.flight();
        let Some(srtt) = self.rtt.smoothed() else {
            return;
        };
        // RFC 8985 section 7.2: not while a loss is repaired, and one probe at a time.
        let busy = self.recovery.is_fast() || self.outstanding.has_lost();
        if busy || self.outstanding.probed.is_some() || flight == 0 {
            self.timers.stop(Timer::LossProbe);
            return;
        }
        let mut delay = (2 * srtt).max(MIN_PROBE_DELAY);
        if flight <= self.packet_size {
            delay += self.sack_delay;
        }
        let sooner = (delay < self.rtt.timeout()).then(|| now + delay);
        self.timers.set(Timer::LossProbe, sooner);
    }

    /// What a SACK says about the order of things, and about reductions of the window before it.
    fn learn(&mut self, now: Time, acked: &Acked, unanswered: Time) {
        let cumulative = self.outstanding.cumulative();
        let next = self.outstanding.next();
        self.rack.on_acked(now, acked, cumulative, next);
        match self.recovery.judge(acked, unanswered, cumulative) {
            Verdict::Stands => {}
            Verdict::NeedlessReduction => self.cc.on_spurious(),
            Verdict::NeedlessTimeout { reduced } => {
                self.outstanding.restore_lost();
                self.outstanding.needless = now;
                self.rack.on_spurious_timeout(now, acked);
                if let Some(sent_at) = acked.sample {
                    self.rtt.on_spurious_timeout(now.since(sent_at));
                }
                if reduced {
                    self.cc.on_spurious();
                }
            }
        }
    }

    /// A probe that was acknowledged is over.
    fn settle_probe(&mut self) {
        let cumulative = self.outstanding.cumulative();
        if let Some(probed) = self.outstanding.probed.take_if(|at| *at < cumulative)
            && self.recovery.on_probe_repaired(probed)
        {
            self.reduce();
        }
    }

    /// Answers a loss by a smaller window, once in a round trip.
    fn reduce(&mut self) {
        self.cc.on_loss(self.packet_size);
        self.rack.on_recovery();
        self.outstanding.probed = None;
    }

    /// Looks for losses, and sets the timer for the next one.
    fn detect_losses(&mut self, now: Time) {
        let recovers = self.recovery.is_under_way();
        // RFC 6675 section 3: three packets, in bytes, since a packet may hold many chunks.
        let enough = self.outstanding.gap_bytes() > 2 * self.packet_size;
        let deadline = self.rack.deadline(&self.rtt, recovers || enough);
        let mut losses = Vec::new();
        let next = self.outstanding.detect_losses(now, deadline, &mut losses);
        let later = next.map(|at| at.max(now + MIN_REORDER));
        self.timers.set(Timer::Reordering, later);
        if !losses.is_empty() && self.recovery.on_losses(&losses, self.outstanding.next()) {
            self.reduce();
        }
    }

    /// Gives up the messages to be sent again that have used up their limits.
    #[inline]
    pub(crate) fn give_up_spent(&mut self, now: Time, events: &mut VecDeque<Event>) {
        while let Some(message) = self.outstanding.take_abandoned(now) {
            self.messages_abandoned += 1;
            if !message.complete
                && let Some(rest) =
                    self.queue
                        .drop_front(message.stream, Some(message.last), events)
            {
                self.push_placeholder(rest);
            }
            self.outstanding.advance_forward();
            self.forward_due |= self.outstanding.must_forward();
        }
    }

    /// The peer skips a message up to its last TSN, so the part never sent needs one.
    fn push_placeholder(&mut self, rest: DataHeader) {
        let position = self.outstanding.push_abandoned(rest);
        self.queue.set_last_tsn(rest.stream, position);
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

    pub(crate) fn next_deadline(&self) -> Option<Deadline> {
        let paced = Deadline::earliest([(self.paced_until(), PACING)]);
        [self.timers.next_deadline(), paced]
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
    pub(crate) fn handle_timeout(&mut self, now: Time) {
        self.pacer.refill(now);
        if self.timers.expire(Timer::Reordering, now) {
            self.detect_losses(now);
        }
        if self.timers.expire(Timer::LossProbe, now) {
            self.probe = !self.outstanding.has_lost() && self.outstanding.flight() > 0;
        }
        if self.timers.expire(Timer::Retransmission, now) {
            self.on_t3(now);
        }
    }

    /// RFC 9260 section 6.3.3: the retransmission timer ran out.
    fn on_t3(&mut self, now: Time) {
        if self.outstanding.is_empty() {
            return;
        }
        self.errors += 1;
        self.rtt.back_off();
        let next = self.outstanding.next();
        let in_flight = self.outstanding.flight() > 0;
        if self.recovery.on_timeout(now, next, in_flight) {
            self.cc.on_timeout(self.packet_size);
        }
        let mut losses = Vec::new();
        let old = now - self.rack.patience(&self.rtt, true);
        self.outstanding.on_timeout(old, &mut losses);
        self.recovery.doubt(&losses);
        self.pacer.allow_burst();
        self.probe = false;
        self.timers = TimerTable::new();
        // The FORWARD-TSN may be what was lost.
        self.forward_due |= self.outstanding.must_forward();
        self.restart_t3(now);
    }
}
