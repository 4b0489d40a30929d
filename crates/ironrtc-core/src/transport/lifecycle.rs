//! Starting and ending: what a plan sets going, and the last words to the peer.

use super::{Security, Transport, TransportPlan};
use crate::datagram::Path;
use crate::dtls::{Certificate, DtlsState, Engine};
use crate::ice::{AddCandidateError, Candidate, Route};
use crate::observe::{Content, Direction};
use crate::sctp::{Association, SctpConfig};
use crate::time::Time;

/// SCTP packets that may go out when the association ends: an abort is one.
const MAX_LAST_PACKETS: usize = 4;
/// Largest SCTP packet to probe for within one host. It fits the smallest loopback MTU in use
/// (16,384, macOS) and a DTLS record, and four fill a batch.
const SAME_HOST_PACKET: usize = 16_000;

impl Transport {
    /// Carries out what is new in the plan: starts ICE, DTLS and SCTP once they are known, restarts
    /// ICE under new credentials.
    pub fn apply(&mut self, now: Time, plan: &TransportPlan) {
        if self.closed {
            return;
        }
        if self.is_another_peer(plan) {
            // Channels that wait for a connection are for whoever it is made with.
            match self.dtls_state() {
                DtlsState::New | DtlsState::Connecting => self.withdraw(now),
                _ => self.reject(now, "the peer has another certificate now"),
            }
        }
        // A role that a conflict has decided outlives a restart, so a plan that says nothing new
        // does not take it back.
        if self.planned_role != Some(plan.ice_role) {
            self.planned_role = Some(plan.ice_role);
            self.ice.set_role(plan.ice_role);
        }
        if let Some(local) = &plan.local_ice {
            self.ice.set_local_credentials(now, local.clone());
        }
        if let Some(remote) = &plan.remote_ice {
            self.ice
                .set_remote(now, remote.credentials.clone(), remote.lite);
        }
        if let Some(dtls) = &plan.dtls
            && self.dtls_plan.is_none()
        {
            self.dtls_plan = Some(dtls.clone());
        }
        if let Some(sctp) = &plan.sctp {
            self.sctp_plan = Some(sctp.clone());
            if let Some(role) = self.dtls_role() {
                let limit = sctp.remote_max_message_size;
                self.channels.configure(role, limit);
            }
        }
        self.apply_media(now, plan.rtp.as_ref());
        self.progress(now);
    }

    /// RFC 8842 section 5.1: other fingerprints ask for another DTLS association, with everything that
    /// it carried. They are other ones if the certificate that is known does not match them: the
    /// same certificate may come under another hash.
    fn is_another_peer(&self, plan: &TransportPlan) -> bool {
        let (Some(known), Some(new)) = (&self.dtls_plan, &plan.dtls) else {
            return false;
        };
        let shared = (new.remote_fingerprints.iter())
            .any(|fingerprint| known.remote_fingerprints.contains(fingerprint));
        let matches = self.remote_certificate().is_some_and(|certificate| {
            (new.remote_fingerprints.iter()).any(|fingerprint| fingerprint.matches(certificate))
        });
        !shared && !matches
    }

    /// Makes the association once its plan and a path are known. That is before DTLS is connected,
    /// so that the peer's first packet finds it even if it comes in the datagram that ends the
    /// handshake.
    pub(super) fn make_association(&mut self) {
        let (Some(plan), Some(_), None) = (&self.sctp_plan, self.ice.selected(), &self.association)
        else {
            return;
        };
        if self.sctp_started {
            return;
        }
        let config = SctpConfig {
            local_port: plan.local_port,
            remote_port: plan.remote_port,
            ..self.config.sctp.clone()
        };
        self.association = Some(Association::new(config, self.rng.fork()));
        self.tell_path();
    }

    /// Tells SCTP how large packets may become on the selected path, and how long a round trip takes.
    pub(super) fn tell_path(&mut self) {
        let (Some(association), Some(route)) = (&mut self.association, self.ice.selected()) else {
            return;
        };
        let stable = is_same_host(route);
        let max_probe = match self.config.sctp.max_probe_packet_size {
            0 if stable => SAME_HOST_PACKET,
            configured => configured,
        };
        association.handle_path_change(max_probe, stable);
        if let Some(round_trip) = self.ice.selected_round_trip() {
            association.expect_round_trip(round_trip);
        }
    }

    /// Starts the handshake once its plan is known, ICE has a path, and the peer has our
    /// description, or speaks first. Earlier, it could not know our fingerprint: some peers fail
    /// then (libdatachannel), and others keep silent for as long as our description travels.
    pub(super) fn start_dtls(&mut self, now: Time) {
        let Some(plan) = &self.dtls_plan else { return };
        if let Security::Begun(engine) = &mut self.security
            && self.ice.is_heard()
            && std::mem::take(&mut self.dtls_is_early)
        {
            engine.hurry(now);
        }
        let waiting = matches!(self.security, Security::Waiting) && !self.closed;
        let ready = self.ice.peer_is_ready(now) || self.peer_spoke_first();
        if !waiting || !ready || self.ice.selected().is_none() {
            return;
        }
        let engine = Engine::new(
            &self.config.certificate,
            plan.role,
            plan.remote_fingerprints.clone(),
            self.config.epoch,
            now,
        );
        match engine {
            Ok(mut engine) => {
                engine.observe(&self.config.observer);
                self.record_overhead = engine.overhead();
                self.security = Security::Begun(Box::new(engine));
                self.dtls_is_early = !self.ice.is_heard();
            }
            Err(error) => {
                let text = error.to_string();
                self.held.clear();
                self.security = Security::Failed(error);
                self.push_dtls_state(now, DtlsState::Failed);
                self.end_sctp(now, Some(&text));
            }
        }
    }

    /// Changes the certificate, as long as DTLS has not begun.
    pub fn set_certificate(&mut self, certificate: Certificate) {
        if matches!(self.security, Security::Waiting) {
            self.config.certificate = certificate;
        }
    }

    /// Whether only relayed candidates are to be used from the next gathering on.
    pub fn set_relay_only(&mut self, relay_only: bool) {
        self.ice.set_relay_only(relay_only);
    }

    /// Begins gathering; the driver then adds its sockets and servers.
    pub fn start_gathering(&mut self, now: Time) {
        self.ice.start_gathering(now);
        self.has_news(now);
    }

    /// A candidate of the peer.
    pub fn add_remote_candidate(
        &mut self,
        now: Time,
        candidate: Candidate,
    ) -> Result<(), AddCandidateError> {
        let added = self.ice.add_remote_candidate(now, candidate);
        self.has_news(now);
        added
    }

    /// Counts the name in a peer's candidate as looked up, or says why it is not to be.
    pub fn look_up(&mut self, name: &str) -> Result<(), AddCandidateError> {
        let may = self.ice.look_up(name);
        may.inspect_err(|error| self.ice.tell_refused_candidate(self.clock, error))
    }

    /// No more candidates of the peer will come.
    pub fn end_of_remote_candidates(&mut self, now: Time) {
        self.ice.end_of_remote_candidates(now);
        self.has_news(now);
    }

    /// Takes a plan back, as in a rollback: sockets, candidates and channels stay, and what was
    /// begun with the peer is forgotten.
    pub fn withdraw(&mut self, now: Time) {
        if self.closed {
            return;
        }
        self.ice.forget_remote(now);
        self.planned_role = None;
        self.dtls_plan = None;
        self.sctp_plan = None;
        self.media.forget();
        self.security = Security::Waiting;
        self.association = None;
        self.sctp_started = false;
        self.held.clear();
        self.carried.clear();
        self.progress(now);
        if self.dtls_told != DtlsState::New {
            self.push_dtls_state(now, DtlsState::New);
        }
    }

    /// The peer declined data channels: those that exist end, and a later plan may start anew.
    pub fn reject(&mut self, now: Time, reason: &str) {
        self.stop_dtls_saying(now, Some(reason));
        self.withdraw(now);
        self.channels.reopen();
    }

    /// Data channels were declined and media goes on: those that exist end, for this reason if it is an
    /// error, the peer is told, and a later plan may have new ones.
    pub fn reject_sctp(&mut self, now: Time, reason: Option<&str>) {
        if self.closed {
            return;
        }
        self.carried.clear();
        self.end_sctp(now, reason);
        self.write_last_packets(now);
        self.sctp_plan = None;
        self.association = None;
        self.sctp_started = false;
        self.channels.reopen();
        self.progress(now);
    }

    /// Ends SCTP alone: an abort that tells the peer; channels close.
    pub fn stop_sctp(&mut self, now: Time) {
        self.carried.clear();
        self.end_sctp(now, None);
    }

    /// Ends DTLS, and SCTP with it: the peer is told with a close_notify.
    pub fn stop_dtls(&mut self, now: Time) {
        self.stop_dtls_saying(now, None);
    }

    /// Ends everything. Goodbyes still wait in [`poll_transmit`](Self::poll_transmit).
    pub fn close(&mut self, now: Time) {
        if self.closed {
            return;
        }
        self.stop_dtls_saying(now, None);
        self.ice.close();
        self.closed = true;
        self.progress(now);
    }

    fn stop_dtls_saying(&mut self, now: Time, error: Option<&str>) {
        self.carried.clear();
        self.write_last_media(now);
        self.held.clear();
        self.end_sctp(now, error);
        self.write_last_packets(now);
        let route = self.ice.selected();
        match &mut self.security {
            Security::Begun(engine) => {
                engine.close();
                let mut notify = Vec::new();
                while engine.poll_transmit(&mut notify).is_some() {
                    let notify = std::mem::take(&mut notify);
                    let goodbye = route.map(|route| goodbye(route, notify));
                    self.goodbyes.extend(goodbye);
                }
            }
            Security::Waiting => {
                self.security = Security::Stopped;
                self.push_dtls_state(now, DtlsState::Closed);
            }
            Security::Failed(_) | Security::Stopped => {}
        }
        self.progress(now);
    }

    /// Seals what SCTP has to say at its end.
    fn write_last_packets(&mut self, now: Time) {
        let (Security::Begun(engine), Some(association), Some(route)) = (
            &mut self.security,
            &mut self.association,
            self.ice.selected(),
        ) else {
            return;
        };
        let mut packet = Vec::new();
        for _ in 0..MAX_LAST_PACKETS {
            packet.clear();
            let mut sealed = Vec::new();
            if association.write_packet(now, &mut packet).is_none()
                || engine.seal(&packet, &mut sealed).is_err()
            {
                break;
            }
            let observer = &self.config.observer;
            observer.packet(now, Direction::Sent, route.path(), Content::Sctp, &packet);
            self.goodbyes.push_back(goodbye(route, sealed));
        }
    }
}

/// A sealed datagram that waits to be sent, behind the room that its route takes.
fn goodbye(route: Route, mut sealed: Vec<u8>) -> (Path, Vec<u8>) {
    route.single(0, &mut sealed);
    (route.path(), sealed)
}

/// Whether both ends of a route that passed ICE's checks are on one machine. Such a path's MTU does
/// not shrink, so that larger packets than the safe size lose nothing; the peer may still refuse
/// them, so they are probed for.
fn is_same_host(route: Route) -> bool {
    let (local, remote) = (route.local().ip(), route.remote().ip());
    local == remote || (local.is_loopback() && remote.is_loopback())
}
