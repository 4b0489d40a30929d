//! The DTLS endpoint of one transport, over dimpl.

mod output;
mod refusal;
mod seal;
mod verdict;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use dimpl::{Dtls, Error};

use self::refusal::{FATAL, Refusal, alert_for};
use super::clock::{Clock, FirstFlight};
use super::key_log::KeyLog;
use super::keys::Opened;
use super::library::{FLIGHT_RTO, shared_config};
use super::narrow::Narrow;
use super::records::Records;
use super::{
    Certificate, DtlsError, DtlsState, Event, Fingerprint, HandshakeError, Role, SrtpKeys, record,
    replayed,
};
use crate::datagram::{DropCounters, DropReason};
use crate::observe::Observer;
use crate::time::{Deadline, Time};
use crate::work;

/// Bytes that the largest record of any suite we negotiate adds to its plaintext: a header of 13,
/// an explicit nonce of 8 and a tag of 16 (RFC 5288 section 3).
pub(crate) const MAX_OVERHEAD: usize = 13 + 8 + 16;

/// Last epoch of DTLS 1.3 that is used: dimpl counts in 16 bits. A key lasts for gigabytes.
const MAX_EPOCH: u16 = 65_000;

/// One DTLS association. Pull its datagrams with [`poll_transmit`](Self::poll_transmit).
#[derive(Debug)]
pub struct Engine {
    dtls: Dtls,
    clock: Clock,
    first_flight: FirstFlight,
    refusal: Refusal,
    role: Role,
    state: DtlsState,
    failure: Option<DtlsError>,
    expected: Vec<Fingerprint>,
    peer_certificate: Option<Vec<u8>>,
    /// The peer's certificate has an expected fingerprint. Nothing passes before.
    trusted: bool,
    deadline: Option<Time>,
    outgoing: VecDeque<Vec<u8>>,
    narrow: Narrow,
    events: VecDeque<Event>,
    scratch: Vec<u8>,
    drops: DropCounters,
    /// Application data after the handshake.
    records: Records,
    key_log: KeyLog,
    /// What was exported, until somebody takes it.
    srtp_keys: Option<SrtpKeys>,
    /// When we last heard of the time.
    now: Time,
}

impl Engine {
    /// Starts an association. A client's first flight is ready to be polled at once.
    ///
    /// `epoch` is the `Instant` of [`Time::ZERO`].
    pub fn new(
        certificate: &Certificate,
        role: Role,
        remote_fingerprints: Vec<Fingerprint>,
        epoch: Instant,
        now: Time,
    ) -> Result<Self, DtlsError> {
        if remote_fingerprints.is_empty() {
            return Err(DtlsError::NoFingerprint);
        }
        let start = epoch + Duration::from_nanos(now.as_nanos());
        let config = match certificate.replays() {
            Some(seed) => replayed::shared_config(seed)?,
            None => shared_config()?,
        };
        let dtls = Dtls::new_auto(config, certificate.to_dimpl(), start);
        Ok(Self::over(dtls, role, remote_fingerprints, epoch, now))
    }

    fn over(
        mut dtls: Dtls,
        role: Role,
        remote_fingerprints: Vec<Fingerprint>,
        epoch: Instant,
        now: Time,
    ) -> Self {
        dtls.set_active(role == Role::Client);
        let mut engine = Self {
            dtls,
            clock: Clock::new(epoch, now),
            first_flight: FirstFlight::new(Vec::new(), now, FLIGHT_RTO),
            refusal: Refusal::default(),
            role,
            state: DtlsState::New,
            failure: None,
            expected: remote_fingerprints,
            peer_certificate: None,
            trusted: false,
            deadline: None,
            outgoing: VecDeque::new(),
            narrow: Narrow::default(),
            events: VecDeque::new(),
            // dimpl panics if a certificate does not fit.
            scratch: vec![0; record::MAX_HANDSHAKE_MESSAGE],
            drops: DropCounters::default(),
            records: Records::default(),
            key_log: KeyLog::default(),
            srtp_keys: None,
            now,
        };
        engine.set_state(DtlsState::Connecting);
        engine.in_dimpl(|engine| {
            if engine.advance_clock() {
                engine.drain(&mut |_| {});
            }
        });
        let datagrams = engine.outgoing.iter().cloned().collect();
        engine.first_flight = FirstFlight::new(datagrams, now, FLIGHT_RTO);
        engine
    }

    /// Tells `observer` the secrets of the handshake, if it wants them. To be called before the
    /// first datagram.
    pub fn observe(&mut self, observer: &Observer) {
        self.key_log = KeyLog::new(observer.clone());
        for datagram in &self.outgoing {
            self.key_log.on_datagram(datagram);
        }
    }

    /// The role in the handshake.
    pub fn role(&self) -> Role {
        self.role
    }

    /// The state.
    pub fn state(&self) -> DtlsState {
        self.state
    }

    /// Why the state is [`DtlsState::Failed`].
    pub fn failure(&self) -> Option<&DtlsError> {
        self.failure.as_ref()
    }

    /// The peer's certificate in DER, once it has been shown and accepted.
    pub fn remote_certificate(&self) -> Option<&[u8]> {
        self.peer_certificate.as_deref().filter(|_| self.trusted)
    }

    /// The version as W3C statistics write it: `FEFD` for 1.2, `FEFC` for 1.3.
    pub fn version(&self) -> Option<&'static str> {
        match self.dtls.protocol_version()? {
            dimpl::ProtocolVersion::DTLS1_2 => Some("FEFD"),
            dimpl::ProtocolVersion::DTLS1_3 => Some("FEFC"),
            _ => None,
        }
    }

    /// The cipher suite by its name in IANA's registry, from the first record under its keys on.
    pub fn cipher_suite(&self) -> Option<&'static str> {
        self.records.suite()
    }

    /// The keys for SRTP, once: from when the state is [`DtlsState::Connected`], unless the peer
    /// does not know the `use_srtp` extension.
    pub fn take_srtp_keys(&mut self) -> Option<SrtpKeys> {
        self.srtp_keys.take()
    }

    /// What was dropped.
    pub fn drops(&self) -> &DropCounters {
        &self.drops
    }

    /// Takes one datagram of DTLS records and hands each decrypted record of application data to
    /// `application`. Not one byte gets there before the peer's fingerprint has matched.
    pub fn handle_datagram(
        &mut self,
        now: Time,
        data: &mut [u8],
        application: &mut dyn FnMut(&[u8]),
    ) {
        if self.is_over() {
            self.drops.add(DropReason::Closed);
            return;
        }
        // Until there are keys the library keeps what comes: no more of it than one record may hold.
        let bare = !self.records.is_receiving();
        if bare && (data.len() > record::MAX_LEN || !record::is_plausible(data)) {
            self.drops.add(DropReason::DtlsRecord);
            return;
        }
        self.now = now;
        if bare {
            let end = self.before_alert(data);
            match data.get(..end) {
                Some(rest @ [_, ..]) => self.hand_to_dimpl(rest, application),
                _ => self.drops.add(DropReason::DtlsRecord),
            }
            return;
        }
        let mut rest = data;
        while !rest.is_empty() {
            let header = record::header(rest).filter(|header| header.is_plausible(rest));
            let Some(header) = header else {
                self.drops.add(DropReason::DtlsRecord);
                return;
            };
            let Some((record, tail)) = rest.split_at_mut_checked(header.record_len) else {
                debug_assert!(false, "a header is of a whole record");
                return;
            };
            rest = tail;
            match self.records.open(&header, record) {
                Opened::Application(content) => {
                    let content = record.get(content);
                    debug_assert!(content.is_some(), "what was opened lies in its record");
                    application(content.unwrap_or_default());
                }
                Opened::ForDimpl => self.hand_to_dimpl(record, application),
                Opened::Rejected => self.drops.add(DropReason::DtlsRecord),
            }
            if self.is_over() {
                return;
            }
        }
    }

    /// How much of a datagram comes before the first alert that nothing protects. One that comes
    /// before any handshake message is nobody's; of a later one we wait and see whether the peer
    /// goes on, as it does if somebody else sent it.
    fn before_alert(&mut self, data: &[u8]) -> usize {
        let mut at = 0;
        while let Some(rest) = data.get(at..)
            && let Some(header) = record::header(rest)
        {
            if header.is_plaintext(record::HANDSHAKE) {
                self.clock.start(self.now);
                self.first_flight.datagrams.clear();
            }
            if header.is_plaintext(record::ALERT) {
                let alert = rest.get(header.len..header.record_len);
                if let Some([FATAL, description]) = alert
                    && self.clock.is_running()
                    && self.state == DtlsState::Connecting
                {
                    self.refusal.note(*description, self.now);
                }
                return at;
            }
            self.refusal.withdraw();
            at += header.record_len;
        }
        at
    }

    fn hand_to_dimpl(&mut self, data: &[u8], application: &mut dyn FnMut(&[u8])) {
        work::add(1);
        self.key_log.on_datagram(data);
        self.in_dimpl(|engine| {
            // After the handshake only rare records come here, so this costs nothing then.
            let timed = engine.state == DtlsState::Connecting || engine.records.is_receiving();
            if timed && !engine.advance_clock() {
                return;
            }
            match engine.dtls.handle_packet(data) {
                Ok(()) => {}
                Err(Error::ConnectionClosed) => engine.set_state(DtlsState::Closed),
                Err(error)
                    if engine.state == DtlsState::Connecting && verdict::is_final(&error) =>
                {
                    engine.fail(DtlsError::Handshake(verdict::of(&error)));
                }
                // Anyone on the path can send a broken record; retransmission repairs what was
                // lost, and the handshake's own deadline ends what cannot be repaired.
                Err(_) => engine.drops.add(DropReason::DtlsRecord),
            }
            // dimpl answers a key update when it is called next.
            if engine.records.is_receiving() && !engine.is_over() {
                engine.advance_clock();
            }
            engine.drain(application);
        });
    }

    /// Calls into dimpl, and learns of the keys that it makes meanwhile.
    fn in_dimpl<R>(&mut self, call: impl FnOnce(&mut Self) -> R) -> R {
        self.records.begin();
        self.key_log.begin();
        let result = call(self);
        self.key_log.finish();
        let ready = self.state == DtlsState::Connected && self.trusted;
        self.records.finish(ready);
        if self.records.last_epoch() > MAX_EPOCH {
            self.fail(DtlsError::Handshake(HandshakeError::KeysUsedUp));
        }
        result
    }

    /// Appends one waiting handshake or alert datagram to `out` and returns its length.
    pub fn poll_transmit(&mut self, out: &mut Vec<u8>) -> Option<usize> {
        let datagram = self.outgoing.pop_front()?;
        out.extend_from_slice(&datagram);
        Some(datagram.len())
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    pub fn poll_timeout(&self) -> Option<Time> {
        self.next_deadline().map(|deadline| deadline.at)
    }

    /// The same, and what for.
    pub fn next_deadline(&self) -> Option<Deadline> {
        if self.is_over() {
            return None;
        }
        if !self.clock.is_running() {
            return Deadline::earliest([(self.first_flight.next(), "dtls_first_flight")]);
        }
        Deadline::earliest([
            (self.deadline, "dtls_flight"),
            (self.refusal.at(), "dtls_refusal"),
        ])
    }

    /// Advances the time: retransmits a flight, or gives the handshake up.
    ///
    /// The handshake has 40 seconds from the peer's first message on. There is no limit on how long
    /// that may take: ICE knows whether the peer is there.
    pub fn handle_timeout(&mut self, now: Time) {
        if self.poll_timeout().is_none_or(|at| at > now) {
            return;
        }
        self.now = now;
        if !self.clock.is_running() {
            self.first_flight.repeat(now);
            self.narrow.on_timeout();
            if self.outgoing.is_empty() {
                let datagrams = self.first_flight.datagrams.clone();
                self.narrow.renumber(&datagrams);
                for datagram in datagrams {
                    self.narrow.push(datagram, &mut self.outgoing);
                }
            }
            return;
        }
        if let Some(alert) = self.refusal.believed(now) {
            self.fail(DtlsError::Handshake(HandshakeError::Refused(alert)));
            return;
        }
        (self.narrow).set_timer_runs(self.state == DtlsState::Connecting);
        self.in_dimpl(|engine| {
            if engine.advance_clock() {
                // A timeout produces no application data.
                engine.drain(&mut |_| {});
            }
        });
        self.narrow.set_timer_runs(false);
    }

    /// The peer is known to have our description from now on: what was sent before may have come
    /// too early for it, and goes out again.
    pub fn hurry(&mut self, now: Time) {
        self.first_flight.hurry(now, FLIGHT_RTO);
        self.handle_timeout(now);
        self.narrow.on_news();
    }

    /// The next thing that happened.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.events.pop_front()
    }

    /// Closes: the peer is told with a close_notify, which waits in `poll_transmit`.
    pub fn close(&mut self) {
        if self.is_over() {
            return;
        }
        self.in_dimpl(|engine| {
            // An unfinished handshake has no authenticated way to say goodbye; dimpl sends nothing.
            let _ = engine.dtls.close();
            engine.drain(&mut |_| {});
        });
        self.set_state(DtlsState::Closed);
    }

    fn is_over(&self) -> bool {
        matches!(self.state, DtlsState::Closed | DtlsState::Failed)
    }

    fn advance_clock(&mut self) -> bool {
        let instant = self.clock.instant(self.now);
        match self.dtls.handle_timeout(instant) {
            Ok(()) => true,
            Err(error) => {
                self.fail(DtlsError::Handshake(verdict::of(&error)));
                false
            }
        }
    }

    fn fail(&mut self, error: DtlsError) {
        if !self.is_over() {
            self.trusted = false;
            self.srtp_keys = None;
            self.outgoing.clear();
            self.refuse(&error);
            self.failure = Some(error);
            self.set_state(DtlsState::Failed);
        }
    }

    /// Tells the peer why, which dimpl has no way to. DTLS 1.3 takes an alert only under keys (RFC
    /// 9147 section 4.5.2): a client's are not known before its own flight, so one that has read but
    /// a part of the server's keeps silent.
    fn refuse(&mut self, error: &DtlsError) {
        if self.state != DtlsState::Connecting || !self.clock.is_running() {
            return;
        }
        let description = alert_for(error);
        if self.version() == Some("FEFC") {
            self.outgoing.extend(self.records.alert(FATAL, description));
        } else {
            self.outgoing.push_back(record::alert(FATAL, description));
        }
    }

    fn set_state(&mut self, state: DtlsState) {
        if self.state != state && !self.is_over() {
            self.state = state;
            self.refusal.withdraw();
            self.events.push_back(Event::StateChange(state));
        }
    }
}

#[cfg(test)]
mod cost_tests;
#[cfg(test)]
mod export_tests;
#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod record_tests;
#[cfg(test)]
mod tests;
