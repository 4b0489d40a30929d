//! One BUNDLE group: ICE, DTLS, SCTP and data channels wired together.
//!
//! This is the level of ORTC: a [`Transport`] takes a [`TransportPlan`], whoever wrote it. Drivers
//! give it datagrams and time, and pull batches of datagrams and events.

mod batch;
mod channels;
mod events;
mod io;
mod keying;
mod lifecycle;
mod media;
mod plan;
mod receive;
#[cfg(test)]
mod room_tests;
mod telling;
mod transmit;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

pub use channels::ChannelsMut;
pub use io::{IoRequest, IoResult};
pub use keying::SrtpState;
pub use media::{PacketKind, SendMediaError};
pub use plan::{DtlsPlan, RemoteIce, SctpPlan, TransportId, TransportPlan};

use crate::channel::{self, Channels};
use crate::datagram::{DropCounters, Path};
use crate::dtls::{self, Certificate, DtlsError, DtlsState, Engine};
use crate::ice::{self, Agent, IceConfig, Route};
use crate::observe::Observer;
use crate::rng::Rng;
use crate::rtp::RtpEvent;
use crate::sctp::{Association, SctpConfig, SctpState};
use crate::time::Time;
use batch::Carried;
use media::Media;
use telling::Told;

/// What a transport is told at its birth.
#[derive(Clone, Debug)]
pub struct TransportConfig {
    /// ICE's settings.
    pub ice: IceConfig,
    /// SCTP's settings; the ports come from the plan.
    pub sctp: SctpConfig,
    /// The certificate that is shown to the peer.
    pub certificate: Certificate,
    /// The `Instant` of [`Time::ZERO`], for the DTLS library.
    pub epoch: Instant,
    /// How long after 1970 [`Time::ZERO`] was, for the reports of media.
    pub since_1970: Duration,
    /// Who is told what happens.
    pub observer: Observer,
}

/// What a transport reports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// Something about ICE.
    Ice(ice::Event),
    /// DTLS changed its state.
    DtlsStateChange(DtlsState),
    /// SCTP changed its state.
    SctpStateChange(SctpState),
    /// SRTP changed its state.
    SrtpStateChange(SrtpState),
    /// Something about a data channel.
    Channel(channel::Event),
    /// Something about a stream of media.
    Rtp(RtpEvent),
}

/// Where the DTLS association stands.
#[derive(Debug)]
enum Security {
    /// It waits for its plan or for a path.
    Waiting,
    /// It has begun; the engine knows how far it is.
    Begun(Box<Engine>),
    /// It could not even begin.
    Failed(DtlsError),
    /// It was stopped before it began.
    Stopped,
}

/// What a transport has carried, over all its paths and without STUN.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct TransportCounters {
    /// Datagrams sent.
    pub packets_sent: u64,
    /// Datagrams received from the peer.
    pub packets_received: u64,
    /// Bytes sent.
    pub bytes_sent: u64,
    /// Bytes received from the peer.
    pub bytes_received: u64,
    /// How often another pair was selected.
    pub selected_pair_changes: u64,
}

/// One transport.
#[derive(Debug)]
pub struct Transport {
    config: TransportConfig,
    rng: Rng,
    /// The latest time that was told.
    clock: Time,
    ice: Agent,
    /// The role of the last plan; a conflict may have decided otherwise since.
    planned_role: Option<ice::Role>,
    dtls_plan: Option<DtlsPlan>,
    sctp_plan: Option<SctpPlan>,
    security: Security,
    /// The state of DTLS in the last event about it.
    dtls_told: DtlsState,
    /// The handshake began before the peer was known to have our description.
    dtls_is_early: bool,
    association: Option<Association>,
    /// SCTP was started, or ended before it could be.
    sctp_started: bool,
    channels: Channels,
    media: Media,
    /// Handshake datagrams that came before the handshake could begin.
    held: Vec<(Route, Vec<u8>)>,
    /// An SCTP packet that did not fit the last batch.
    carried: Carried,
    /// What the last record added to its SCTP packet; before the first, the most that one may add.
    record_overhead: usize,
    /// The last words to the peer, already sealed, each behind the room that its route takes.
    goodbyes: VecDeque<(Path, Vec<u8>)>,
    closed: bool,
    /// Input came since the last progress.
    news: bool,
    events: VecDeque<Event>,
    counters: TransportCounters,
    drops: DropCounters,
    told: Told,
}

impl Transport {
    /// A transport that does nothing until it gets a plan.
    pub fn new(config: TransportConfig, mut rng: Rng) -> Self {
        let mut ice = Agent::new(config.ice.clone(), rng.fork());
        ice.observe(config.observer.clone());
        Self {
            ice,
            config,
            rng,
            clock: Time::ZERO,
            planned_role: None,
            dtls_plan: None,
            sctp_plan: None,
            security: Security::Waiting,
            dtls_told: DtlsState::New,
            dtls_is_early: false,
            association: None,
            sctp_started: false,
            channels: Channels::new(),
            media: Media::default(),
            held: Vec::new(),
            carried: Carried::default(),
            record_overhead: 0,
            goodbyes: VecDeque::new(),
            closed: false,
            news: false,
            events: VecDeque::new(),
            counters: TransportCounters::default(),
            drops: DropCounters::default(),
            told: Told::default(),
        }
    }

    /// The channels.
    pub fn channels(&self) -> &Channels {
        &self.channels
    }

    /// Who is told what happens.
    pub(crate) fn observer(&self) -> &Observer {
        &self.config.observer
    }

    /// Whether last words to the peer wait.
    pub(crate) fn has_goodbyes(&self) -> bool {
        !self.goodbyes.is_empty()
    }

    /// Randomness for another transport of the connection.
    pub(crate) fn fork_rng(&mut self) -> Rng {
        self.rng.fork()
    }

    /// The ICE agent.
    pub fn ice(&self) -> &Agent {
        &self.ice
    }

    /// The certificate that is shown to the peer.
    pub fn certificate(&self) -> &Certificate {
        &self.config.certificate
    }

    /// The DTLS engine, once the handshake has begun.
    pub fn dtls(&self) -> Option<&Engine> {
        match &self.security {
            Security::Begun(engine) => Some(engine),
            _ => None,
        }
    }

    /// The state of DTLS.
    pub fn dtls_state(&self) -> DtlsState {
        match &self.security {
            Security::Waiting => DtlsState::New,
            Security::Begun(engine) => engine.state(),
            Security::Failed(_) => DtlsState::Failed,
            Security::Stopped => DtlsState::Closed,
        }
    }

    /// Why DTLS failed.
    pub fn dtls_failure(&self) -> Option<&DtlsError> {
        match &self.security {
            Security::Begun(engine) => engine.failure(),
            Security::Failed(error) => Some(error),
            _ => None,
        }
    }

    /// Our role in DTLS, once it is known.
    pub fn dtls_role(&self) -> Option<dtls::Role> {
        self.dtls_plan.as_ref().map(|plan| plan.role)
    }

    /// The peer's certificate in DER, once it is shown and accepted.
    pub fn remote_certificate(&self) -> Option<&[u8]> {
        self.dtls()?.remote_certificate()
    }

    /// The SCTP association, once it is planned and ICE has a path for it.
    pub fn sctp(&self) -> Option<&Association> {
        self.association.as_ref()
    }

    /// What was carried.
    pub fn counters(&self) -> &TransportCounters {
        &self.counters
    }

    /// What was dropped, over all layers.
    pub fn drops(&self) -> DropCounters {
        let mut sum = self.drops;
        sum.merge(self.ice.drops());
        sum.merge(self.channels.drops());
        if let Some(engine) = self.dtls() {
            sum.merge(engine.drops());
        }
        if let Some(association) = &self.association {
            sum.merge(association.drops());
        }
        sum
    }
}
