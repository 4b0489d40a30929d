//! Path MTU discovery, carried out: timers, probes and the sizes of packets.

use std::time::Duration;

use super::Association;
use super::heartbeat::heartbeat_chunk;
use super::pmtud::{CONFIRM, ProbeAnswer, ProbeStep};
use super::state::{State, Timer};
use crate::time::Time;

/// PROBE_TIMER (RFC 8899 section 5.1.1) is a multiple of the round trip, no less than this.
const MIN_PROBE_WAIT: Duration = Duration::from_millis(200);

impl Association {
    /// Whether the last packet written was a probe of the path's MTU, which must not be cut into
    /// fragments on its way.
    pub fn wrote_probe(&self) -> bool {
        self.wrote_probe
    }

    /// There is another path, for which nothing is known yet. `max_probe` is the largest packet to
    /// probe for; `stable` says that its MTU will not shrink, as between two ends on one host.
    pub fn handle_path_change(&mut self, max_probe: usize, stable: bool) {
        let base = self.config.max_packet_size;
        // What was lost on the old path is nothing against the new one.
        let episodes = self.tx.loss_episodes();
        self.pmtud.on_path_change(base, max_probe, stable, episodes);
        self.apply_packet_size();
        self.stop_timer(Timer::Probe);
    }

    /// The system has not sent a packet of `size` bytes, or not in one piece, as the path is known
    /// to take less (RFC 8899 section 4.6.1, but from a source that needs no validation).
    pub fn handle_too_large(&mut self, now: Time, size: usize) {
        let anew = self.pmtud.on_too_large(now, size);
        self.apply_packet_size();
        if anew && self.state == State::Established {
            let step = self.pmtud.confirm();
            self.carry_out_probe(now, step);
        }
    }

    /// Begins the search on a new path.
    pub(super) fn begin_discovery(&mut self, now: Time) {
        if self.state == State::Established {
            let step = self.pmtud.begin();
            self.carry_out_probe(now, step);
        }
    }

    pub(super) fn apply_packet_size(&mut self) {
        self.tx.set_packet_size(self.pmtud.packet_size());
        self.tx
            .set_chunk_packet_size(self.pmtud.chunk_packet_size());
    }

    /// Asked for each packet, and nearly always for nothing.
    #[inline]
    fn carry_out_probe(&mut self, now: Time, step: ProbeStep) {
        if step != ProbeStep::Nothing {
            self.search(now, step);
        }
    }

    fn search(&mut self, now: Time, step: ProbeStep) {
        match step {
            ProbeStep::Nothing => return,
            ProbeStep::Probe { patience, control } => {
                if let Some(nonce) = control {
                    self.pending.push_chunk(heartbeat_chunk(nonce));
                }
                // The retransmission timeout may have been doubled many times by what the probe is
                // to find out.
                let rto = self.tx.rto();
                let wait = self
                    .tx
                    .round_trip()
                    .map_or(rto, |trip| (3 * trip).max(MIN_PROBE_WAIT).min(rto));
                self.set_timer(Timer::Probe, now + wait * patience);
            }
            ProbeStep::Rest => self.set_timer(Timer::Probe, now + CONFIRM),
            ProbeStep::Stop => self.stop_timer(Timer::Probe),
        }
        self.apply_packet_size();
    }

    /// A probe was not answered, or it is time to look again.
    pub(super) fn on_probe_timeout(&mut self, now: Time) {
        if self.state == State::Established {
            let step = self.pmtud.on_timeout(now, &mut self.rng);
            self.carry_out_probe(now, step);
        }
    }

    /// Takes in the answer to a heartbeat of the search's; false if it is none.
    pub(super) fn on_probe_answered(&mut self, now: Time, nonce: u64) -> bool {
        match self.pmtud.on_answer(nonce) {
            ProbeAnswer::NotOurs => return false,
            ProbeAnswer::Alive => {}
            ProbeAnswer::Confirmed(step) => {
                // RFC 9260 section 8.3: the answer to a heartbeat clears the error counter.
                self.tx.set_errors(0);
                self.carry_out_probe(now, step);
            }
        }
        true
    }

    /// Asks whether packets of the present size still get through, where losses give reason to.
    pub(super) fn check_black_hole(&mut self, now: Time) {
        let lost = self.pmtud.on_losses(self.tx.loss_episodes());
        if self.state == State::Established {
            let step = self.pmtud.suspect(now, lost, self.tx.errors());
            self.carry_out_probe(now, step);
        }
    }
}
