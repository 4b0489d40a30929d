//! ORTC: a transport without offers and answers.

use std::sync::{Arc, Mutex, PoisonError};

use ironrtc_core::channel::{CreateError, DataChannelInit};
use ironrtc_core::dtls::{self, Certificate, DtlsError, DtlsState, Fingerprint};
use ironrtc_core::ice::{
    self, AddCandidateError, Candidate, CandidateAddress, Credentials, GatheringState, IceState,
};
use ironrtc_core::sctp::SctpState;
use ironrtc_core::transport::{
    self, DtlsPlan, IoRequest, RemoteIce, SctpPlan, Transport as Core, TransportConfig,
    TransportId, TransportPlan,
};

use crate::beginning::begin;
use crate::driver;
use crate::handle::Handle;
use crate::machine::ApplicationEvent;
use crate::peer_connection::max_channels;
use crate::{Configuration, ConfigurationError, DataChannel};

/// What happened to a transport.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Event {
    /// Gathering changed its state.
    GatheringStateChange(GatheringState),
    /// A candidate for the peer.
    LocalCandidate(Candidate),
    /// ICE changed its state.
    IceStateChange(IceState),
    /// A STUN server did not help.
    CandidateError {
        /// The local socket that asked, if it came that far.
        address: Option<std::net::SocketAddr>,
        /// The server's URL.
        url: String,
        /// The server's STUN error code, or 701 if it could not be reached.
        error_code: u16,
        /// The reason.
        error_text: String,
    },
    /// Data goes along another path now.
    SelectedCandidatePairChange {
        /// Our end.
        local: std::net::SocketAddr,
        /// The peer's.
        remote: std::net::SocketAddr,
    },
    /// DTLS changed its state.
    DtlsStateChange(DtlsState),
    /// SCTP changed its state.
    SctpStateChange(SctpState),
    /// The peer made a channel; it is open.
    DataChannel(DataChannel),
}

/// ICE, DTLS and SCTP over one path, each started by hand. Clones are handles of the same
/// transport.
#[derive(Clone, Debug)]
pub struct Transport {
    handle: Handle<Core>,
    plan: Arc<Mutex<TransportPlan>>,
    stream: u64,
}

impl Transport {
    /// A transport with these ICE credentials. Its work is done by tasks of the present runtime.
    pub fn new(
        configuration: Configuration,
        credentials: Credentials,
    ) -> Result<Self, ConfigurationError> {
        let plan = TransportPlan {
            ice_role: ice::Role::Controlled,
            local_ice: Some(credentials),
            remote_ice: None,
            dtls: None,
            sctp: None,
            rtp: None,
        };
        let shared = begin(&configuration, |beginning| {
            let config = TransportConfig {
                ice: configuration.ice_config(),
                sctp: configuration.sctp.clone(),
                certificate: beginning.certificate,
                epoch: beginning.epoch,
                since_1970: beginning.since_1970,
                observer: beginning.observer,
            };
            let mut core = Core::new(config, beginning.rng);
            core.apply(beginning.now, &plan);
            core
        })?;
        let stream = shared.events.take_over();
        Ok(Self {
            handle: Handle::new(shared),
            plan: Arc::new(Mutex::new(plan)),
            stream,
        })
    }

    fn apply(&self, change: impl FnOnce(&mut TransportPlan)) {
        let mut plan = self.plan.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut plan);
        self.handle.change(|core, now| core.apply(now, &plan));
    }

    /// The next event; `None` after the end. One task should ask.
    pub async fn next_event(&self) -> Option<Event> {
        let events = &self.handle.events;
        loop {
            let next = std::future::poll_fn(|context| events.poll(context, self.stream));
            if let Some(event) = self.translate(next.await?) {
                return Some(event);
            }
        }
    }
    /// Gathers candidates, and waits until all are known.
    pub async fn gather(&self) {
        {
            let now = self.handle.clock.now();
            let mut core = self.handle.lock();
            core.machine.start_gathering(now);
            let request = (TransportId::default(), IoRequest::Gather);
            core.requests.push_back(request);
            self.handle.finish(core, now);
        }
        let complete = || {
            let core = self.handle.lock();
            let complete = core.machine.ice().gathering_state() == GatheringState::Complete;
            (complete || core.closing).then_some(())
        };
        self.handle.wait_for(complete).await;
    }
    /// The candidates gathered so far.
    pub fn local_candidates(&self) -> Vec<Candidate> {
        self.handle
            .read(|core| core.ice().local_candidates().to_vec())
    }
    /// A candidate of the peer; a name under `.local` in it is looked up, others if
    /// [`IceConfig::resolve_names`](crate::IceConfig::resolve_names) says so, 32 in all until the peer
    /// restarts. `None` for the end of candidates.
    pub async fn add_remote_candidate(
        &self,
        candidate: Option<Candidate>,
    ) -> Result<(), AddCandidateError> {
        let Some(mut candidate) = candidate else {
            self.handle
                .change(|core, now| core.end_of_remote_candidates(now));
            return Ok(());
        };
        if let CandidateAddress::Name(name) = &candidate.address {
            self.handle.change(|core, _| core.look_up(name))?;
            let found = driver::resolve_candidate(name).await;
            let ip = found.map_err(|_| AddCandidateError::Unresolved(name.clone()))?;
            candidate.address = CandidateAddress::Ip(ip);
        }
        self.handle
            .change(|core, now| core.add_remote_candidate(now, candidate))
    }
    /// Starts ICE's checks.
    pub fn start_ice(&self, role: ice::Role, remote: Credentials, remote_lite: bool) {
        self.apply(|plan| {
            plan.ice_role = role;
            plan.remote_ice = Some(RemoteIce {
                credentials: remote,
                lite: remote_lite,
            });
        });
    }
    /// Starts DTLS; it runs once ICE has a path. `certificate` is the one to show.
    pub fn start_dtls(
        &self,
        certificate: Certificate,
        role: dtls::Role,
        remote_fingerprints: Vec<Fingerprint>,
    ) {
        self.handle
            .change(|core, _| core.set_certificate(certificate));
        self.apply(|plan| {
            plan.dtls = Some(DtlsPlan {
                role,
                remote_fingerprints,
            });
        });
    }
    /// Starts SCTP; it runs once DTLS is connected.
    pub fn start_sctp(&self, local_port: u16, remote_port: u16, max_message_size: Option<u64>) {
        self.apply(|plan| {
            plan.sctp = Some(SctpPlan {
                local_port,
                remote_port,
                remote_max_message_size: max_message_size,
            });
        });
    }
    /// Makes a data channel.
    pub fn create_data_channel(
        &self,
        label: &str,
        init: DataChannelInit,
    ) -> Result<DataChannel, CreateError> {
        DataChannel::create(&self.handle, |core, now| {
            core.channels_mut().create(now, label, init)
        })
    }
    /// Who nominates.
    pub fn ice_role(&self) -> ice::Role {
        self.handle.read(|core| core.ice().role())
    }
    /// The state of ICE.
    pub fn ice_state(&self) -> IceState {
        self.handle.read(|core| core.ice().state())
    }
    /// The state of DTLS.
    pub fn dtls_state(&self) -> DtlsState {
        self.handle.read(Core::dtls_state)
    }
    /// Why DTLS failed, and by whose fault.
    pub fn dtls_failure(&self) -> Option<DtlsError> {
        self.handle.read(|core| core.dtls_failure().cloned())
    }
    /// The state of SCTP.
    pub fn sctp_state(&self) -> SctpState {
        self.handle
            .read(|core| core.sctp().map_or(SctpState::New, |sctp| sctp.state()))
    }
    /// Most channels at once, once SCTP is connected.
    pub fn max_channels(&self) -> Option<u16> {
        self.handle.read(|core| core.sctp().and_then(max_channels))
    }
    /// The peer's certificate in DER, once it is shown and its fingerprint matched.
    pub fn remote_certificate(&self) -> Option<Vec<u8>> {
        self.handle
            .read(|core| core.remote_certificate().map(<[u8]>::to_vec))
    }
    /// Ends SCTP: the peer is told, channels close.
    pub fn stop_sctp(&self) {
        self.handle.change(Core::stop_sctp);
    }
    /// Ends DTLS, and SCTP with it.
    pub fn stop_dtls(&self) {
        self.handle.change(Core::stop_dtls);
    }
    /// Ends everything. It is over when this returns.
    pub async fn stop(&self) {
        self.handle.end().await;
    }

    fn translate(&self, event: ApplicationEvent) -> Option<Event> {
        match event {
            ApplicationEvent::Transport(event) => translate(event),
            ApplicationEvent::DataChannel(id) => Some(Event::DataChannel(DataChannel::announced(
                self.handle.erase(),
                id,
            ))),
            ApplicationEvent::Peer(_) => None,
        }
    }
}

fn translate(event: transport::Event) -> Option<Event> {
    Some(match event {
        transport::Event::Ice(event) => match event {
            ice::Event::StateChange(state) => Event::IceStateChange(state),
            ice::Event::GatheringStateChange(state) => Event::GatheringStateChange(state),
            ice::Event::LocalCandidate(candidate) => Event::LocalCandidate(candidate),
            ice::Event::CandidateError {
                address,
                url,
                error_code,
                error_text,
            } => Event::CandidateError {
                address,
                url,
                error_code,
                error_text,
            },
            ice::Event::SelectedPairChange(route) => Event::SelectedCandidatePairChange {
                local: route.local(),
                remote: route.remote(),
            },
            _ => return None,
        },
        transport::Event::DtlsStateChange(state) => Event::DtlsStateChange(state),
        transport::Event::SctpStateChange(state) => Event::SctpStateChange(state),
        // The rest is for the driver.
        _ => return None,
    })
}
