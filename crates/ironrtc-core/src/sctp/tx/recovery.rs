//! What acknowledgements and timers mean for the sender: losses, probes, abandonment.

use std::collections::VecDeque;
use std::time::Duration;

use super::Sender;
use super::outstanding::Acked;
use crate::sctp::cc::{Ack, Rate, Sample};
use crate::sctp::message::Event;
use crate::sctp::message::PACING;
use crate::sctp::packet::data::DataHeader;
use crate::sctp::packet::sack::Sack;
use crate::time::{Deadline, Time};

/// A run of the retransmission timer, to find out whether it was for nothing (RFC 5682).
#[derive(Clone, Copy, Debug)]
pub(super) struct Timeout {
    at: Time,
    /// Position of the next new chunk then.
    recover: u64,
    /// Something was acknowledged since.
    answered: bool,
}

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
        let mut reported = false;
        for tsn in sack.duplicates() {
            reported |= self.outstanding.on_duplicate(tsn, &mut self.doubts);
        }
        let blocks = sack.blocks();
        let doubts = &mut self.doubts;
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
        self.settle_probe();
        self.detect_losses(now);
        let lost = self.outstanding.delivery.take_lost();
        // What was sent into the closed window was dropped there, which is no congestion.
        if reopened && !acked.advanced && self.outstanding.flight() > 0 {
            let round_trip = self.rtt.smoothed().unwrap_or_default();
            let old = now - round_trip;
            self.outstanding.mark_old_lost(old, &mut Vec::new());
            self.outstanding.delivery.take_lost();
            self.recovery_point = self.outstanding.next();
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
        // RFC 8985 section 7.2: not while a loss is repaired, and one probe at a time.
        let busy = self.fast_recovery || self.outstanding.has_lost();
        if busy || self.outstanding.probed.is_some() || flight == 0 {
            self.pto = None;
            return;
        }
        let mut delay = (2 * srtt).max(MIN_PROBE_DELAY);
        if flight <= self.packet_size {
            delay += self.sack_delay;
        }
        self.pto = (delay < self.rtt.timeout()).then(|| now + delay);
    }

    /// What a SACK says about the order of things, and about reductions of the window before it.
    fn learn(&mut self, now: Time, acked: &Acked, unanswered: Time) {
        let cumulative = self.outstanding.cumulative();
        let next = self.outstanding.next();
        self.rack.on_acked(now, acked, cumulative, next);
        if self.timeout_was_spurious(acked, unanswered) {
            self.outstanding.restore_lost();
            self.outstanding.needless = now;
            self.rack.on_spurious_timeout(now, acked);
            if let Some(sent_at) = acked.sample {
                self.rtt.on_spurious_timeout(now.since(sent_at));
            }
            self.undo();
        } else if acked.proven && self.undoable && self.doubts.is_empty() {
            self.undo();
        }
        if acked.bytes > 0 {
            self.backed_off = false;
        }
        self.timed_out
            .take_if(|timeout| cumulative + 1 >= timeout.recover);
    }

    /// RFC 5682, with a clock: a timeout was spurious if what was in flight then arrives after all.
    ///
    /// The first acknowledgement afterwards may answer the retransmission and tell only now of what
    /// came before. One that is too early for that does not, nor do those that follow it.
    fn timeout_was_spurious(&mut self, acked: &Acked, unanswered: Time) -> bool {
        let Some(timeout) = self.timed_out.as_mut().filter(|_| acked.bytes > 0) else {
            return false;
        };
        let first = !std::mem::replace(&mut timeout.answered, true);
        let late = acked.late.is_some_and(|late| late < timeout.recover);
        acked.early || (late && (!first || timeout.at > unanswered))
    }

    /// The last reduction of the window was for nothing.
    fn undo(&mut self) {
        if std::mem::take(&mut self.undoable) {
            self.cc.on_spurious();
            self.undone += 1;
        }
        self.doubts.clear();
        self.timed_out = None;
        self.fast_recovery = false;
        self.forced_packet = false;
        // What turns out to be lost after all is congestion.
        self.recovery_point = self.outstanding.cumulative() + 1;
    }

    /// RFC 8985 section 7.4.2: a probe that was no duplicate has repaired a loss.
    fn settle_probe(&mut self) {
        let cumulative = self.outstanding.cumulative();
        if let Some(probed) = self.outstanding.probed.take_if(|at| *at < cumulative)
            && !self.fast_recovery
        {
            self.reduce();
            self.doubts.add(probed);
        }
    }

    /// Answers a loss by a smaller window, once in a round trip.
    fn reduce(&mut self) {
        self.cc.on_loss(self.packet_size);
        self.fast_recoveries += 1;
        self.rack.on_recovery();
        self.doubts.clear();
        self.undoable = true;
        self.timed_out = None;
        self.outstanding.probed = None;
    }

    /// Looks for losses, and sets the timer for the next one.
    fn detect_losses(&mut self, now: Time) {
        let recovers = self.fast_recovery || self.timed_out.is_some();
        // RFC 6675 section 3: three packets, in bytes, since a packet may hold many chunks.
        let enough = self.outstanding.gap_bytes() > 2 * self.packet_size;
        let deadline = self.rack.deadline(&self.rtt, recovers || enough);
        let mut losses = Vec::new();
        let next = self.outstanding.detect_losses(now, deadline, &mut losses);
        self.reorder = next.map(|at| at.max(now + MIN_REORDER));
        if !losses.is_empty() {
            self.on_losses(&losses);
        }
    }

    /// RFC 9260 section 7.2.4: answers losses that were not known before.
    fn on_losses(&mut self, losses: &[u64]) {
        let new = losses.iter().any(|at| *at >= self.recovery_point);
        if new && !self.fast_recovery {
            self.reduce();
            self.fast_recovery = true;
            self.forced_packet = true;
            self.recovery_point = self.outstanding.next();
        }
        for position in losses {
            self.doubts.add(*position);
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
        Deadline::earliest([
            (self.t3, "sctp_retransmission"),
            (self.pto, "sctp_loss_probe"),
            (self.reorder, "sctp_reordering"),
            (self.paced_until(), PACING),
        ])
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
        if self.reorder.take_if(|at| *at <= now).is_some() {
            self.detect_losses(now);
        }
        if self.pto.take_if(|at| *at <= now).is_some() {
            self.probe = !self.outstanding.has_lost() && self.outstanding.flight() > 0;
        }
        if self.t3.take_if(|at| *at <= now).is_some() {
            self.on_t3(now);
        }
    }

    /// RFC 9260 section 6.3.3: the retransmission timer ran out.
    fn on_t3(&mut self, now: Time) {
        if self.outstanding.is_empty() {
            return;
        }
        self.timeouts += 1;
        self.errors += 1;
        self.rtt.back_off();
        // RFC 5681 section 3.1: the next timeout in a row says nothing new.
        if self.outstanding.flight() > 0 && !std::mem::replace(&mut self.backed_off, true) {
            self.cc.on_timeout(self.packet_size);
            self.doubts.clear();
            self.undoable = true;
        }
        let mut losses = Vec::new();
        let old = now - self.rack.patience(&self.rtt, true);
        self.outstanding.on_timeout(old, &mut losses);
        for position in losses {
            self.doubts.add(position);
        }
        self.recovery_point = self.outstanding.next();
        self.timed_out = Some(Timeout {
            at: now,
            recover: self.recovery_point,
            answered: false,
        });
        self.fast_recovery = false;
        self.forced_packet = true;
        self.burst = self.max_burst;
        self.probe = false;
        self.pto = None;
        self.reorder = None;
        // The FORWARD-TSN may be what was lost.
        self.forward_due |= self.outstanding.must_forward();
        self.t3 = Some(now + self.rtt.timeout());
    }
}
