//! `RTCPeerConnection`.

use std::sync::{Arc, Mutex, PoisonError};

use ironrtc_core::channel::{CreateError, DataChannelInit};
use ironrtc_core::dtls::{Certificate, CertificateOptions, DtlsError, DtlsState};
use ironrtc_core::ice::{self, Candidate, Credentials, GatheringState, IceState};
use ironrtc_core::jsep::{CandidateInit, OfferOptions, SessionDescription, SignalingState};
use ironrtc_core::peer::{ConnectionState, PeerConfig, PeerConnection as Core};
use ironrtc_core::sctp::{Association, SctpState};
use ironrtc_core::stats::StatsReport;
use ironrtc_core::time::Time;

use crate::beginning::begin;
use crate::clock;
use crate::handle::Handle;
use crate::url;
use crate::{
    Configuration, ConfigurationError, DataChannel, DtlsTransport, Error, Events, IceTransport,
};

/// The SCTP transport's read-only side (`RTCSctpTransport`).
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SctpTransport {
    /// `transport`: what it goes over.
    pub transport: DtlsTransport,
    /// `state`.
    pub state: SctpState,
    /// `maxMessageSize` in bytes: the peer's limit; `None` if it has none.
    pub max_message_size: Option<u64>,
    /// `maxChannels`: `None` until it is connected.
    pub max_channels: Option<u16>,
    /// The identification tag of the media section that negotiated it.
    pub mid: Option<String>,
}

/// A connection to another peer. Clones are handles of the same connection; it is closed by
/// [`close`](Self::close), or when the last handle of it and its channels is gone.
///
/// The asynchronous methods run one after the other, in the order in which they are first polled
/// (the operations chain of webrtc-pc section 4.4.1.2).
///
/// ```no_run
/// use ironrtc::{Configuration, DataChannelInit, Event, PeerConnection};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let connection = PeerConnection::new(Configuration::default())?;
/// let mut events = connection.events();
/// let channel = connection.create_data_channel("chat", DataChannelInit::default())?;
/// connection.set_local_description(None).await?;
/// while let Some(event) = events.next().await {
///     match event {
///         // Send these to the peer, and give what it sends to `set_remote_description` and
///         // `add_ice_candidate`.
///         Event::IceCandidate(candidate) => println!("{candidate:?}"),
///         Event::ConnectionStateChange(state) => println!("{state:?}"),
///         _ => {}
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct PeerConnection {
    handle: Handle<Core>,
    configuration: Arc<Mutex<Configuration>>,
}

impl PeerConnection {
    /// A new connection. Its work is done by tasks of the present tokio runtime, which needs its
    /// I/O and time drivers (`enable_all`).
    pub fn new(configuration: Configuration) -> Result<Self, ConfigurationError> {
        let shared = begin(&configuration, |beginning| {
            let config = PeerConfig {
                ice: configuration.ice_config(),
                sctp: configuration.sctp.clone(),
                certificate: beginning.certificate,
                bundle_policy: configuration.bundle_policy,
                always_negotiate_data_channels: configuration.always_negotiate_data_channels,
                gather_early: configuration.ice_candidate_pool_size > 0,
                media: configuration.media.clone(),
                epoch: beginning.epoch,
                since_1970: beginning.since_1970,
                observer: beginning.observer,
            };
            Core::new(config, beginning.rng)
        })?;
        Ok(Self {
            handle: Handle::new(shared),
            configuration: Arc::new(Mutex::new(configuration)),
        })
    }

    /// `generateCertificate`: one to put into [`Configuration::certificates`], so that several
    /// connections show the same. It is valid from now on.
    ///
    /// # Errors
    ///
    /// [`ConfigurationError::Certificate`] or [`ConfigurationError::Entropy`] if the system cannot
    /// make one.
    pub fn generate_certificate(
        options: CertificateOptions,
    ) -> Result<Certificate, ConfigurationError> {
        Certificate::generate(options, clock::unix_now(), &mut clock::random()?)
            .map_err(|error| ConfigurationError::Certificate(error.to_string()))
    }

    pub(crate) const fn handle(&self) -> &Handle<Core> {
        &self.handle
    }

    /// One step of the operations chain: nothing else happens to the connection meanwhile.
    fn operate<R>(&self, operation: impl FnOnce(&mut Core, Time) -> R) -> R {
        self.handle.change(operation)
    }

    /// The events, those that wait already among them. There is one stream: a second call gives a
    /// stream that takes over, and the first one ends.
    pub fn events(&self) -> Events {
        Events::new(self.handle.shared())
    }

    /// `createOffer`: an offer for what the application has asked for so far. Nothing changes
    /// until it is set.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`]; [`Error::Jsep`] while the peer's offer waits for its answer.
    pub async fn create_offer(&self, options: OfferOptions) -> Result<SessionDescription, Error> {
        Ok(self.operate(|core, _| core.create_offer(&options))?)
    }

    /// `createAnswer`: an answer to the peer's offer. Nothing changes until it is set.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`]; [`Error::Jsep`] if there is no remote offer.
    pub async fn create_answer(&self) -> Result<SessionDescription, Error> {
        Ok(self.operate(|core, _| core.create_answer())?)
    }

    /// `setLocalDescription`; `None` makes the fitting description. It starts gathering: candidates
    /// come as [`Event::IceCandidate`](crate::Event::IceCandidate), the last one is `None`. An
    /// answer starts the checks.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`]; [`Error::Jsep`] if the description does not fit the signalling state or
    /// was changed beyond what the W3C allows. Everything is as before then.
    pub async fn set_local_description(
        &self,
        description: impl Into<Option<SessionDescription>>,
    ) -> Result<(), Error> {
        let description = description.into();
        Ok(self.operate(|core, now| core.set_local_description(now, description))?)
    }

    /// `setRemoteDescription`. An offer while ours is pending rolls ours back, as perfect
    /// negotiation needs it. A rollback undoes the pending description of either side.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`]; [`Error::Jsep`] if the text cannot be read, does not fit the signalling
    /// state or contradicts what was negotiated. Everything is as before then.
    pub async fn set_remote_description(
        &self,
        description: SessionDescription,
    ) -> Result<(), Error> {
        Ok(self.operate(|core, now| core.set_remote_description(now, description))?)
    }

    /// `addIceCandidate`: a candidate of the peer; an empty text ends them. Candidates that come
    /// before their description are refused, as in browsers: keep them until it is set.
    ///
    /// # Errors
    ///
    /// [`Error::Closed`]; [`Error::Jsep`] if there is no remote description, or the candidate is no
    /// candidate, or names no section or generation of it.
    pub async fn add_ice_candidate(&self, candidate: CandidateInit) -> Result<(), Error> {
        Ok(self.operate(|core, now| core.add_ice_candidate(now, &candidate))?)
    }

    /// Waits until gathering is complete, for applications that do not trickle, or nothing is left
    /// to gather for since all was declined, or the connection is closed. Cancel safe.
    pub async fn gathering_complete(&self) {
        let complete = || {
            let core = self.handle.lock();
            (core.machine.has_gathered() || core.closing).then_some(())
        };
        self.handle.wait_for(complete).await;
    }

    /// `localDescription`: pending if there is one, with the candidates gathered so far.
    pub fn local_description(&self) -> Option<SessionDescription> {
        self.handle
            .read(|core| core.negotiator().local_description())
    }
    /// `currentLocalDescription`.
    pub fn current_local_description(&self) -> Option<SessionDescription> {
        self.handle
            .read(|core| core.negotiator().current_local_description())
    }
    /// `pendingLocalDescription`.
    pub fn pending_local_description(&self) -> Option<SessionDescription> {
        self.handle
            .read(|core| core.negotiator().pending_local_description())
    }
    /// `remoteDescription`.
    pub fn remote_description(&self) -> Option<SessionDescription> {
        self.handle
            .read(|core| core.negotiator().remote_description())
    }
    /// `currentRemoteDescription`.
    pub fn current_remote_description(&self) -> Option<SessionDescription> {
        self.handle
            .read(|core| core.negotiator().current_remote_description())
    }
    /// `pendingRemoteDescription`.
    pub fn pending_remote_description(&self) -> Option<SessionDescription> {
        self.handle
            .read(|core| core.negotiator().pending_remote_description())
    }
    /// The `mid` of the section for data channels, once one is described.
    pub fn data_mid(&self) -> Option<String> {
        self.handle
            .read(|core| core.negotiator().data_mid().map(ToString::to_string))
    }
    /// `canTrickleIceCandidates`: `None` before a remote description.
    pub fn can_trickle_ice_candidates(&self) -> Option<bool> {
        self.handle
            .read(|core| core.negotiator().can_trickle_ice_candidates())
    }
    /// `signalingState`.
    pub fn signaling_state(&self) -> SignalingState {
        self.handle.read(|core| core.negotiator().signaling_state())
    }
    /// `iceGatheringState`.
    pub fn ice_gathering_state(&self) -> GatheringState {
        self.handle.read(Core::ice_gathering_state)
    }
    /// `iceConnectionState`.
    pub fn ice_connection_state(&self) -> IceState {
        self.handle.read(Core::ice_connection_state)
    }
    /// `connectionState`.
    pub fn connection_state(&self) -> ConnectionState {
        self.handle.read(Core::connection_state)
    }
    /// The transport that data channels go over, or will once there are some.
    pub fn data_transport(&self) -> DtlsTransport {
        DtlsTransport::new(self.handle.clone(), self.handle.read(Core::data_transport))
    }
    /// The state of the [data transport](Self::data_transport).
    pub fn dtls_state(&self) -> DtlsState {
        self.data_transport().state()
    }
    /// Why the [data transport](Self::data_transport) failed, and by whose fault.
    pub fn dtls_failure(&self) -> Option<DtlsError> {
        self.data_transport().failure()
    }
    /// Who nominates, once it is known.
    pub fn ice_role(&self) -> ice::Role {
        self.ice().role()
    }
    /// [`IceTransport::local_parameters`] of the [data transport](Self::data_transport).
    pub fn local_ice_credentials(&self) -> Option<Credentials> {
        self.ice().local_parameters()
    }
    /// [`IceTransport::local_candidates`] of the [data transport](Self::data_transport).
    pub fn local_candidates(&self) -> Vec<Candidate> {
        self.ice().local_candidates()
    }
    /// [`IceTransport::remote_candidates`] of the [data transport](Self::data_transport).
    pub fn remote_candidates(&self) -> Vec<Candidate> {
        self.ice().remote_candidates()
    }
    /// The pair in use of the [data transport](Self::data_transport): local, then remote.
    pub fn selected_candidate_pair(&self) -> Option<(Candidate, Candidate)> {
        self.ice().selected_candidate_pair()
    }
    /// The certificate that the peer shows on the [data transport](Self::data_transport).
    pub fn remote_certificate(&self) -> Option<Vec<u8>> {
        self.data_transport().remote_certificate()
    }
    /// `sctp`: once a data section is negotiated.
    pub fn sctp(&self) -> Option<SctpTransport> {
        self.handle.read(|core| {
            let id = core.data_transport();
            let sctp = core.negotiator().plan(id)?.sctp?;
            let association = core.transport().sctp();
            Some(SctpTransport {
                transport: DtlsTransport::new(self.handle.clone(), id),
                state: association.map_or(SctpState::New, Association::state),
                max_message_size: sctp.remote_max_message_size,
                max_channels: association.and_then(max_channels),
                mid: core.negotiator().data_mid().map(ToString::to_string),
            })
        })
    }
    /// `createDataChannel`. It may be called before the connection is made; the channel opens when
    /// SCTP does, and with the first one
    /// [`Event::NegotiationNeeded`](crate::Event::NegotiationNeeded) comes.
    ///
    /// # Errors
    ///
    /// See [`CreateError`]: the connection is closed, the init contradicts itself, the label is too
    /// long, or no stream is left.
    pub fn create_data_channel(
        &self,
        label: &str,
        init: DataChannelInit,
    ) -> Result<DataChannel, CreateError> {
        DataChannel::create(&self.handle, |core, now| {
            core.create_data_channel(now, label, init)
        })
    }
    /// `restartIce`: the next offer has new credentials, and
    /// [`Event::NegotiationNeeded`](crate::Event::NegotiationNeeded) asks for it.
    pub fn restart_ice(&self) {
        self.operate(|core, _| core.restart_ice());
    }
    /// `getConfiguration`.
    pub fn configuration(&self) -> Configuration {
        self.settings().clone()
    }
    /// `setConfiguration`. New servers and a new transport policy count from the next gathering
    /// on; the other settings cannot be changed.
    pub fn set_configuration(
        &self,
        mut configuration: Configuration,
    ) -> Result<(), ConfigurationError> {
        let servers = url::servers(&configuration.ice_servers)?;
        let mut settings = self.settings();
        let now = self.handle.clock.now();
        let mut core = self.handle.lock();
        if core.closing {
            return Err(ConfigurationError::Closed);
        }
        let described = core.machine.negotiator().local_description().is_some();
        settings.check_change(&configuration, described)?;
        core.servers = servers;
        core.machine.set_relay_only(configuration.relay_only());
        self.handle.finish(core, now);
        configuration
            .certificates
            .clone_from(&settings.certificates);
        *settings = configuration;
        Ok(())
    }
    /// `getStats`: everything, at this moment.
    pub async fn get_stats(&self) -> StatsReport {
        let (now, unix_now) = (self.handle.clock.now(), clock::unix_now());
        self.handle.read(|core| core.stats(now, unix_now))
    }
    /// `close`: the peer is told, sockets are freed. Everything is over when it returns, which
    /// takes a fifth of a second at most.
    pub async fn close(&self) {
        self.handle.end().await;
    }

    fn ice(&self) -> IceTransport {
        self.data_transport().ice_transport()
    }

    fn settings(&self) -> std::sync::MutexGuard<'_, Configuration> {
        self.configuration
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// webrtc-pc section 6.1.1: `maxChannels` is known once SCTP is connected.
pub(crate) fn max_channels(association: &Association) -> Option<u16> {
    let connected = association.state() == SctpState::Connected;
    let least = association
        .max_outbound_streams()
        .min(association.max_inbound_streams());
    connected.then_some(least)
}
